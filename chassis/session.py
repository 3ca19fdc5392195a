"""A session with PostgreSQL: statements with named parameters, prepared once for each connection; rows with attributes."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.pgproto import pgproto
from sqlalchemy import Executable, Row
from sqlalchemy.dialects import postgresql

# More connections would only queue in PostgreSQL instead of here: few cores serve a service.
POOL_SIZE = 8
# How long a transaction may wait for a connection; longer counts as an outage.
PATIENCE_SECONDS = 30.0
# Statements that a connection keeps prepared: a service has some hundreds of them.
MAX_PREPARED = 1_000
# From here on the round trips of COPY cost less than arrays, whose every value the driver looks at twice.
COPIED = 50
# `:name`, but neither a cast (`::`) nor a part of a word; as SQLAlchemy's text() reads it.
_NAME = re.compile(r"(?<![:\w]):(\w+)")

_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]

Values = Mapping[str, Any]


def uuid_of(raw: str | bytes) -> UUID:
    """The driver's own kind of UUID: equal to Python's, and several times as fast to make, compare and write."""
    return pgproto.UUID(raw)  # type: ignore[no-any-return]


class Record(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes: `row.open_minor`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> "Record":
        return self


class Result:
    """What a statement gave: its rows, or how many it touched."""

    __slots__ = ("_rows", "_status")

    def __init__(self, rows: Sequence[Any], status: str) -> None:
        self._rows, self._status = rows, status

    # SQLAlchemy's name and type of a row: these records have the part of it that services use.
    def all(self) -> Sequence[Row[Any]]:
        """All rows."""
        return self._rows

    def first(self) -> Row[Any] | None:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row."""
        ((value, *_),) = self._rows
        return value

    @property
    def rowcount(self) -> int:
        """How many rows were touched or found; 0 after a statement that counts none."""
        count = self._status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0


@cache
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1`, `$2`, … in place of names, and the names in that order."""
    names: dict[str, int] = {}
    text = _NAME.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", statement)
    return text, tuple(names)


class Rows:
    """Rows of one table that are added many at once."""

    def __init__(self, table: str, **columns: str) -> None:
        """`columns`: PostgreSQL's type of each."""
        self.columns, names = tuple(columns), ", ".join(columns)
        self.staging = f"staged_{table}"
        arrays = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in columns.items())
        typed = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
        self.from_arrays = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of ours
        self.stage = f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.staging} ({typed}) ON COMMIT DELETE ROWS"
        self.from_staging = f"INSERT INTO {table} ({names}) SELECT * FROM pg_temp.{self.staging}"  # noqa: S608


def _json(value: Any) -> str:
    """Text is JSON already."""
    return value if isinstance(value, str) else json.dumps(value)


class Session:
    """One connection, and the statements it keeps prepared."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._prepared: dict[str, Any] = {}
        # The temporary tables of this connection; one that is made in a transaction is gone when that is rolled back.
        self.staged: set[str] = set()

    async def execute(self, statement: Executable | str, values: Values | Sequence[Values] | None = None) -> Result:
        """Run one statement; with a list of values, once for each."""
        if not isinstance(statement, str):
            made = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
            statement, values = str(made), made.params
        text, names = numbered(statement)
        prepared = self._prepared.get(text)
        if prepared is None:
            if len(self._prepared) >= MAX_PREPARED:
                self._prepared.clear()
            prepared = self._prepared[text] = await self.connection.prepare(text)
        try:
            if isinstance(values, Mapping):
                rows = await prepared.fetch(*[values[name] for name in names])
            elif values is None:
                rows = await prepared.fetch()
            else:
                await prepared.executemany([[row[name] for name in names] for row in values])
                return Result((), "")
        except asyncpg.InvalidCachedStatementError:
            self._prepared.clear()  # a migration changed a table: whoever tries again prepares anew
            raise
        return Result(rows, prepared.get_statusmsg())

    async def add(self, rows: Rows, values: Sequence[Values]) -> None:
        """Insert rows: a few as arrays; many by COPY into a temporary table, since COPY is refused under row-level security."""
        if len(values) < COPIED:
            await self.execute(rows.from_arrays, {name: [row[name] for row in values] for name in rows.columns})
            return
        if rows.staging not in self.staged:
            await self.connection.execute(rows.stage)
            self.staged.add(rows.staging)
        read = itemgetter(*rows.columns)
        await self.connection.copy_records_to_table(rows.staging, records=map(read, values), columns=rows.columns, schema_name="pg_temp")
        await self.execute(rows.from_staging)


class Pool:
    """A few connections, made when they are needed. What a transaction sets (`is_local`) is gone with it."""

    def __init__(self, url: str) -> None:
        # The driver reads the URL itself, with `sslmode` and its files.
        self._url = url
        self._slots = asyncio.Semaphore(POOL_SIZE)
        self._free: list[Session] = []
        self._closed = False

    @asynccontextmanager
    async def begin(self, first: str = "") -> AsyncIterator[Session]:
        """A transaction whose first statement travels with its BEGIN; commits at the end, rolls back on any exception."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._slots.acquire()
        try:
            session = await self._take()
            try:
                await session.connection.execute(f"BEGIN; {first}")
                yield session
                if await session.connection.execute("COMMIT") != "COMMIT":
                    raise RuntimeError("the transaction was rolled back: a statement in it had failed")
            except Exception:
                session.staged.clear()
                if not session.connection.is_closed():
                    await session.connection.execute("ROLLBACK")
                raise
            except BaseException:
                session.connection.terminate()  # told to stop in the middle of something: the server rolls back
                raise
            finally:
                self._give(session)
        finally:
            self._slots.release()

    async def _take(self) -> Session:
        while self._free:
            if not (session := self._free.pop()).connection.is_closed():
                return session
        connection = await asyncpg.connect(self._url, record_class=Record)
        await connection.set_type_codec("json", schema="pg_catalog", encoder=_json, decoder=json.loads)
        return Session(connection)

    def _give(self, session: Session) -> None:
        if session.connection.is_closed():
            return
        if self._closed or session.connection.is_in_transaction():
            session.connection.terminate()
        else:
            self._free.append(session)

    async def close(self) -> None:
        """Give all connections back; those in use end with their transactions."""
        self._closed = True
        while self._free:
            await self._free.pop().connection.close(timeout=1)
