"""What a service's database must have before its first migration: roles, grants, the database itself."""

from collections.abc import Mapping, Sequence

# LOGIN roles of a service. The owner migrates; the others have no more than what its migrations grant them.
LOGINS = ("owner", "app", "relay", "auditor", "sealer")
# NOLOGIN: owns SECURITY DEFINER functions only.
DEFINER = "definer"
_HARMLESS = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"


def database(service: str) -> str:
    return f"saiken_{service}"


def logins(services: Sequence[str]) -> list[str]:
    return [f"{service}_{role}" for service in services for role in LOGINS]


def script(services: Sequence[str], passwords: Mapping[str, str]) -> str:
    """Commands for psql; running them again changes nothing but sets the passwords again.

    Service names are identifiers of ours and passwords are hexadecimal: neither needs quoting.
    """
    common = ["REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;"]
    roles = [line for service in services for line in _roles(service, passwords)]
    databases = [line for service in services for line in _database(service)]
    return "\n".join([*common, *roles, *databases, ""])


def _roles(service: str, passwords: Mapping[str, str]) -> list[str]:
    lines = []
    for role in (*LOGINS, DEFINER):
        name = f"{service}_{role}"
        missing = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
        lines.append(f"SELECT 'CREATE ROLE {name}' WHERE {missing} \\gexec")
        login = f"LOGIN PASSWORD '{passwords[name]}'" if role != DEFINER else "NOLOGIN"
        lines.append(f"ALTER ROLE {name} {_HARMLESS} {login};")
    # SET lets the owner hand a function over, INHERIT lets it replace that function in a later migration.
    lines.append(f"GRANT {service}_{DEFINER} TO {service}_owner WITH ADMIN FALSE, INHERIT TRUE, SET TRUE;")
    return lines


def _database(service: str) -> list[str]:
    name, owner = database(service), f"{service}_owner"
    missing = f"NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}')"
    others = ", ".join(f"{service}_{role}" for role in LOGINS if role != "owner")
    return [
        f"SELECT 'CREATE DATABASE {name} OWNER {owner}' WHERE {missing} \\gexec",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {name} TO {others};",
        # Bulk is COPY into a temporary table: PostgreSQL refuses COPY FROM under row-level security.
        f"GRANT TEMPORARY ON DATABASE {name} TO {service}_app;",
        f"\\connect {name}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    ]
