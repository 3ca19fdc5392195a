"""The tables that the services declare, as cases of a test."""

import pytest
from sqlalchemy import Table

from chassis.migrate import metadata_of
from tests.tree import migrated

every_service = pytest.mark.parametrize("service", migrated())


def tables(service: str, *scopes: str) -> list[Table]:
    return [table for table in metadata_of(service).sorted_tables if table.info.get("scope") in scopes]


def tables_of(*scopes: str) -> pytest.MarkDecorator:
    """One test per table, so that a failure names it."""
    cases = [(service, table.name) for service in migrated() for table in tables(service, *scopes)]
    return pytest.mark.parametrize(("service", "table"), cases, ids=[".".join(case) for case in cases])
