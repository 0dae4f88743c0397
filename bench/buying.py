"""Clients that hand orders in over the graph, and do not let go until they know what became of each."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

SUBMIT = """mutation($input: SubmitOrderInput!, $key: String!) {
  submitOrder(input: $input, idempotencyKey: $key) {
    replayed problems { code } submission { id state }
  }
}"""
STATE = "query($key: String!) { submission(by: {idempotencyKey: $key}) { id state } }"
BUYERS = """query($after: Cursor) { customers(first: 40, after: $after) {
  nodes { crmId billingAccounts { legalEntity { code } credit { onHold } } } pageInfo { hasNextPage endCursor }
} }"""
VALIDATE = "query($input: SubmitOrderInput!) { validateOrder(input: $input) { valid } }"
BOOKS = {"DE01": "EUR", "US01": "USD"}
SKUS = ("AC-30", "PS-12")


@dataclass
class Asking:
    """A way to the graph."""

    session: aiohttp.ClientSession
    url: str
    token: str

    async def __call__(self, query: str, seconds: float = 15, **variables: Any) -> dict[str, Any]:
        """The answer's data; ConnectionError or TimeoutError where there is none."""
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            limit = aiohttp.ClientTimeout(total=seconds)
            async with self.session.post(self.url, json=body, headers=headers, timeout=limit) as response:
                told = await response.json()
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error
        if told.get("errors"):
            raise ConnectionError(str(told["errors"])[:300])
        found: dict[str, Any] = told["data"]
        return found


@dataclass
class Counted:
    """What the clients did and saw."""

    sent: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, str] = field(default_factory=dict)
    """The submission by key."""
    contradicted: list[str] = field(default_factory=list)
    """Keys that were answered with two submissions."""

    def heard(self, key: str, submission: str) -> None:
        """The answer to a key names this submission."""
        if self.accepted.setdefault(key, submission) != submission:
            self.contradicted.append(f"{key} was answered with two submissions")


async def fetch_offers(ask: Asking) -> list[dict[str, Any]]:
    """Inputs that the systems would take: one for each customer and legal entity."""
    told = (await ask(BUYERS, after=None))["customers"]["nodes"]
    offers = [
        {
            "customer": {"crmId": one["crmId"]},
            "currencyCode": BOOKS[account["legalEntity"]["code"]],
            "legalEntity": account["legalEntity"]["code"],
            "lines": [{"sku": sku, "quantity": 1} for sku in SKUS],
        }
        for one in told
        for account in one["billingAccounts"] or ()
        if account["legalEntity"]["code"] in BOOKS
    ]
    return [one for one in offers if (await ask(VALIDATE, input=one))["validateOrder"]["valid"]]


def orders_of(offers: Sequence[Mapping[str, Any]], seed: int, number: int, wrong: float) -> dict[str, dict[str, Any]]:
    """So many inputs by key; a part of them with an article that nobody sells."""
    chance = random.Random(seed)
    orders = {}
    for place in range(number):
        chosen = dict(chance.choice(offers))
        lines = [{"sku": sku, "quantity": chance.randint(1, 3)} for sku in SKUS[: chance.randint(1, len(SKUS))]]
        if chance.random() < wrong:
            lines.append({"sku": "NO-SUCH", "quantity": 1})
        orders[f"order-of-chaos:{seed}:{place:05}"] = {**chosen, "lines": lines}
    return orders


class Impatient:
    """A client that hangs up, sends twice, and sends again until its key is answered."""

    def __init__(self, ask: Asking, counted: Counted, seed: int, badly: float) -> None:
        """`badly`: the part of the attempts that go wrong on the way to us."""
        self.ask, self.counted, self.badly = ask, counted, badly
        self.chance = random.Random(seed)

    async def hand_in(self, key: str, wanted: Mapping[str, Any]) -> None:
        """Send until the key is answered with a submission."""
        while key not in self.counted.accepted:
            how = self.chance.choice(("hung up", "sent twice")) if self.chance.random() < self.badly else "sent"
            self.counted.sent[how] += 1
            match how:
                case "hung up":
                    await self._once(key, wanted, self.chance.uniform(0.005, 0.2))
                case "sent twice":
                    await asyncio.gather(self._once(key, wanted), self._once(key, wanted))
                case _:
                    await self._once(key, wanted)

    async def _once(self, key: str, wanted: Mapping[str, Any], seconds: float = 15) -> None:
        try:
            answer = (await self.ask(SUBMIT, seconds, input=wanted, key=key))["submitOrder"]
        except (ConnectionError, TimeoutError) as error:
            self.counted.problems[type(error).__name__] += 1
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))
            return
        if answer["submission"]:
            self.counted.heard(key, answer["submission"]["id"])
        elif any(problem["code"] == "IDEMPOTENCY_KEY_INVALID" for problem in answer["problems"]):
            raise ValueError(f"{key} is no key: {answer['problems']}")
        else:
            self.counted.problems.update(problem["code"] for problem in answer["problems"])
            await asyncio.sleep(self.chance.uniform(0.3, 1))


async def hand_all_in(clients: Sequence[Impatient], orders: Mapping[str, Mapping[str, Any]]) -> None:
    """All orders, each by one client, as many at once as there are clients."""
    left = iter(orders.items())

    async def one(client: Impatient) -> None:
        for key, wanted in left:
            await client.hand_in(key, wanted)

    await asyncio.gather(*[one(client) for client in clients])
