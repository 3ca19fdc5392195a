"""The sealer: links the trail's committed entries into a hash chain per unit and exports the signed heads."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from chassis.audit import GENESIS, LATE, link, moment, written_at
from chassis.auth import Signer
from chassis.clock import wall_now
from chassis.errors import again_and_again

# One round: a second's work, one transaction.
BATCH = 2_000
# Seals may lag behind; nothing waits for them.
REST_SECONDS = 1.0
# A chain can be rewritten unseen for no longer than this.
EXPORT_SECONDS = 60.0
# The space of PostgreSQL's advisory locks that is the sealers'; the relays' is 1.
LOCKS = 2

_ENTRIES = """
SELECT t.id, coalesce(t.business_unit, '') AS chain, t.at, t.entry FROM trail t
WHERE t.id > $1 AND NOT EXISTS (SELECT FROM seals s WHERE s.id = t.id) ORDER BY t.id LIMIT $2
"""
_HEADS = "SELECT DISTINCT ON (chain) chain, number, hash FROM seals ORDER BY chain, number DESC"
_SEAL = (
    "INSERT INTO seals (chain, number, id, hash, sealed_at) SELECT *, $5::timestamptz FROM unnest($1::text[], $2::bigint[], "
    "$3::uuid[], $4::bytea[])"
)


class Sealer:
    """One per database: whoever holds the lock seals; the others wait to take over."""

    def __init__(self, url: str, signer: Signer, folder: Path) -> None:
        self._url, self._signer = url, signer
        self._file = heads_of(folder, signer.issuer)
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._exported: dict[str, int] = {}

    async def run(self) -> None:
        """Seal until cancelled; an outage only makes it wait."""
        await again_and_again("sealer", self._session, REST_SECONDS)

    async def _session(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1, 0)", LOCKS):
                return
            self._heads = {row["chain"]: (row["number"], row["hash"]) for row in await connection.fetch(_HEADS)}
            loop = asyncio.get_running_loop()
            export_at = loop.time()
            while True:
                while await self.seal(connection) == BATCH:
                    pass
                if loop.time() >= export_at:
                    await asyncio.to_thread(self.export)
                    export_at = loop.time() + EXPORT_SECONDS
                await asyncio.sleep(REST_SECONDS)
        finally:
            await connection.close(timeout=1)

    async def seal(self, connection: asyncpg.Connection) -> int:
        """Seal the next entries; how many there were. Entries are linked in the order of their ids as far as they can be seen."""
        newest = await connection.fetchval("SELECT id FROM seals ORDER BY id DESC LIMIT 1")
        after = moment(written_at(newest) - LATE) if newest else moment(datetime(1970, 1, 1, tzinfo=UTC))
        rows = await connection.fetch(_ENTRIES, after, BATCH)
        heads, links = dict(self._heads), []
        for row in rows:
            number, previous = heads.get(row["chain"], (0, GENESIS))
            hash_ = link(previous, row["chain"], number + 1, row["id"], row["at"], row["entry"])
            links.append((row["chain"], number + 1, row["id"], hash_))
            heads[row["chain"]] = number + 1, hash_
        if links:
            await connection.execute(_SEAL, *map(list, zip(*links, strict=True)), wall_now())
        self._heads = heads
        return len(rows)

    def export(self) -> None:
        """Append the heads that moved to a file that no database user can write, each signed with the service's key."""
        moved = {chain: head for chain, head in self._heads.items() if head[0] != self._exported.get(chain)}
        if moved:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.writelines(self._line(chain, *head) for chain, head in moved.items())
        self._exported.update({chain: number for chain, (number, _) in moved.items()})

    def _line(self, chain: str, number: int, hash_: bytes) -> str:
        return self._signer.attest({"chain": chain, "number": number, "hash": hash_.hex(), "at": wall_now().isoformat()}) + "\n"


def heads_of(folder: Path, service: str) -> Path:
    """Where a service's heads are exported: one signed statement (JWT) a line."""
    return folder / "heads" / f"{service}.jwt"
