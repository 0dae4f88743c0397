"""Who plays in which deal: the selling entities, the buyer, and the number of days since it began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from sandbox.deals import Start
from sandbox.plans import SPECIAL, Plan, plans
from sources.kit.sandbox.story import Buyer, Entity

_AT_HOME = 0.64
_SPECIAL_ABROAD = 2
_NOT_ONBOARDED = 0.15
_CURRENCY_LAND = {"CHF": "CH", "GBP": "GB"}


class Cast:
    """Casts deals. `abroad_most` bounds how many the second entity has a part in: the special ones and the newest."""

    def __init__(
        self, seed: int, buyers: Mapping[str, Buyer], entities: Sequence[Entity], abroad_most: int | None
    ) -> None:
        self._seed = seed
        self._buyers = buyers
        self._home, self._abroad = entities
        self._left = abroad_most
        self._abroad_of: Counter[Plan] = Counter()
        self._candidates: dict[tuple[tuple[str, ...], bool, str | None], list[Buyer]] = {}

    def starts(self, deals: int) -> list[list[Start]]:
        """Units of deals that belong together (mostly one), oldest first; each deal has a chance of its own."""
        units: list[list[Start]] = []
        roles = plans(deals, Random(f"{self._seed}/plans"))
        special = set(SPECIAL)
        order = sorted(range(len(roles)), key=lambda place: (roles[place][0] not in special, roles[place][1], place))
        place = 0
        while place < len(order):
            plan, days = roles[order[place]]
            units.append(self._unit(plan, days, order[place]))
            place += plan.size
        return sorted(units, key=lambda unit: -unit[0].days)

    def _unit(self, plan: Plan, days: int, place: int) -> list[Start]:
        chance = Random(f"{self._seed}/deal/{place}")
        entities = self._entities(plan, chance)
        buyer = self._buyer(plan, entities, chance)
        fate = chance.choice(plan.fates)
        currency = plan.currency or (self._abroad if len(entities) > 1 else entities[0]).currency
        return [
            Start(plan, fate, buyer, entities, currency, days, Random(f"{self._seed}/deal/{place}/{member}"))
            for member in range(plan.size)
        ]

    def _entities(self, plan: Plan, chance: Random) -> tuple[Entity, ...]:
        if plan.where == "both":
            self._take(plan)
            return (self._home, self._abroad)
        wishes_abroad = plan.where == "abroad" or (plan.where == "any" and chance.random() > _AT_HOME)
        if self._left is None:
            return (self._abroad,) if wishes_abroad else (self._home,)
        if plan.where != "home" and self._left >= plan.size and self._is_wanted_abroad(plan, wishes=wishes_abroad):
            self._take(plan)
            return (self._abroad,)
        return (self._home,)

    def _is_wanted_abroad(self, plan: Plan, *, wishes: bool) -> bool:
        """With few deals abroad, the first of each special kind go there, and of the ordinary ones the newest."""
        return self._abroad_of[plan] < _SPECIAL_ABROAD // min(plan.size, 2) if plan in SPECIAL else wishes

    def _take(self, plan: Plan) -> None:
        self._abroad_of[plan] += 1
        if self._left is not None:
            self._left -= plan.size

    def _buyer(self, plan: Plan, entities: tuple[Entity, ...], chance: Random) -> Buyer:
        is_new = plan.gap in ("draft", "unbooked") and chance.random() < _NOT_ONBOARDED
        instances = () if is_new else tuple(entity.instance for entity in entities)
        key = (instances, plan.gap == "erp_only_buyer", _CURRENCY_LAND.get(plan.currency or ""))
        if key not in self._candidates:
            self._candidates[key] = self._who(*key)
        candidates = self._candidates[key]
        # A few customers buy much and many buy little.
        return candidates[int(len(candidates) * chance.random() ** 1.6)]

    def _who(self, instances: tuple[str, ...], only_in_erp: bool, land: str | None) -> list[Buyer]:
        """Buyers with accounts in all these instances (none: in no instance), of that country where there are any."""
        found = []
        for buyer in self._buyers.values():
            held = {account.instance for account in buyer.accounts}
            fits = held.issuperset(instances) if instances else not held
            if fits and (buyer.crm_key is None) == only_in_erp:
                found.append(buyer)
        return [buyer for buyer in found if buyer.billing.country == land] or found
