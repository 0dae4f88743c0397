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
        everyone = list(self._buyers.values())
        known_here = [b for b in everyone if _has_accounts(b, entities)]
        if plan.gap == "erp_only_buyer":
            candidates = [b for b in known_here if b.crm_key is None]
        elif plan.gap in ("draft", "unbooked") and chance.random() < 0.15:
            candidates = [b for b in everyone if not b.accounts] or known_here
        else:
            candidates = [b for b in known_here if b.crm_key is not None]
        land = _CURRENCY_LAND.get(plan.currency or "")
        candidates = [b for b in candidates if b.billing.country == land] or candidates
        # A few customers buy much and many buy little.
        return candidates[int(len(candidates) * chance.random() ** 1.6)]


def _has_accounts(buyer: Buyer, entities: tuple[Entity, ...]) -> bool:
    return {entity.instance for entity in entities} <= {account.instance for account in buyer.accounts}
