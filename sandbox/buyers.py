"""The pretend company's customers: families of up to three levels, known to the CRM, to an ERP, or to both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from unicodedata import normalize

from sandbox.keys import Numbers
from sandbox.names import DOLLAR_HOME, EURO_HOME, LANDS, ROLES, SIMPLE, Land
from sources.kit.sandbox.story import Buyer, Entity, ErpAccount, Person, Place

_TERMS = (30, 30, 30, 45, 60)
_LIMITS = (25_000, 50_000, 100_000, 250_000, 500_000)
_ERP_NAME_LENGTH = 35


class Market:
    """Invents customers, one after the other, each from its own chance so that a longer list only adds to a shorter."""

    def __init__(self, seed: int, told_on: datetime, numbers: Numbers, entities: tuple[Entity, ...]) -> None:
        self._seed = seed
        self._told_on = told_on
        self._numbers = numbers
        self._entities = entities
        self._names: set[str] = set()

    def buyers(self, count: int) -> dict[str, Buyer]:
        """That many customers by number.

        About three in a hundred are known only to an ERP, as many only to the CRM, and six in a hundred are spelled
        differently in an ERP: at least one of each (two of the first).
        """
        few = max(1, count * 3 // 100)
        buyers: dict[str, Buyer] = {}
        for place in range(count):
            buyer = self._buyer(place, list(buyers.values()))
            if place >= count - max(2, few):
                buyer = self._only_in_erp(buyer, place)
            elif place >= count - max(2, few) - few:
                buyer = replace(buyer, accounts=())
            elif place % 16 == 1:
                buyer = _spelled_differently(buyer)
            buyers[buyer.number] = buyer
        return buyers

    def _buyer(self, place: int, earlier: list[Buyer]) -> Buyer:
        chance = Random(f"{self._seed}/buyer/{place}")
        parent = _parent(chance, earlier)
        euro = chance.random() < 0.66
        country = chance.choice(EURO_HOME if euro else DOLLAR_HOME)
        land = LANDS[country]
        city, postal_code, region = chance.choice(land.cities)
        name = self._name(chance, land, city, parent)
        billing = Place(_street(chance, land), city, postal_code, region, country)
        shipping = billing if chance.random() < 0.6 else replace(billing, street=_street(chance, land))
        return Buyer(
            name=name,
            crm_key=self._numbers.crm("001"),
            number=f"C-{100_200 + place * 3}",
            parent=parent.number if parent else None,
            billing=billing,
            shipping=shipping,
            people=tuple(self._person(chance, land, name) for _ in range(chance.randint(1, 3))),
            accounts=self._accounts(chance, euro=euro),
            created_at=self._told_on - timedelta(days=chance.randint(400, 2_400), minutes=chance.randint(0, 900)),
        )

    def _name(self, chance: Random, land: Land, city: str, parent: Buyer | None) -> str:
        if parent is not None:
            stem = parent.name.rsplit(" ", 1)[0].removesuffix(" Sp. z").split(" – ")[0]
            name = f"{stem} – {city} {land.form}"
        else:
            name = f"{chance.choice(land.stems)} {chance.choice(land.trades)} {land.form}"
        second = 2
        while name in self._names:
            name = f"{name.removesuffix(' ' + land.form).rstrip('0123456789').strip()} {second} {land.form}"
            second += 1
        self._names.add(name)
        return name

    def _person(self, chance: Random, land: Land, firm: str) -> Person:
        first, last = chance.choice(land.first_names), chance.choice(land.last_names)
        mailbox = f"{_plain(first)}.{_plain(last)}"
        return Person(
            key=self._numbers.crm("003"),
            first_name=first,
            last_name=last,
            email=f"{mailbox}@{_plain(firm.split(maxsplit=1)[0])}.{land.domain}",
            phone=f"{land.dial} {chance.randint(200, 999)} {chance.randint(1000, 9999)}",
            role=chance.choice(ROLES),
        )

    def _accounts(self, chance: Random, *, euro: bool) -> tuple[ErpAccount, ...]:
        home, other = self._entities if euro else self._entities[::-1]
        instances = [home.instance, other.instance] if chance.random() < 0.3 else [home.instance]
        terms, limit = chance.choice(_TERMS), chance.choice(_LIMITS)
        return tuple(
            ErpAccount(instance, self._numbers.document("customer", instance), terms, Decimal(limit))
            for instance in instances
        )

    def _only_in_erp(self, buyer: Buyer, place: int) -> Buyer:
        instance = self._entities[place % len(self._entities)].instance
        number = self._numbers.document("customer", instance)
        account = ErpAccount(instance, number, 30, None)
        return replace(buyer, crm_key=None, number=number, parent=None, people=(), accounts=(account,))


def _parent(chance: Random, earlier: list[Buyer]) -> Buyer | None:
    """A parent among those known already, so that families get at most three levels deep."""
    if chance.random() < 0.5:
        return None
    family = {buyer.number: buyer for buyer in earlier}
    tops = [b for b in earlier[:60] if b.parent is None or family[b.parent].parent is None]
    return chance.choice(tops) if tops else None


def _street(chance: Random, land: Land) -> str:
    street, number = chance.choice(land.streets), chance.randint(1, 180)
    return f"{number} {street}" if land.number_first else f"{street} {number}"


def _plain(text: str) -> str:
    letters = normalize("NFKD", text.translate(SIMPLE)).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalnum())


def _spelled_differently(buyer: Buyer) -> Buyer:
    plain = buyer.name.translate(SIMPLE).replace(" – ", " ")
    spelled = plain.upper() if plain == buyer.name or len(plain) % 2 else plain
    return replace(buyer, erp_names={account.instance: spelled[:_ERP_NAME_LENGTH] for account in buyer.accounts})
