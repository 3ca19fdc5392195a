"""The audit trail: who did what, when, and what it announced; append-only, sealed into a hash chain per unit afterwards."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid

from chassis.auth import Caller
from chassis.tenancy import PLUMBING

# What a door is doing now: a method, an event that is handled, a step of a process.
acting: ContextVar[str] = ContextVar("acting", default="")
# The chain of facts that belong to no unit.
GROUP_CHAIN = ""
# A transaction lasts seconds; an entry whose id is this much older than the newest sealed one was not written by one.
LATE = timedelta(hours=1)
GENESIS = bytes(32)
# Rows a cursor fetches at once: some hundred kilobytes.
PREFETCH = 2_000

_LINKS = """
SELECT s.chain, s.number, s.id, s.hash, t.business_unit, t.at, t.entry FROM seals s LEFT JOIN trail t ON t.id = s.id
ORDER BY s.chain, s.number
"""
_UNSEALED = """
SELECT coalesce(t.business_unit, '') AS chain, count(*) AS waiting, count(*) FILTER (WHERE t.id < $1) AS late
FROM trail t WHERE NOT EXISTS (SELECT FROM seals s WHERE s.id = t.id) GROUP BY 1
"""


def add_trail(metadata: MetaData) -> None:
    """Declare the trail and its seals in a service's metadata."""
    Table(
        "trail",
        metadata,
        Column("id", Uuid, primary_key=True),  # UUIDv7
        Column("business_unit", Text, nullable=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("entry", LargeBinary, nullable=False),  # JSON; its bytes are what is sealed
        info={"scope": PLUMBING},
    )
    Table(
        "seals",
        metadata,
        Column("chain", Text, primary_key=True),  # the unit, or GROUP_CHAIN
        Column("number", BigInteger, primary_key=True),  # contiguous, given by the sealer
        Column("id", Uuid, nullable=False, unique=True),
        Column("hash", LargeBinary, nullable=False),
        Column("sealed_at", DateTime(timezone=True), nullable=False),
        info={"scope": PLUMBING},
    )


def protect_trail(service: str) -> list[str]:
    """Nobody changes or removes a row: the application appends entries, the sealer appends seals, the auditor reads."""
    app, sealer, auditor = (f"{service}_{role}" for role in ("app", "sealer", "auditor"))
    lines = []
    for table, writer in (("trail", app), ("seals", sealer)):
        lines += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"GRANT INSERT ON {table} TO {writer}",
            f"CREATE POLICY written ON {table} FOR INSERT TO {writer} WITH CHECK (true)",
            f"GRANT SELECT ON {table} TO {sealer}, {auditor}",
            f"CREATE POLICY audited ON {table} FOR SELECT TO {sealer}, {auditor} USING (true)",
        ]
    return lines


def entry(caller: Caller, outbox: Sequence[Mapping[str, Any]], notes: Sequence[Mapping[str, Any]], trace: str) -> bytes:
    """What is stored and sealed: who, through which door, the facts with their keys, and a digest of what was announced."""
    digest = hashlib.sha256()
    facts: dict[str, dict[str, None]] = {}
    for row in outbox:
        facts.setdefault(row["type"], {})[row["key"]] = None
        digest.update(row["id"].bytes + len(row["payload"]).to_bytes(8, "big") + row["payload"])
    said: dict[str, Any] = {
        "action": acting.get(),
        "subject": caller.subject,
        "issuer": caller.issuer,
        "facts": {type_: list(keys) for type_, keys in facts.items()},
        "digest": digest.hexdigest(),
        "trace": trace,
    }
    if notes:
        said["notes"] = notes
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def link(previous: bytes, chain: str, number: int, id_: UUID, at: datetime, stored: bytes) -> bytes:
    """SHA-256 over the previous link and everything that a row says; each part with its length or of a fixed one."""
    name = chain.encode()
    micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    parts = (previous, len(name).to_bytes(4, "big"), name, number.to_bytes(8, "big"), id_.bytes, micros.to_bytes(8, "big", signed=True))
    return hashlib.sha256(b"".join(parts) + stored).digest()


def moment(at: datetime) -> UUID:
    """The smallest UUIDv7 of an instant (RFC 9562, 5.7): ids compare as instants do."""
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=max(milliseconds, 0) << 80 | 0x7 << 76 | 0x2 << 62)


def written_at(id_: UUID) -> datetime:
    """The instant in a UUIDv7."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=id_.int >> 80)


@dataclass
class Chain:
    """What verifying one chain found. `problem` is empty when every link holds; `waiting` rows are not sealed yet."""

    name: str
    number: int = 0
    hash: bytes = GENESIS
    waiting: int = 0
    problem: str = ""

    def blame(self, problem: str) -> None:
        """Keep the first problem: what comes after it follows from it."""
        self.problem = self.problem or problem


async def verify(connection: asyncpg.Connection, heads: Mapping[tuple[str, int], bytes]) -> dict[str, Chain]:
    """Recompute every chain, as the auditor. `heads`: links that were exported before and must still be there.

    Finds rows that were changed, removed or inserted, and a chain that was cut or written anew.
    """
    chains = {name: Chain(name) for name, _ in heads}
    newest: UUID | None = None
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in connection.cursor(_LINKS, prefetch=PREFETCH):
            chain = chains.setdefault(row["chain"], Chain(row["chain"]))
            _check(chain, row, heads.get((row["chain"], row["number"])))
            newest = max(newest, row["id"]) if newest else row["id"]
        bound = moment(written_at(newest) - LATE) if newest else moment(datetime(1970, 1, 1, tzinfo=UTC))
        for row in await connection.fetch(_UNSEALED, bound):
            chain = chains.setdefault(row["chain"], Chain(row["chain"]))
            chain.waiting = row["waiting"]
            if row["late"]:
                chain.blame(f"{row['late']} entries were inserted afterwards")
    for name, number in heads:
        if number > chains[name].number:
            chains[name].blame(f"ends at {chains[name].number}, but {number} was exported")
    return chains


def _check(chain: Chain, row: Mapping[str, Any], exported: bytes | None) -> None:
    number = row["number"]
    if number != chain.number + 1:
        chain.blame(f"{chain.number + 1} is missing")
    if row["entry"] is None:
        chain.blame(f"the entry of {number} was removed")
    elif (row["business_unit"] or GROUP_CHAIN) != row["chain"]:
        chain.blame(f"the entry of {number} belongs to another chain")
    elif link(chain.hash, row["chain"], number, row["id"], row["at"], row["entry"]) != row["hash"]:
        chain.blame(f"{number} was changed")
    if exported is not None and exported != row["hash"]:
        chain.blame(f"{number} is not what was exported")
    chain.number, chain.hash = number, row["hash"]
