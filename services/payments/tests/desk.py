"""A desk for tests of what people decide: customers, items and bank lines of one unit, without files."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.database import Transaction, new_id
from services.payments import commands, store

UNIT = "rheintel"
DAY = date(2026, 5, 20)


class Desk:
    """What is on the desk of one clerk."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def customer(self, name: str = "Nord Maschinenbau GmbH", iban: str = "DE00", code: str = "") -> UUID:
        account_id = new_id()
        index = self.tx.vault.blind(UNIT, iban) if iban else ""
        await commands.take_payer(self.tx, commands.PayerState(account_id, (name,), index, code, 1))
        return account_id

    async def item(self, account_id: UUID, number: str, minor: int, **more: object) -> UUID:
        state = store.ItemState(new_id(), account_id, number, "", "EUR", minor, date(2026, 6, 1), 1, date(2026, 5, 1))
        await commands.take_items(self.tx, [state._replace(**more)])
        return state.id

    async def lines(self, *said: tuple[int, str], iban: str = "DE00", name: str = "Nord Maschinenbau GmbH") -> list[UUID]:
        """Lines as a statement would bring them, decided; their ids."""
        import_id, rows = new_id(), []
        for place, (minor, text) in enumerate(said):
            token = f"iban:{self.tx.vault.blind(UNIT, iban)}" if iban else ""
            sealed = store.Said((text,), name, "", str(place)).sealed(self.tx)
            rows.append(
                store.LineRow(new_id(), str(new_id()), "main", new_id(), import_id, place, minor, "EUR", DAY, DAY, False, sealed, "", token)
            )
        await self.tx.execute("INSERT INTO imports VALUES (:id, :unit, :id, 'matching', '')", {"id": import_id, "unit": UNIT})
        await store.add_lines(self.tx, rows)
        await commands.match_lines(self.tx, import_id)
        return [row.id for row in rows]

    async def open_minor(self, item_id: UUID) -> int:
        row = await self.tx.first("SELECT open_minor FROM items WHERE id = :id", id=item_id)
        return row.open_minor

    async def state(self, line_id: UUID) -> tuple[str, int]:
        """State and version."""
        row = await self.tx.first("SELECT state, version FROM lines WHERE id = :id", id=line_id)
        return row.state, row.version

    async def parts(self, line_id: UUID) -> Sequence[tuple[str, UUID | None, int]]:
        slices = (await store.slices_of(self.tx, [line_id]))[line_id]
        return [(part.kind, part.item_id, part.amount_minor) for part in slices]

    async def last(self, line_id: UUID):
        return await store.last_decision(self.tx, line_id)

    async def suggestions(self, line_id: UUID):
        return store.grounds(self.tx, await self.last(line_id)).suggestions
