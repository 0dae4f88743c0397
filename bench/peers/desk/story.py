"""What the desk knows: one order a day, and what became of it, the same in every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

FIRST_DAY = date(2016, 1, 1)
ORDERS = 4_000
CUSTOMERS = 400
CRM, ERP = "crm", "erp"

_PLACES = (("Hamburg", "DE"), ("Lyon", "FR"), ("Austin", "US"), ("Osaka", "JP"), ("Leeds", "GB"))
_THINGS = (("RG-100", "Edge router"), ("RG-240", "Core switch"), ("RG-310", "Rack, 42 units"), ("RG-S01", "Support"))
_CARRIERS = ("DHL", "UPS", "Kuehne+Nagel")

Record = Mapping[str, Any]


def day_of(number: int) -> date:
    """The day on which an order was placed."""
    return FIRST_DAY + timedelta(days=number)


def number_on(day: date) -> int:
    """The order of a day."""
    return (day - FIRST_DAY).days


def crm_key(number: int) -> str:
    """An order's key in the CRM."""
    return f"801{number:015d}"


def erp_key(number: int) -> str:
    """An order's key in the ERP."""
    return f"{4_500_000_000 + number}"


def sale(number: int) -> Record:
    """An order as the CRM tells it, with its account."""
    customer = number * 7 % CUSTOMERS
    city, country = _PLACES[customer % len(_PLACES)]
    return {
        "Id": crm_key(number),
        "OrderNumber": f"{number:08d}",
        "Status": "Activated",
        "OrderedAt": f"{day_of(number)}T08:{number % 60:02d}:00",
        "PoNumber": f"PO-{number * 31 % 100_000:05d}",
        "ErpNumber": f"SO-{number:07d}",
        "Entity": _entity(number),
        "Account": {
            "Id": f"001{customer:015d}",
            "Name": f"{city} Works {customer}",
            "BillingStreet": f"{customer + 1} Station Road",
            "BillingCity": city,
            "BillingPostalCode": f"{20_000 + customer}",
            "BillingCountry": country,
        },
    }


def booking(number: int) -> Record:
    """The same order as the ERP keeps it, with its lines."""
    lines = [_line(number, position) for position in range(_line_count(number))]
    cents = sum(_cents(number, position) for position in range(len(lines)))
    return {
        "key": erp_key(number),
        "number": f"SO-{number:07d}",
        "state": "void" if number % 10 == 3 else "open",
        "hold": "credit" if number % 10 == 4 else "",
        "entered": f"{day_of(number)}T09:30:00",
        "crm_ref": crm_key(number),
        "entity": _entity(number),
        "deliver_on": f"{day_of(number) + timedelta(days=14)}",
        "currency": _currency(number),
        "gross": _amount(cents),
        "lines": lines,
    }


def shipments(number: int) -> Sequence[Record]:
    """What left: nothing yet, a part, in two halves, or everything at once."""
    whole, state = list(range(_line_count(number))), number % 10
    if state in (0, 3, 4):
        return ()
    if state == 1:
        return (_shipment(number, 0, whole[:2]),)
    if state == 2:
        return (_shipment(number, 0, whole[:1]), _shipment(number, 1, whole[1:]))
    return (_shipment(number, 0, whole),)


def invoices(number: int) -> Sequence[Record]:
    """What was billed: nothing yet, everything at once, or in two halves."""
    whole, state = list(range(_line_count(number))), number % 10
    if state in (0, 1, 3, 4):
        return ()
    if state == 6:
        return (_invoice(number, 0, whole[:1], "cleared"), _invoice(number, 1, whole[1:], "cleared"))
    return (_invoice(number, 0, whole, {2: "open", 5: "part"}.get(state, "cleared")),)


def payments(number: int) -> Sequence[Record]:
    """What was paid of each invoice, oldest first: an order that is paid in part has two instalments."""
    found = []
    for place, bill in enumerate(invoices(number)):
        total = round(float(bill["gross"]) * 100)
        parts = {"open": (), "part": (total // 4, total // 4)}.get(bill["state"], (total,))
        found += [_payment(number, bill["key"], 2 * place + part, cents) for part, cents in enumerate(parts)]
    return found


def _shipment(number: int, part: int, positions: Sequence[int]) -> Record:
    gone = day_of(number) + timedelta(days=3 + part)
    return {
        "key": f"{8_000_000_000 + 2 * number + part}",
        "number": f"DL-{2 * number + part:07d}",
        "order": erp_key(number),
        "entity": _entity(number),
        "state": "received" if number % 3 else "gone",
        "carrier": _CARRIERS[number % len(_CARRIERS)],
        "tracking": f"TR{number * 97 % 1_000_000:06d}{part}",
        "gone_at": f"{gone}T14:05:00",
        "lines": [
            {"line": line["pos"], "sku": line["sku"], "qty": line["qty"], "unit": line["unit"]}
            for line in (_line(number, position) for position in positions)
        ],
    }


def _invoice(number: int, part: int, positions: Sequence[int], state: str) -> Record:
    cents = sum(_cents(number, position) for position in positions)
    left = {"open": cents, "part": cents - 2 * (cents // 4)}.get(state, 0)
    issued = day_of(number) + timedelta(days=5)
    return {
        "key": f"{9_000_000_000 + 2 * number + part}",
        "number": f"RE-{2 * number + part:07d}",
        "state": state,
        "order": erp_key(number),
        "entity": _entity(number),
        "issued": f"{issued}",
        "due": f"{issued + timedelta(days=30)}",
        "currency": _currency(number),
        "gross": _amount(cents),
        "left": _amount(left),
        "lines": [{"line": line["pos"], "qty": line["qty"]} for line in (_line(number, p) for p in positions)],
    }


def _payment(number: int, invoice: str, part: int, cents: int) -> Record:
    return {
        "key": f"{1_400_000_000 + 4 * number + part}",
        "number": f"PY-{4 * number + part:07d}",
        "invoice": invoice,
        "means": "transfer" if number % 2 else "card",
        "at": f"{day_of(number) + timedelta(days=20 + part)}T11:00:00",
        "currency": _currency(number),
        "amount": _amount(cents),
    }


def _line(number: int, position: int) -> Record:
    sku, text = _THINGS[(number + position) % len(_THINGS)]
    units = 1 + (number + position) % 5
    return {
        "pos": f"{10 * (position + 1)}",
        "sku": sku,
        "text": text,
        "qty": f"{units}.000",
        "unit": "EA",
        "price": _amount(_cents(number, position) // units),
        "net": _amount(_cents(number, position)),
    }


def _line_count(number: int) -> int:
    return 3 if number % 10 in (5, 6) else 4


def _cents(number: int, position: int) -> int:
    units = 1 + (number + position) % 5
    return units * (2_500 + (number * 13 + position * 7_919) % 90_000)


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}0"


def _entity(number: int) -> str:
    return ("DE10", "US10")[number % 2]


def _currency(number: int) -> str:
    return ("EUR", "USD")[number % 2]
