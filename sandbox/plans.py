"""What kinds of deals the tale has, how many of each, and how long ago they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

Shape = Literal["plain", "ramp", "bundle", "services"]
Where = Literal["any", "home", "abroad", "both"]
Gap = Literal[
    "none", "unbooked", "draft", "lost", "not_in_crm", "erp_only_buyer", "price", "unwritten", "duplicate",
    "cancelled_only_in_erp",
]  # fmt: skip
ENOUGH: Final = 5
SPECIALS_ENOUGH_FROM: Final = 600


@dataclass(frozen=True, slots=True)
class Plan:
    """One kind of deal: its trait, the fates its booking may have, how many days ago it began.

    `share` of all deals, at least `ENOUGH` in a long tale and one in a short. `size` deals of one
    buyer belong together.
    """

    trait: str
    fates: tuple[str, ...]
    days: tuple[int, int]
    share: float
    shape: Shape = "plain"
    gap: Gap = "none"
    where: Where = "any"
    currency: str | None = None
    group: Literal["", "one_bill", "one_payment"] = ""
    size: int = 1


_GROWN = ("completed", "completed", "invoiced", "shipped")

SPECIAL: Final[tuple[Plan, ...]] = (
    Plan("partly_shipped", ("partly_shipped",), (15, 28), 0.012),
    Plan("backorder", ("backorder",), (18, 40), 0.012),
    Plan("split_invoices", ("split_invoices",), (40, 120), 0.015),
    Plan("collective_invoice", ("shipped",), (30, 44), 0.003, group="one_bill", size=3),
    Plan("payment_over_five", ("completed",), (85, 200), 0.0025, group="one_payment", size=5),
    Plan("part_paid", ("part_paid",), (22, 30), 0.015),
    Plan("instalments", ("instalments",), (110, 340), 0.01),
    Plan("credit_memo_partial", ("partly_credited",), (100, 340), 0.01),
    Plan("credit_memo_full", ("credited",), (40, 340), 0.006),
    Plan("returned", ("returned",), (70, 340), 0.008),
    Plan("invoice_cancelled", ("rebilled",), (100, 340), 0.005),
    Plan("invoice_not_posted", ("unposted",), (16, 24), 0.003),
    Plan("credit_hold", ("credit_hold",), (3, 20), 0.008),
    Plan("credit_hold_released", ("released_credit",), (100, 300), 0.008),
    Plan("billing_hold", ("billing_hold",), (16, 40), 0.005),
    Plan("delivery_hold", ("delivery_hold",), (5, 25), 0.005),
    Plan("picked", ("picked",), (6, 9), 0.006),
    Plan("overdue", ("invoiced",), (90, 220), 0.02),
    Plan("disputed", ("disputed",), (60, 160), 0.006),
    Plan("foreign_currency", _GROWN, (80, 300), 0.006, where="home", currency="CHF"),
    Plan("foreign_currency", _GROWN, (80, 300), 0.006, where="home", currency="GBP"),
    Plan("ramp", ("booked", "invoiced", "completed"), (100, 300), 0.012, shape="ramp"),
    Plan("bundle", ("completed", "invoiced", "partly_shipped"), (30, 300), 0.02, shape="bundle"),
    Plan("services_only", ("completed", "invoiced", "booked"), (20, 300), 0.03, shape="services"),
    Plan("multi_entity", ("completed", "invoiced", "partly_shipped", "shipped"), (25, 90), 0.006, where="both"),
    Plan("stuck_before_erp", ("booked",), (4, 30), 0.006, gap="unbooked"),
    Plan("missing_in_crm", ("completed", "invoiced", "booked"), (10, 300), 0.012, gap="not_in_crm"),
    Plan("erp_only_customer", ("completed", "invoiced", "booked"), (10, 300), 0.004, gap="erp_only_buyer"),
    Plan("price_conflict", ("booked", "invoiced", "completed"), (12, 250), 0.012, gap="price"),
    Plan("not_written_back", ("booked", "in_transit"), (7, 25), 0.01, gap="unwritten"),
    Plan("duplicate_booking", ("booked", "shipped", "invoiced"), (15, 60), 0.003, gap="duplicate"),
    Plan("cancelled_only_in_erp", ("cancelled",), (10, 200), 0.003, gap="cancelled_only_in_erp"),
    Plan("cancelled_before_booking", ("booked",), (5, 360), 0.012, gap="lost"),
    Plan("cancelled", ("cancelled",), (8, 360), 0.02),
)

ORDINARY: Final[tuple[Plan, ...]] = (
    Plan("draft", ("booked",), (0, 45), 0.06, gap="draft"),
    Plan("not_in_erp", ("booked",), (0, 2), 0.02, gap="unbooked"),
    Plan("booked", ("booked",), (3, 14), 0.09),
    Plan("in_transit", ("in_transit",), (8, 16), 0.07),
    Plan("shipped", ("shipped",), (14, 20), 0.04),
    Plan("invoiced", ("invoiced",), (14, 28), 0.14),
    Plan("completed", ("completed",), (85, 365), 0.58),
)


def plans(deals: int, chance: Random) -> list[tuple[Plan, int]]:
    """So many deals as (plan, days ago), the members of a group behind each other with the same number of days.

    The special ones first, in their order: a tale too short for all of them (less than about sixty) lacks the last.
    """
    chosen: list[tuple[Plan, int]] = []
    for plan in _specials(deals):
        chosen += [(plan, chance.randint(*plan.days))] * plan.size
    chosen = chosen[:deals] if deals < len(chosen) else chosen
    weights = [plan.share for plan in ORDINARY]
    for plan in chance.choices(ORDINARY, weights, k=deals - len(chosen)):
        chosen.append((plan, chance.randint(*plan.days)))
    return _whole(chosen)


def _specials(deals: int) -> Iterator[Plan]:
    least = ENOUGH if deals >= SPECIALS_ENOUGH_FROM else 1
    for plan in SPECIAL:
        for _ in range(max(least, round(plan.share * deals))):
            yield plan


def _whole(chosen: Sequence[tuple[Plan, int]]) -> list[tuple[Plan, int]]:
    """The same without a group that lost members at the end."""
    kept: list[tuple[Plan, int]] = []
    place = 0
    while place < len(chosen):
        size = chosen[place][0].size
        members = chosen[place : place + size]
        if len(members) == size and all(member[0] is chosen[place][0] for member in members):
            kept += members
        place += size
    return kept
