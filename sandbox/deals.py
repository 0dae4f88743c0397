"""Deals as they are sold: lines, offer, keys and dates, before any ERP has done its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.articles import BUNDLES, GOODS, PARTS, SERVICES, SUBSCRIPTIONS, stepped
from sandbox.calendar import Calendar
from sandbox.fates import NEED_GOODS
from sandbox.keys import Numbers
from sandbox.plans import Plan
from sources.kit.sandbox.story import Article, Buyer, Deal, Entity, Offer, Sold

HOME_TAX = {"DE": Decimal("0.19"), "US": Decimal("0.08")}
FREE = Decimal("0.00")
_DISCOUNTS = tuple(Decimal(text) for text in ("0", "0", "0", "0.05", "0.08", "0.12", "0.15"))
_OPENINGS = (
    "Retrofit line {}", "Plant {} instrumentation", "Spare parts {}", "Frame contract call-off {}", "Skid {} extension",
    "Metering upgrade, hall {}", "Dosing station {}", "Site {} monitoring",
)  # fmt: skip
_DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Start:
    """What a deal begins with: its plan, buyer, entities and first day."""

    plan: Plan
    fate: str
    buyer: Buyer
    entities: tuple[Entity, ...]
    currency: str
    days: int
    chance: Random


@dataclass
class _Lines:
    """Collects a deal's lines; a price is the list price less one discount for the whole deal."""

    start: Start
    numbers: Numbers
    articles: Mapping[str, Article]
    discount: Decimal
    sold: list[Sold] = field(default_factory=list)

    def add(
        self, sku: str, quantity: int, *, price: Decimal | None = None, parent: int | None = None,
        segment: int | None = None, starts_on: date | None = None,
    ) -> int:  # fmt: skip
        currency = self.start.currency
        listed = self.articles[sku].prices[currency]
        entity = self.start.entities[len(self.sold) % len(self.start.entities)]
        number = (len(self.sold) + 1) * 10
        ends_on = starts_on + timedelta(days=_DAYS_A_YEAR - 1) if starts_on else None
        net = stepped(listed * (1 - self.discount), currency) if price is None else price
        if len(self.start.entities) > 1:
            # One entity's tax on the other's currency comes out to the cent on whole amounts only.
            net = net.quantize(Decimal(1), ROUND_HALF_UP).quantize(FREE)
        self.sold.append(
            Sold(
                number=number,
                sku=sku,
                quantity=Decimal(quantity),
                unit_price=net,
                tax_rate=tax_rate(entity, self.start.buyer),
                crm_key=self.numbers.crm("802") if self.start.plan.gap not in ("not_in_crm", "erp_only_buyer") else "",
                entity=entity.code,
                segment=segment,
                starts_on=starts_on,
                ends_on=ends_on,
                parent=parent,
            )
        )
        return number


def tax_rate(entity: Entity, buyer: Buyer) -> Decimal:
    """The entity's own tax at home, none for deliveries to another country."""
    return HOME_TAX[entity.country] if buyer.billing.country == entity.country else FREE


def lines(start: Start, numbers: Numbers, articles: Mapping[str, Article], first_day: date) -> tuple[Sold, ...]:
    """What was sold, in the shape that the plan asks for."""
    chance = start.chance
    made = _Lines(start, numbers, articles, chance.choice(_DISCOUNTS))
    if start.plan.shape == "ramp":
        _ramp(made, chance, first_day)
    elif start.plan.shape == "bundle":
        _bundle(made, chance)
    elif start.plan.shape == "services":
        for sku in chance.sample(sorted(SERVICES), chance.randint(1, 3)):
            made.add(sku, chance.randint(1, 6))
    else:
        _plain(made, chance, first_day)
    return tuple(made.sold)


def _plain(made: _Lines, chance: Random, first_day: date) -> None:
    least = 2 if made.start.fate in NEED_GOODS or len(made.start.entities) > 1 else 1
    for sku in chance.sample(sorted(GOODS), max(least, chance.choice((1, 2, 2, 3, 3, 4)))):
        made.add(sku, chance.choice((2, 2, 3, 4, 5, 6, 8, 10, 12, 20)))
    if chance.random() < 0.25:
        made.add(chance.choice(sorted(SERVICES)), chance.randint(1, 3))
    if chance.random() < 0.15:
        made.add(chance.choice(sorted(SUBSCRIPTIONS)), chance.randint(1, 4), starts_on=first_day)


def _ramp(made: _Lines, chance: Random, first_day: date) -> None:
    sku, sites = chance.choice(("MON-S", "MON-E", "ANA-1")), chance.randint(2, 6)
    starts_on = first_day.replace(day=1)
    for segment in (1, 2, 3):
        made.add(sku, sites * segment, segment=segment, starts_on=starts_on)
        starts_on += timedelta(days=_DAYS_A_YEAR)
    made.add("INST", chance.randint(1, 3))


def _bundle(made: _Lines, chance: Random) -> None:
    sku, kits = chance.choice(sorted(BUNDLES)), chance.randint(1, 3)
    parent = made.add(sku, kits)
    for part, pieces in PARTS[sku]:
        made.add(part, pieces * kits, price=FREE, parent=parent)
    if chance.random() < 0.5:
        made.add("TRN", chance.randint(1, 2))


def sale(start: Start, numbers: Numbers, articles: Mapping[str, Article], told_on: datetime) -> Deal:
    """The deal as the CRM knows it, without bookings; one that is missing in the CRM has no CRM keys."""
    calendar = Calendar(start.chance, told_on)
    created = calendar.ago(start.days)
    activated = min(calendar.later(created, 0, 2), told_on - timedelta(minutes=20)) if start.days > 0 else created
    sold = lines(start, numbers, articles, activated.date())
    in_crm = start.plan.gap not in ("not_in_crm", "erp_only_buyer")
    is_draft = start.plan.gap == "draft"
    place, year = start.chance.randint(1, 40), created.year % 100
    return Deal(
        buyer=start.buyer.number,
        currency=start.currency,
        crm_key=numbers.crm("801") if in_crm else None,
        crm_number=None,
        crm_status="Draft" if is_draft else "Activated",
        opportunity_key=numbers.crm("006") if in_crm else None,
        opportunity_name=start.chance.choice(_OPENINGS).format(place) if in_crm else None,
        purchase_order=f"PO{year}-{start.chance.randint(10_000, 99_999)}" if start.chance.random() < 0.8 else None,
        created_at=created,
        activated_at=None if is_draft else max(activated, created),
        cancelled_at=None,
        requested_on=calendar.working_day(created.date() + timedelta(days=start.chance.randint(10, 35))),
        lines=sold,
        offer=_offer(start, numbers, calendar, created, sold) if in_crm and start.chance.random() < 0.85 else None,
        bookings=(),
        traits=_traits(start, sold),
    )


def _offer(start: Start, numbers: Numbers, calendar: Calendar, ordered: datetime, sold: tuple[Sold, ...]) -> Offer:
    made = calendar.ago(start.days + start.chance.randint(9, 30))
    approved = min(calendar.later(made, 1, 4), ordered)
    accepted = max(approved, min(calendar.later(approved, 1, 5), ordered))
    open_still = start.plan.gap == "draft" and start.chance.random() < 0.4
    return Offer(
        crm_key=numbers.crm("0Q0"),
        number=f"{numbers.count('quote'):08d}",
        status="Presented" if open_still else "Accepted",
        created_at=made,
        approved_at=approved,
        accepted_at=None if open_still else accepted,
        expires_on=made.date() + timedelta(days=60),
        line_keys=tuple(numbers.crm("0QL") for _ in sold),
    )


def _traits(start: Start, sold: tuple[Sold, ...]) -> frozenset[str]:
    traits = {start.plan.trait}
    if start.buyer.erp_names:
        traits.add("customer_name_differs")
    if any(line.starts_on and not line.segment for line in sold):
        traits.add("subscription")
    return frozenset(traits)
