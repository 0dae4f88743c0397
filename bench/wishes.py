"""What is handed in in a run, from a seed: orders for one legal entity or two, and changes of some of them later."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BUYERS = """query($after: Cursor) { customers(first: 40, after: $after) {
  nodes { crmId billingAccounts { legalEntity { code } credit { onHold } } } pageInfo { hasNextPage endCursor }
} }"""
VALIDATE = "query($input: SubmitOrderInput!) { validateOrder(input: $input) { valid } }"
BOOKS = {"DE01": "EUR", "US01": "USD"}
SKUS = ("AC-30", "PS-12")
PRICE = "5"
"""Cheap, so that many fit under one credit limit."""
ENOUGH = 24
"""Offers of a kind that are looked for; a kind is whose books take it."""
ACROSS = "USD"
"""The currency of orders over both legal entities: one ERP knows no other."""

Input = Mapping[str, Any]
Ask = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Wish:
    """What was handed in under one key: quantities by article, for so many legal entities."""

    quantities: Mapping[str, Decimal]
    legs: int = 1


@dataclass(frozen=True)
class Change:
    """What was handed in later, under a key of its own, for the order of another key; no quantities: it is called off.

    What is not named stays as it is.
    """

    key: str
    of: str
    quantities: Mapping[str, Decimal] | None


async def fetch_offers(ask: Ask) -> list[Input]:
    """Inputs that the systems would take: for each customer one a legal entity, and one over both."""
    told = (await ask(BUYERS, after=None))["customers"]["nodes"]
    found: dict[str, list[Input]] = {}
    for one in (offer for buyer in told for offer in _offers(buyer)):
        kind = "+".join(sorted({line["legalEntity"] for line in one["lines"]}))
        held = found.setdefault(kind, [])
        if len(held) < ENOUGH and (await ask(VALIDATE, input=one))["validateOrder"]["valid"]:
            held.append(one)
    return [offer for held in found.values() for offer in held]


def orders_of(offers: Sequence[Input], seed: int, number: int, wrong: float) -> dict[str, Input]:
    """So many inputs by key; a part of them with an article that nobody sells."""
    chance = random.Random(seed)
    orders: dict[str, Input] = {}
    for place in range(number):
        chosen = chance.choice(offers)
        across = len({line["legalEntity"] for line in chosen["lines"]}) > 1
        most = len(chosen["lines"]) if across else chance.randint(1, len(chosen["lines"]))
        lines = [{**line, "quantity": str(chance.randint(1, 3))} for line in chosen["lines"][:most]]
        if chance.random() < wrong:
            lines.append({**lines[-1], "sku": "NO-SUCH", "quantity": "1"})
        orders[f"order-of-chaos:{seed}:{place:05}"] = {**chosen, "lines": lines}
    return orders


def changes_of(orders: Mapping[str, Input], seed: int, part: float) -> list[Change]:
    """Changes of a part of the orders: new quantities once or twice, and now and then the end of it."""
    chance, changes = random.Random(f"{seed}:changes"), []
    for key, order in orders.items():
        if chance.random() >= part:
            continue
        skus = [line["sku"] for line in order["lines"]]
        for number in range(chance.randint(1, 2)):
            quantities = {sku: Decimal(chance.randint(4, 9)) for sku in skus}
            changes.append(Change(f"{key}:change{number}", key, quantities))
        if chance.random() < 1 / 3:
            changes.append(Change(f"{key}:end", key, None))
    return changes


def wish_of(order: Input) -> Wish:
    """What the books should show once it is booked."""
    lines = order["lines"]
    return Wish(
        {line["sku"]: Decimal(line["quantity"]) for line in lines}, len({line["legalEntity"] for line in lines})
    )


def _offers(buyer: Mapping[str, Any]) -> Iterator[Input]:
    held = {account["legalEntity"]["code"] for account in buyer["billingAccounts"] or ()}
    codes = [code for code in BOOKS if code in held]
    for code in codes:
        yield _offer(buyer, BOOKS[code], [(sku, code) for sku in SKUS])
    if len(codes) > 1:
        yield _offer(buyer, ACROSS, list(zip(SKUS, codes, strict=True)))


def _offer(buyer: Mapping[str, Any], currency: str, lines: Sequence[tuple[str, str]]) -> Input:
    asked = [{"sku": sku, "quantity": "1", "unitPrice": PRICE, "legalEntity": code} for sku, code in lines]
    return {"customer": {"crmId": buyer["crmId"]}, "currencyCode": currency, "lines": asked}
