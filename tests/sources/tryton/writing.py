"""What the tests of Tryton's writing side ask for, and a look at what became of it that does not go by the adapter."""

from __future__ import annotations

import itertools
import json
import urllib.request
from decimal import Decimal
from typing import Any

import msgspec

from canonical.customer import Address
from canonical.intake import Amendment, CustomerRequest, LineChange, LineRequest, OrderAcknowledgment, OrderRequest
from sources.tryton.sandbox.serve import Reached
from tests.sources.tryton.sandbox.asking import ask, told

_numbers = itertools.count(1)
CUSTOMER = "17100074"
"""In good standing: it owes nothing and may owe 50,000."""
VALVES, ACTUATORS, ANALYSIS = "AC-30", "AC-75", "ANA-1"
"""Two things and a service."""


def reference(kind: str = "ORD") -> str:
    return f"RG-{kind}-{next(_numbers)}"


def line(sku: str = VALVES, quantity: int = 4, **more: Any) -> LineRequest:
    return LineRequest(sku=sku, quantity=Decimal(quantity), **more)


def order(*lines: LineRequest, **more: Any) -> OrderRequest:
    """Cheap unless its lines say otherwise: many of them fit under one credit limit."""
    request = OrderRequest(
        reference=reference(),
        legal_entity_code="US01",
        customer_key=CUSTOMER,
        currency_code="USD",
        lines=lines or (line(unit_price=Decimal(5)), line(ANALYSIS, 1, unit_price=Decimal(5))),
    )
    return msgspec.structs.replace(request, **more)


def amendment(of: OrderAcknowledgment, **more: Any) -> Amendment:
    return Amendment(reference=reference("AMD"), order_key=of.order.key, legal_entity_code="US01", **more)


def change(key: str, quantity: int | None = None, **more: Any) -> LineChange:
    return LineChange(key=key, quantity=None if quantity is None else Decimal(quantity), **more)


def newcomer(**more: Any) -> CustomerRequest:
    number = next(_numbers)
    request = CustomerRequest(
        reference=f"RGC{number:08d}",
        legal_entity_code="US01",
        name="Nova Water, Inc.",
        currency_code="USD",
        billing_address=Address("1 Main St", "Columbus", "43004", "OH", "US"),
        crm_key=f"0015g{number:013d}",
        email="ap@nova.example",
        tax_number="12-3456789",
    )
    return msgspec.structs.replace(request, **more)


def sales(erp: Reached, carried: str) -> list[dict[str, Any]]:
    """Every sale with our reference, as Tryton itself tells it."""
    fields = ("number", "state", "reference", "comment", "total_amount", "lines.quantity", "lines.taxes.rate")
    more = ("shipments.number", "shipments.state", "shipments.outgoing_moves.quantity", "invoices.state")
    found: list[dict[str, Any]] = ask(erp, "sale.sale", (*fields, *more), [["description", "=", carried]])
    for sale in found:
        sale["lines"].sort(key=lambda each: each["id"])
    return found


def quantities(sale: dict[str, Any]) -> list[float]:
    return [each["quantity"] for each in sale["lines"]]


def tell(erp: Reached, method: str, path: str, body: object = None) -> Any:
    """Do something in Tryton, as a clerk there would."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{erp.base_url}/{erp.database}/rest/model/{path}", content, method=method)
    request.add_header("Authorization", f"Bearer {erp.application_key}")
    request.add_header("X-Tryton-Context", told({"company": erp.company}))
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = response.read()
    return json.loads(answer) if answer else None


def enter(erp: Reached, request: OrderRequest) -> int:
    """A draft of two lines with this order's reference, typed in by a clerk. Its id."""
    [party] = ask(erp, "party.party", ("addresses",), [["code", "=", request.customer_key]])
    place = dict.fromkeys(("invoice_address", "shipment_address"), party["addresses"][0])
    goods = ask(erp, "product.product", ("sale_uom",), [["code", "in", [VALVES, ACTUATORS]]])
    lines = [
        {"product": each["id"], "unit": each["sale_uom"], "quantity": 1.0, "unit_price": amount("5"), "sequence": place}
        for place, each in enumerate(goods, 1)
    ]
    values = {"party": party["id"], "description": request.reference, "lines": [["create", lines]], **place}
    return int(tell(erp, "POST", "sale.sale", values)["id"])


def ship(erp: Reached, carried: str, quantity: int) -> None:
    """Send so many of the first thing that is waiting to be sent, and keep the rest back."""
    [sale] = sales(erp, carried)
    [waiting] = [each for each in sale["shipments"] if each["state"] == "waiting"]
    first, *others = waiting["outgoing_moves"]
    tell(erp, "POST", f"stock.shipment.out/{waiting['id']}/draft", {})
    tell(erp, "PUT", f"stock.move/{first['id']}", {"quantity": float(quantity)})
    for other in others:
        tell(erp, "DELETE", f"stock.move/{other['id']}")
    for button in ("wait", "assign_try", "pack", "ship", "do"):
        tell(erp, "POST", f"stock.shipment.out/{waiting['id']}/{button}", {})


def amount(value: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": value}
