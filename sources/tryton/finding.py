"""Finds orders again by the references that they carry: our own, and those of their amendments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from canonical.errors import Fault, OutcomeUnknown
from canonical.intake import OrderAcknowledgment
from sources.kit.call import Call
from sources.tryton.clerk import Clerk, Office, shape
from sources.tryton.domain import Domain, clause, either, every, holds, one_of, texts
from sources.tryton.fields_intake import standing_paths, whole_paths
from sources.tryton.mapping_intake import is_unfinished, to_acknowledgment
from sources.tryton.marks import done_mark, progress_of
from sources.tryton.reading import SALE
from sources.tryton.settings import Settings
from sources.tryton.wire_intake import Amended, Order, orders_under

_Build = Callable[[Sequence[int]], Domain]
AMENDMENT: Final = "sale.amendment"
AMENDMENTS: Final = shape(AMENDMENT, ("state", "description", "sale"), Amended)


class Finding:
    """Looks sales up, within the books that may be seen."""

    def __init__(self, settings: Settings, office: Office) -> None:
        """Look through the office's clerks."""
        self._settings, self._office = settings, office
        kind = orders_under(settings.order_reference_field, settings.reference_field, settings.purchase_order_field)
        self.standing = shape(SALE, standing_paths(settings), kind)
        self.whole = shape(SALE, whole_paths(settings), kind)

    async def orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        """By reference, oldest first: one request, three more for references that no order carries itself.

        A draft or quotation that was never confirmed is no order: `Booking` finds it, and goes on from there.
        """
        clerk = self._office.any(call)
        found: dict[str, list[Order]] = {}
        for row in await self.sales(clerk, references):
            found.setdefault(row.ours or "", []).append(row)
        rest = [reference for reference in texts(references) if reference not in found]
        found |= await self._amended(clerk, rest)
        standing = {name: [row for row in rows if not is_unfinished(row)] for name, rows in found.items()}
        return {
            name: tuple(to_acknowledgment(row, clerk.reading) for row in rows)
            for name, rows in standing.items()
            if rows
        }

    async def sales(self, clerk: Clerk, references: Sequence[str], *, whole: bool = False) -> list[Order]:
        """Every sale that carries one of our references, finished or not, oldest first."""
        field = self._settings.order_reference_field
        kind = self.whole if whole else self.standing
        rows = await clerk.find(kind, texts(references), lambda run: every(one_of(field, run), self._seen(clerk)))
        return sorted(rows, key=lambda row: row.id)

    async def sale(self, clerk: Clerk, row: int) -> Order | None:
        """One sale with everything that a change of it depends on; None where there is none to be seen."""
        rows = await clerk.find(self.whole, [row], lambda run: every(one_of("id", run), self._seen(clerk)))
        return next(iter(rows), None)

    async def look(self, clerk: Clerk, row: int) -> Order:
        """A sale that was just written to. What keeps us from looking leaves open what came of it: OutcomeUnknown."""
        try:
            sale = await self.sale(clerk, row)
        except Fault as fault:
            raise OutcomeUnknown(clerk.system, fault.sentence, detail=fault.detail) from fault
        if sale is None:
            raise OutcomeUnknown(clerk.system, f"The order that {clerk.system} took is not to be seen any more.")
        return sale

    async def _amended(self, clerk: Clerk, references: Sequence[str]) -> dict[str, list[Order]]:
        """Sales by the references of amendments that were carried out."""
        if not references:
            return {}
        sales: dict[str, list[int]] = {}
        if self._settings.amendments:
            done = clause("state", "=", "validated")
            rows = await clerk.find(AMENDMENTS, references, lambda run: every(one_of("description", run), done))
            for row in rows:
                if row.sale is not None:
                    sales.setdefault(row.description or "", []).append(row.sale)
        keys = [key for held in sales.values() for key in held]
        shown = {row.id: row for row in await clerk.find(self.standing, keys, self._of_ids(clerk))}
        found = {name: [shown[key] for key in held if key in shown] for name, held in sales.items()}
        return {name: rows for name, rows in found.items() if rows} | await self._by_comment(clerk, references)

    async def _by_comment(self, clerk: Clerk, references: Sequence[str]) -> dict[str, list[Order]]:
        """Sales whose comment says that an amendment of ours is made, once they are back where they stood."""

        def mentioned(run: Sequence[str]) -> Domain:
            return every(either(holds("comment", done_mark(reference)) for reference in run), self._seen(clerk))

        rows = await clerk.find(self.whole, references, mentioned)
        found = {
            reference: [row for row in rows if progress_of(row.comment, reference).is_over(row.state)]
            for reference in references
        }
        return {name: held for name, held in found.items() if held}

    def _of_ids(self, clerk: Clerk) -> _Build:
        return lambda run: every(one_of("id", run), self._seen(clerk))

    def _seen(self, clerk: Clerk) -> Domain | None:
        companies = self._office.companies(clerk.call)
        return None if companies is None else one_of("company", companies)
