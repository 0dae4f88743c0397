"""The two queries that everybody is asked, with other variables each time."""

from __future__ import annotations

import orjson

from bench.peers.desk import story
from canonical.identity import global_id
from canonical.refs import Ref

SIZE = 50
_MONEY = "{ amount currencyCode }"
ORDER = (
    "id number status orderedAt requestedDeliveryDate purchaseOrderNumber "
    f"customer {{ id name billingAddress {{ city country }} }} total {_MONEY} "
    f"lines {{ sku description quantity unit unitPrice {_MONEY} amount {_MONEY} }} "
    "shipments { number status carrier trackingNumber shippedAt lines { sku quantity } } "
    f"invoices {{ number status dueOn total {_MONEY} open {{ amount }} "
    f"payments {{ amount {_MONEY} appliedAt payment {{ number method }} }} }}"
)
PAGE = f"query Page($until: Date) {{ orders(first: {SIZE}, filter: {{orderedTo: $until}}) {{ nodes {{ {ORDER} }} }} }}"
ONE = f"query One($id: ID!) {{ order(by: {{id: $id}}) {{ id number total {_MONEY} }} }}"

_STRIDE = 1_237
"""Coprime to the number of pages, so that each variable comes once before any comes again."""


def until(turn: int) -> str:
    """The day that the page of a turn ends with; no two of 3,800 turns in a row share it."""
    return story.day_of(200 + turn * _STRIDE % (story.ORDERS - 200)).isoformat()


def one_id(turn: int) -> str:
    """The id of the order of a turn, anchored in the CRM."""
    return global_id("Order", Ref(story.CRM, story.crm_key(turn * _STRIDE % story.ORDERS)))


def fields_of(answer: bytes) -> int:
    """How many fields an answer's bytes hold."""
    return fields(orjson.loads(answer))


def fields(answer: object) -> int:
    """How many fields an answer has, at every depth."""
    if isinstance(answer, dict):
        return len(answer) + sum(map(fields, answer.values()))
    return sum(map(fields, answer)) if isinstance(answer, list) else 0
