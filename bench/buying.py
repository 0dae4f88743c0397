"""Clients that hand orders and changes in over the graph, and do not let go until they know what became of each."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.wishes import Change

_PAYLOAD = "{ replayed problems { code } submission { id state } }"
SUBMIT = f"""mutation($input: SubmitOrderInput!, $key: String!) {{
  submitted: submitOrder(input: $input, idempotencyKey: $key) {_PAYLOAD} }}"""
AMEND = f"""mutation($order: OrderBy!, $input: AmendOrderInput!, $key: String!) {{
  submitted: amendOrder(order: $order, input: $input, idempotencyKey: $key) {_PAYLOAD} }}"""
CANCEL = f"""mutation($order: OrderBy!, $key: String!) {{
  submitted: cancelOrder(order: $order, reason: "It is not needed.", idempotencyKey: $key) {_PAYLOAD} }}"""
STATE = """query($key: String!) { submission(by: {idempotencyKey: $key}) { state settledAt } }"""
LINES = """query($key: String!) { submission(by: {idempotencyKey: $key}) { orders { id lines { id sku } } } }"""
LOOK_EVERY = 1.0
_ENDED = ("COMPLETED", "REFUSED", "FAILED")


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


class Impatient:
    """A client that hangs up, sends twice, and sends again until its key is answered."""

    def __init__(self, ask: Asking, counted: Counted, seed: int, badly: float) -> None:
        """`badly`: the part of the attempts that go wrong on the way to us."""
        self.ask, self.counted, self.badly = ask, counted, badly
        self.chance = random.Random(seed)

    async def hand_in(self, key: str, wanted: Mapping[str, Any]) -> None:
        """Send an order until the key is answered with a submission."""
        await self._send(key, SUBMIT, {"input": wanted})

    async def change(self, change: Change, *, called_off: Callable[[], bool]) -> bool:
        """Wait until the order is booked, hand the change in, and wait what becomes of it; whether it was handed in.

        An order that comes to nothing cannot be changed. `called_off`: whether it is too late to begin.
        """
        while (state := await self._state(change.of)) != "COMPLETED":
            if state in ("REFUSED", "FAILED") or called_off():
                return False
            await asyncio.sleep(LOOK_EVERY)
        order, lines = await self._until_told(change.of, change.quantities or ())
        of = {"order": {"id": order}}
        if change.quantities is None:
            await self._send(change.key, CANCEL, of)
        else:
            told = [{"id": lines[sku], "quantity": str(many)} for sku, many in change.quantities.items()]
            await self._send(change.key, AMEND, {**of, "input": {"changeLines": told}})
        while True:
            if await self._state(change.key) in _ENDED:
                return True
            await asyncio.sleep(LOOK_EVERY)

    async def _state(self, key: str) -> str | None:
        try:
            found = (await self.ask(STATE, key=key))["submission"]
        except (ConnectionError, TimeoutError) as error:
            self.counted.problems[type(error).__name__] += 1
            return None
        return str(found["state"]) if found else None

    async def _until_told(self, key: str, skus: Iterable[str]) -> tuple[str, dict[str, str]]:
        """The order's id, and those of its lines by article, as the systems show them: asked for until they all do."""
        while True:
            try:
                for order in (await self.ask(LINES, key=key))["submission"]["orders"]:
                    lines = {line["sku"]: line["id"] for line in order["lines"] or ()}
                    if set(skus) <= lines.keys():
                        return order["id"], lines
            except (ConnectionError, TimeoutError) as error:
                self.counted.problems[type(error).__name__] += 1
            await asyncio.sleep(self.chance.uniform(0.5, 1.5))

    async def _send(self, key: str, query: str, given: Mapping[str, Any]) -> None:
        while key not in self.counted.accepted:
            how = self.chance.choice(("hung up", "sent twice")) if self.chance.random() < self.badly else "sent"
            self.counted.sent[how] += 1
            match how:
                case "hung up":
                    await self._once(key, query, given, self.chance.uniform(0.005, 0.2))
                case "sent twice":
                    await asyncio.gather(self._once(key, query, given), self._once(key, query, given))
                case _:
                    await self._once(key, query, given)

    async def _once(self, key: str, query: str, given: Mapping[str, Any], seconds: float = 15) -> None:
        try:
            answer = (await self.ask(query, seconds, key=key, **given))["submitted"]
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


async def change_all(
    clients: Sequence[Impatient], changes: Sequence[Change], *, called_off: Callable[[], bool]
) -> list[Change]:
    """The changes that were handed in: those of one order one after the other, as many orders at once as clients."""
    orders = {change.of: [one for one in changes if one.of == change.of] for change in changes}
    left: Iterator[list[Change]] = iter(orders.values())
    done: list[Change] = []

    async def one(client: Impatient) -> None:
        for chain in left:
            for change in chain:
                if not await client.change(change, called_off=called_off):
                    break
                done.append(change)

    await asyncio.gather(*[one(client) for client in clients])
    return done
