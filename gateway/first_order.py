"""An order that the pretend company would take just now, found by asking its graph: for people to hand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Asks a query with variables; the answer's data."""

SALE: Final = """query ($id: ID!) { order(by: {id: $id}) {
  customer { crmId } total { currencyCode } lines { sku } bookings { legalEntity { code } }
} }"""
VALIDATE: Final = "query ($input: SubmitOrderInput!) { validateOrder(input: $input) { valid } }"
SUBMIT: Final = """mutation Submit($input: SubmitOrderInput!, $key: String!) {
  submitOrder(input: $input, idempotencyKey: $key) {
    replayed
    problems { code message field }
    submission { id state orders { id number status } steps { name state message } }
  }
}"""
MOST_LINES: Final = 2


def first_order(ask: Ask, ids: Sequence[str]) -> dict[str, Any] | None:
    """The input for an order like one of these, which the systems would take; None where they would take none."""
    for one in ids:
        sale = ask(SALE, {"id": one}).get("order")
        asked = _like(sale) if sale else None
        if asked and (ask(VALIDATE, {"input": asked}).get("validateOrder") or {}).get("valid"):
            return asked
    return None


def _like(sale: Mapping[str, Any]) -> dict[str, Any] | None:
    skus = list(dict.fromkeys(line["sku"] for line in sale["lines"] or () if line["sku"]))[:MOST_LINES]
    codes = {booking["legalEntity"]["code"] for booking in sale["bookings"] or ()}
    customer, total = sale["customer"] or {}, sale["total"] or {}
    if not skus or len(codes) != 1 or not customer.get("crmId") or not total.get("currencyCode"):
        return None
    return {
        "customer": {"crmId": customer["crmId"]},
        "currencyCode": total["currencyCode"],
        "legalEntity": codes.pop(),
        "lines": [{"sku": sku, "quantity": 1} for sku in skus],
    }
