"""Changes orders in Tryton, the way that the state of each allows.

| state | how |
|---|---|
| draft, quotation, confirmed | set back to a draft, its lines changed, and brought back to where it stood |
| processing, done | quantities and prices by an amendment (module sale_amendment); no new line, no other date |
| cancelled, or emptied | refused |

What makes it safe to repeat: an amendment leaves its reference in Tryton in the same step that changes the order, as
the description of an amendment or in the order's comment. What has it is done, and is acknowledged as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from canonical.errors import Fault, ProblemCategory, Refused
from canonical.intake import Amendment, OrderAcknowledgment
from sources.kit.call import Call
from sources.tryton.amendments import VALIDATED, Amendments
from sources.tryton.changes import Change, amendment_lines, changes_of, note_writes
from sources.tryton.clerk import Clerk, Office
from sources.tryton.domain import identity
from sources.tryton.finding import Finding
from sources.tryton.mapping_intake import UNFINISHED, commented, is_cancelled, purchase_order, to_acknowledgment
from sources.tryton.mapping_order import version_of
from sources.tryton.marks import done, progress_of
from sources.tryton.prepared import Objection, refuse
from sources.tryton.redrafting import Redrafting
from sources.tryton.settings import Settings
from sources.tryton.wire_intake import Amended, Order

_NO_LINE: Final = "No line is added to an order that is being processed: book it as an order of its own."
_NO_DATE: Final = "The date of an order that is being processed stands: change the planned date of its shipments there."


class Amending:
    """Changes orders; see this module for what may be repeated."""

    def __init__(
        self, settings: Settings, office: Office, finding: Finding, amendments: Amendments, redrafting: Redrafting
    ) -> None:
        """Nothing is asked yet."""
        self._settings, self._office, self._finding = settings, office, finding
        self._amendments, self._redrafting = amendments, redrafting

    async def amend(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        """The order as it stands with the change."""
        clerk, sale = await self._sale(call, amendment.order_key)
        progress = progress_of(sale.comment, amendment.reference)
        held = await self._amendments.of(clerk, sale.id, amendment.reference)
        if progress.is_over(sale.state) or any(each.state == VALIDATED for each in held):
            return to_acknowledgment(sale, clerk.reading)
        if not (held or progress.target or progress.edited):
            _compare(clerk, sale, amendment)
        if sale.state in (*UNFINISHED, "confirmed"):
            await self._redrafting.amend(clerk, sale, amendment)
        else:
            await self._by_amendment(clerk, sale, amendment, held[0] if held else None)
        return to_acknowledgment(await self._finding.look(clerk, sale.id), clerk.reading)

    async def _sale(self, call: Call, order_key: str) -> tuple[Clerk, Order]:
        clerk, key = self._office.any(call), identity(order_key)
        sale = await self._finding.sale(clerk, key) if key is not None else None
        if sale is None:
            raise Refused(clerk.system, f"There is no order {order_key}.", category=ProblemCategory.CONFLICT)
        if is_cancelled(sale):
            sentence = f"Order {sale.number or sale.id} is cancelled."
            raise Refused(clerk.system, sentence, category=ProblemCategory.CONFLICT)
        return self._office.at(call, sale.company), sale

    async def _by_amendment(self, clerk: Clerk, sale: Order, amendment: Amendment, draft: Amended | None) -> None:
        """All or nothing: what stands beside the amendment is put back when Tryton refuses it."""
        changes = changes_of(sale, amendment, self._settings.price_digits)
        refuse(clerk.system, [*changes.objections, *_impossible(amendment)])
        beside, before = self._beside(sale, amendment, changes.lines)
        if not changes.commercial:
            comment = done(
                commented(sale.comment, amendment.purchase_order_number, self._settings), amendment.reference
            )
            await clerk.change(self._finding.standing, sale.id, {**beside, "comment": comment})
            return
        self._amendments.need(clerk)
        if draft is None:
            lines = amendment_lines(changes.commercial)
            draft = await self._amendments.draft(clerk, sale.id, amendment.reference, lines)
        if beside:
            await clerk.change(self._finding.standing, sale.id, beside)
        try:
            await self._amendments.validate(clerk, draft)
        except Refused:
            if beside:
                with suppress(Fault):
                    await clerk.change(self._finding.standing, sale.id, before)
            raise

    def _beside(
        self, sale: Order, amendment: Amendment, changes: Sequence[Change]
    ) -> tuple[dict[str, object], dict[str, object]]:
        """What may be written beside an amendment in any state (notes, the customer's number), and what was there."""
        settings, number = self._settings, amendment.purchase_order_number
        after = purchase_order(number, settings)
        before: dict[str, object] = dict.fromkeys(after, _own_number(sale, settings))
        comment = commented(sale.comment, number, settings)
        if comment != sale.comment:
            after["comment"], before["comment"] = comment, sale.comment
        writes, undone = note_writes(changes)
        if writes:
            after["lines"], before["lines"] = [["write", *writes]], [["write", *undone]]
        return after, before


def _compare(clerk: Clerk, sale: Order, amendment: Amendment) -> None:
    """Refused where the order is not what the change was decided on any more.

    Tryton's REST API compares no versions itself: what somebody else writes within the next milliseconds goes unseen.
    """
    if amendment.expected_version in (None, version_of(sale.write_date, sale.create_date)):
        return
    sentence = f"Order {sale.number or sale.id} was changed since it was read: read it again, and decide on what it is."
    raise Refused(clerk.system, sentence, category=ProblemCategory.CONFLICT)


def _impossible(amendment: Amendment) -> list[Objection]:
    against = [_NO_LINE] if amendment.add else []
    against += [_NO_DATE] if amendment.requested_delivery_date is not None else []
    return [Objection(ProblemCategory.SYSTEM_REFUSED, sentence) for sentence in against]


def _own_number(sale: Order, settings: Settings) -> str | None:
    same = settings.purchase_order_field == settings.reference_field
    return sale.reference if same else sale.purchase_order
