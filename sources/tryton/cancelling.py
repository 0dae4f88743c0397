"""Cancels orders in Tryton, the way that the state of each allows.

| state | how |
|---|---|
| draft, quotation | cancelled |
| confirmed | set back to a draft, and cancelled |
| processing | nothing sent, picked or posted: an amendment of every line to nothing (module sale_amendment) ends it |
| processing, done | otherwise refused: goods have to come back, and invoices to be credited |

What makes it safe to repeat: each step goes by where the order stands, so asked for once more it takes the steps that
are left, and acknowledges an order that is cancelled already.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import OrderAcknowledgment
from sources.kit.call import Call
from sources.tryton.amendments import VALIDATED, Amendments
from sources.tryton.changes import Change, amendment_lines, on_the_way, price_of, sku_of
from sources.tryton.clerk import Clerk, Office
from sources.tryton.domain import identity
from sources.tryton.finding import Finding
from sources.tryton.mapping_intake import UNFINISHED, is_cancelled, lines_of, to_acknowledgment
from sources.tryton.marks import with_line
from sources.tryton.wire_intake import Line, Order

_SENT: Final = ("assigned", "picked", "packed", "shipped", "done")
_BILLED: Final = ("validated", "posted", "paid")
_LONGEST: Final = 200


class Cancelling:
    """Cancels orders; see this module for what may be repeated."""

    def __init__(self, office: Office, finding: Finding, amendments: Amendments) -> None:
        """Nothing is asked yet."""
        self._office, self._finding, self._amendments = office, finding, amendments

    async def cancel(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        """The order as it stands cancelled."""
        clerk, key = self._office.any(call), identity(order_key)
        sale = await self._finding.sale(clerk, key) if key is not None else None
        if sale is None:
            raise Refused(clerk.system, f"There is no order {order_key}.", category=ProblemCategory.CONFLICT)
        if is_cancelled(sale):
            return to_acknowledgment(sale, clerk.reading)
        clerk, why = self._office.at(call, sale.company), f"Cancelled ({reference}): {_one_line(reason)}"
        if sale.state in (*UNFINISHED, "confirmed"):
            await self._undo(clerk, sale, why)
        else:
            await self._empty(clerk, sale, why[:_LONGEST])
        cancelled = await self._finding.look(clerk, sale.id)
        if not is_cancelled(cancelled):
            sentence = f"{clerk.system} was told to cancel the order, and it stands as {cancelled.state}."
            raise OutcomeUnknown(clerk.system, sentence)
        return to_acknowledgment(cancelled, clerk.reading)

    async def _undo(self, clerk: Clerk, sale: Order, why: str) -> None:
        standing = self._finding.standing
        await clerk.change(standing, sale.id, {"comment": with_line(sale.comment, why)})
        if sale.state == "confirmed":
            await clerk.press(standing, sale.id, "draft")
        await clerk.press(standing, sale.id, "cancel")

    async def _empty(self, clerk: Clerk, sale: Order, why: str) -> None:
        """Tryton then deletes what it had planned to send and to bill, and ends the sale."""
        against = _against(sale)
        if against:
            raise Refused(clerk.system, " ".join(against), category=ProblemCategory.CONFLICT)
        self._amendments.need(clerk)
        held = await self._amendments.of(clerk, sale.id, why)
        draft = next((each for each in held if each.state != VALIDATED), None)
        if draft is None:
            lines = amendment_lines([_emptied(line) for line in lines_of(sale)])
            draft = await self._amendments.draft(clerk, sale.id, why, lines)
        await self._amendments.validate(clerk, draft)


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _emptied(line: Line) -> Change:
    return Change(line=line, quantity=Decimal(0), unit_price=price_of(line), note=line.note)


def _against(sale: Order) -> list[str]:
    """Why what is being processed cannot be taken back any more, in words."""
    gone = [f"{on_the_way(line).normalize():f} {sku_of(line)}" for line in lines_of(sale) if on_the_way(line)]
    shipments = [each.number or str(each.id) for each in sale.shipments or () if each.state in _SENT]
    invoices = [each.number or str(each.id) for each in sale.invoices or () if each.state in _BILLED]
    against = []
    if gone or shipments:
        what = ", ".join(gone) or "Goods"
        against.append(f"{what} are set aside or gone with shipment {', '.join(shipments) or '(unknown)'}.")
    if invoices:
        against.append(f"Invoice {', '.join(invoices)} is posted, and would have to be credited first.")
    return against
