"""Changes a sale that is not processed yet: back to a draft, its lines changed, and forward to where it stood.

Its comment says from where it was taken back before it is, and that the change is made in the step that makes it: so a
change that stopped halfway is gone on with, and nothing of it is made twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import Amendment
from canonical.money import money
from sources.tryton.changes import Changes, changes_of, draft_writes
from sources.tryton.clerk import Clerk
from sources.tryton.finding import Finding
from sources.tryton.mapping_intake import commented, purchase_order, to_line
from sources.tryton.marks import Progress, begun, done, progress_of
from sources.tryton.prepared import Line, Objection, refuse
from sources.tryton.preparing import Preparing
from sources.tryton.settings import Settings
from sources.tryton.values import told_day
from sources.tryton.wire_intake import Order


class Redrafting:
    """Changes drafts, quotations and confirmed sales."""

    def __init__(self, settings: Settings, finding: Finding, preparing: Preparing) -> None:
        """Nothing is asked yet."""
        self._settings, self._finding, self._preparing = settings, finding, preparing

    async def amend(self, clerk: Clerk, sale: Order, amendment: Amendment) -> None:
        """Make the change, or what is left to do of it. Whoever calls has compared versions."""
        progress = progress_of(sale.comment, amendment.reference)
        target = progress.target or sale.state
        if progress.edited:
            await self._bring_back(clerk, sale.id, sale.state, target)
            return
        changes = changes_of(sale, amendment, self._settings.price_digits)
        added = await self._added(clerk, sale, amendment)
        against = [*changes.objections, *(line.objection for line in added if line.objection)]
        refuse(clerk.system, against)
        if target == "confirmed":
            refuse(clerk.system, _credit_objections(sale, changes, added))
        await self._edit(clerk, sale, amendment, progress, self._values(sale, amendment, changes, added))
        await self._bring_back(clerk, sale.id, "draft", target)

    async def _added(self, clerk: Clerk, sale: Order, amendment: Amendment) -> tuple[Line, ...]:
        if not amendment.add:
            return ()
        return await self._preparing.lines(clerk, await self._preparing.terms_of(clerk, sale), amendment.add)

    def _values(self, sale: Order, amendment: Amendment, changes: Changes, added: Sequence[Line]) -> dict[str, object]:
        first = max((line.sequence or 0 for line in sale.lines or ()), default=0) + 1
        lines = draft_writes(changes.lines)
        if added:
            lines.append(["create", [to_line(line, number, first) for number, line in enumerate(added, first)]])
        day = amendment.requested_delivery_date
        return {
            **({"shipping_date": told_day(day)} if day else {}),
            **purchase_order(amendment.purchase_order_number, self._settings),
            **({"lines": lines} if lines else {}),
        }

    async def _edit(
        self, clerk: Clerk, sale: Order, amendment: Amendment, progress: Progress, values: dict[str, object]
    ) -> None:
        """The change itself, with its mark in the same step; refused, the sale is brought back as it was."""
        standing, reference, comment = self._finding.standing, amendment.reference, sale.comment
        target = progress.target or sale.state
        if sale.state != "draft":
            comment = begun(comment, reference, target)
            if progress.target is None:
                await clerk.change(standing, sale.id, {"comment": comment})
            await clerk.press(standing, sale.id, "draft")
        comment = commented(comment, amendment.purchase_order_number, self._settings)
        try:
            await clerk.change(standing, sale.id, {**values, "comment": done(comment, reference)})
        except Refused:
            await self._bring_back(clerk, sale.id, "draft", target)
            raise

    async def _bring_back(self, clerk: Clerk, row: int, state: str, target: str) -> None:
        """From where it is to where it stood; what Tryton refuses on this way leaves it in between."""
        try:
            if state == "draft" and target != "draft":
                await clerk.press(self._finding.standing, row, "quote")
            if state != target == "confirmed":
                await clerk.press(self._finding.standing, row, "confirm")
        except Refused as no:
            sentence = f"The order was taken back to be changed, and is not where it stood yet: {no.sentence}"
            raise OutcomeUnknown(clerk.system, sentence, detail=no.detail) from no


def _credit_objections(sale: Order, changes: Changes, added: Sequence[Line]) -> list[Objection]:
    """What more it would come to, and what the customer has left. Tryton looks at it only when all is done.

    Limits are in the currency of the books; a sale in another one is left to Tryton.
    """
    payer = sale.invoice_party or sale.party
    if payer is None or payer.credit_limit_amount is None or payer.credit_amount is None:
        return []
    books, currency = payer.currency, sale.currency
    more = changes.net(sale) + sum((line.asked.quantity * (line.unit_price or 0) for line in added), Decimal(0))
    beyond = payer.credit_amount.decimal + more - payer.credit_limit_amount.decimal
    if books is None or currency is None or books.code != currency.code or more <= 0 or beyond <= 0:
        return []
    over = money(beyond, currency.code or "")
    sentence = f"It would exceed the customer's credit limit by {over.amount} {over.currency_code}."
    return [Objection(ProblemCategory.CREDIT, sentence)]
