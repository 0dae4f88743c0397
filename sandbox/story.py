"""The whole tale of the pretend company, the same in every process for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.articles import catalogue, stepped
from sandbox.buyers import Market
from sandbox.calendar import Calendar
from sandbox.casting import Cast
from sandbox.company import company
from sandbox.deals import Start, sale
from sandbox.endings import ended
from sandbox.keys import Numbers
from sources.kit.sandbox.story import Article, Booking, Buyer, Deal, Story

TOLD_ON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
_FREE_TEXTS = ("Tel. order {}", "per mail {}", "Messe Hannover / {}", "call-off {}", "{} (please confirm)")


def tell_story(
    seed: int = 7,
    told_on: datetime = TOLD_ON,
    deals: int = 2000,
    buyers: int = 200,
    us_deals: int | None = None,
    profile: str | None = None,
) -> Story:
    """The story: so many deals over the year before `told_on`, in order of creation, and so many customers.

    `us_deals` bounds those in which the second entity has a part (the profile may bound them already). From 600 deals
    on each special kind occurs at least five times; with fewer, once, and below about 80 some are missing.
    """
    plan = company(profile)
    numbers = Numbers(tuple(erp.name for erp in plan.erps))
    people = Market(seed, told_on, numbers, plan.entities).buyers(buyers)
    articles = catalogue(numbers)
    most = us_deals if us_deals is not None else plan.us_deals
    units = Cast(seed, people, plan.entities, most).starts(deals)
    told = _Telling(told_on, numbers, people, articles).tell(units)
    people = _blocked(people, told)
    return Story(
        told_on=told_on,
        entities=plan.entities,
        buyers=people,
        articles=articles,
        deals=tuple(told),
        crm_instance=plan.crm.name,
    )


def _blocked(buyers: Mapping[str, Buyer], deals: Iterable[Deal]) -> dict[str, Buyer]:
    """The buyers, each account on hold where an order of it is held for credit."""
    held = {(deal.buyer, b.instance) for deal in deals for b in deal.bookings if "credit" in b.holds}
    return {
        number: replace(buyer, accounts=tuple(replace(a, on_hold=(number, a.instance) in held) for a in buyer.accounts))
        for number, buyer in buyers.items()
    }


class _Telling:
    """Tells all deals in four rounds, so that numbers run in the order of time: sold, numbered, booked, ended."""

    def __init__(
        self, told_on: datetime, numbers: Numbers, buyers: Mapping[str, Buyer], articles: Mapping[str, Article]
    ) -> None:
        self._told_on = told_on
        self._numbers = numbers
        self._buyers = buyers
        self._articles = articles
        self._goods = frozenset(sku for sku, article in articles.items() if not article.service)

    def tell(self, units: list[list[Start]]) -> list[Deal]:
        """All deals of all units, in order of creation."""
        sold = [
            [(start, sale(start, self._numbers, self._articles, self._told_on)) for start in unit] for unit in units
        ]
        crm_numbers = self._crm_numbers([deal for unit in sold for _, deal in unit])
        booked = [
            [(start, self._booked(start, replace(deal, crm_number=crm_numbers[id(deal)]))) for start, deal in unit]
            for unit in sold
        ]
        numbered = self._erp_numbers(booked)
        told = [
            deal for unit in numbered for deal in ended(unit, self._told_on, self._numbers, self._buyers, self._goods)
        ]
        return sorted(told, key=lambda deal: deal.created_at)

    def _crm_numbers(self, deals: list[Deal]) -> dict[int, str | None]:
        given: dict[int, str | None] = {}
        for deal in sorted(deals, key=lambda deal: deal.created_at):
            given[id(deal)] = f"{self._numbers.count('crm order'):08d}" if deal.crm_key else None
        return given

    def _booked(self, start: Start, deal: Deal) -> Deal:
        if start.plan.gap in ("draft", "unbooked", "lost") or deal.activated_at is None:
            return deal
        calendar = Calendar(start.chance, self._told_on)
        reference = deal.crm_key or self._free_text(start, deal)
        bookings = [
            Booking(
                entity=entity.code,
                instance=entity.instance,
                number="",
                reference=reference,
                customer_number=next(a.number for a in start.buyer.accounts if a.instance == entity.instance),
                booked_at=calendar.soon(deal.activated_at, 180),
                lines=tuple(line.number for line in deal.lines if line.entity == entity.code),
                requested_on=deal.requested_on,
                price_overrides=self._overrides(start, deal),
                purchase_order=deal.purchase_order,
            )
            for entity in start.entities
        ]
        if start.plan.gap == "duplicate":
            again = min(bookings[0].booked_at + timedelta(minutes=start.chance.randint(4, 70)), self._told_on)
            bookings.append(replace(bookings[0], booked_at=again, known_to_crm=False))
        return replace(deal, bookings=tuple(bookings))

    def _free_text(self, start: Start, deal: Deal) -> str:
        return start.chance.choice(_FREE_TEXTS).format(deal.purchase_order or f"{start.chance.randint(100, 999)}")

    def _overrides(self, start: Start, deal: Deal) -> dict[int, Decimal]:
        if start.plan.gap != "price":
            return {}
        line = deal.lines[0]
        return {line.number: stepped(line.unit_price * Decimal("1.06") + 1, deal.currency)}

    def _erp_numbers(self, units: list[list[tuple[Start, Deal]]]) -> list[list[tuple[Start, Deal]]]:
        bookings = [booking for unit in units for _, deal in unit for booking in deal.bookings]
        bookings.sort(key=lambda booking: booking.booked_at)
        given = {id(booking): self._numbers.document("order", booking.instance) for booking in bookings}
        return [
            [
                (start, replace(deal, bookings=tuple(replace(b, number=given[id(b)]) for b in deal.bookings)))
                for start, deal in unit
            ]
            for unit in units
        ]
