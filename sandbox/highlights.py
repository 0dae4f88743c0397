"""Five orders to begin with, one in each state that people ask for first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sources.kit.sandbox.story import Deal, Story

Highlight = dict[str, str | None]

_AXES: Final[tuple[tuple[str, str, Callable[[Deal], bool]], ...]] = (
    ("partly shipped", "partly_shipped", lambda deal: any(bill.posted for bill in deal.bookings[0].bills)),
    ("invoiced and part paid", "part_paid", lambda _: True),
    ("on credit hold", "credit_hold", lambda _: True),
    ("over two legal entities", "multi_entity", lambda deal: all(booking.bills for booking in deal.bookings)),
    ("cancelled", "cancelled", lambda _: True),
)


def highlights(story: Story) -> list[Highlight]:
    """One order for each kind: {kind, <the CRM's name>, erp, erpNumber, number}, null where absent.

    `erp` and `erpNumber` are of the first booking; `number` is what people call the order: the ERP's once booked in one
    ERP, the CRM's otherwise. A short story may lack a kind.
    """
    found = []
    for kind, trait, fits in _AXES:
        deal = _best(story, trait, fits)
        if deal is not None:
            found.append(_told(story, kind, deal))
    return found


def _best(story: Story, trait: str, fits: Callable[[Deal], bool]) -> Deal | None:
    """The newest one; of those that have nothing else to them, where there are any, and with a quote."""
    ranked = sorted(
        (deal for deal in story.deals if trait in deal.traits and deal.crm_key and deal.bookings),
        key=lambda deal: (fits(deal), deal.offer is not None, -len(deal.traits), deal.created_at),
    )
    return ranked[-1] if ranked else None


def _told(story: Story, kind: str, deal: Deal) -> Highlight:
    first = deal.bookings[0]
    return {
        "kind": kind,
        story.crm_instance: deal.crm_key,
        "erp": first.instance,
        "erpNumber": first.number,
        "number": first.number if len(deal.bookings) == 1 else deal.crm_number,
    }
