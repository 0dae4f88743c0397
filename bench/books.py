"""The orders in each system's own file, read past the gateway and past the proxy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_SAP = """
select o.PurchaseOrderByCustomer, o.SalesOrder, i.Material, i.RequestedQuantity, i.SalesDocumentRjcnReason <> ''
from A_SalesOrder o join A_SalesOrderItem i on i.SalesOrder = o.SalesOrder where o.PurchaseOrderByCustomer glob 'RG*'
"""
_TRYTON = """
select s.description, coalesce(s.number, s.id), p.code, l.quantity, s.state from sale_sale s
left join sale_line l on l.sale = s.id left join product_product p on p.id = l.product where s.description glob 'RG*'
"""
_CRM = """
select Gateway_Key__c, Id, coalesce(ERP_Order_Number__c, '') from "Order"
where Gateway_Key__c glob 'RG*' and IsDeleted = 0
"""
_THOUSANDTHS = 1000
_HALF = ("draft", "quotation")


@dataclass(frozen=True)
class Booked:
    """One order of an ERP under a reference of ours: what it asks for by article, and whether it was called off.

    `half`: it was entered, and never became an order.
    """

    system: str
    reference: str
    number: str
    quantities: Mapping[str, Decimal]
    cancelled: bool = False
    half: bool = False


def fetch_booked(state: Path) -> list[Booked]:
    """Every order that carries a reference of ours, of all ERPs."""
    found = [one for path in sorted(state.glob("*.sqlite3")) for one in _sap(path)]
    return [*found, *(one for path in sorted(state.glob("*/erp.sqlite")) for one in _tryton(path))]


def count_orders(state: Path) -> int:
    """How many orders all ERPs have, whoever asked for them."""
    counted = [(path, "select count(*) from A_SalesOrder") for path in state.glob("*.sqlite3")]
    counted += [(path, "select count(*) from sale_sale") for path in state.glob("*/erp.sqlite")]
    return sum(int(number or 0) for path, asked in counted for (number,) in rows(path, asked))


def fetch_registered(state: Path) -> dict[str, list[tuple[str, str]]]:
    """The CRM's orders by our reference: each one's key, and the numbers that it was told."""
    registered: dict[str, list[tuple[str, str]]] = {}
    for reference, key, numbers in rows(next(state.glob("salesforce*.sqlite")), _CRM):
        registered.setdefault(str(reference), []).append((str(key), str(numbers)))
    return registered


def rows(path: Path, asked: str) -> list[tuple[str | int | float | None, ...]]:
    """What a file answers, without changing it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as file:
        return file.execute(asked).fetchall()


def keep_references_unique(state: Path) -> bool:
    """Make the index with which Tryton refuses a reference it has (sources/tryton/README.md); whether there is one."""
    found = list(state.glob("*/erp.sqlite"))
    for path in found:
        with closing(sqlite3.connect(path, timeout=30)) as file, file:
            file.execute(
                "create unique index if not exists revgraph_reference on sale_sale (company, description)"
                " where description is not null"
            )
    return bool(found)


def _sap(path: Path) -> Iterator[Booked]:
    for (reference, number), items in _by_order(rows(path, _SAP)):
        standing = [(sku, Decimal(int(quantity)) / _THOUSANDTHS) for sku, quantity, gone in items if not gone]
        # Stored with leading zeros, which no interface of it shows.
        yield Booked(path.stem, reference, number.lstrip("0"), _summed(standing), cancelled=not standing)


def _tryton(path: Path) -> Iterator[Booked]:
    for (reference, number), lines in _by_order(rows(path, _TRYTON)):
        state = lines[0][2]
        wanted = [(sku, Decimal(str(quantity))) for sku, quantity, _ in lines if sku and quantity]
        gone = state == "cancelled" or not wanted
        yield Booked(path.parent.name, reference, number, _summed(wanted), cancelled=gone, half=state in _HALF)


Line = tuple[str, str | int | float, str | int | float]


def _by_order(
    found: Sequence[tuple[str | int | float | None, ...]],
) -> Iterator[tuple[tuple[str, str], Sequence[Line]]]:
    held: dict[tuple[str, str], list[Line]] = {}
    for reference, number, sku, quantity, state in found:
        held.setdefault((str(reference), str(number)), []).append((str(sku or ""), quantity or 0, state or ""))
    yield from held.items()


def _summed(lines: Sequence[tuple[str, Decimal]]) -> dict[str, Decimal]:
    summed: dict[str, Decimal] = {}
    for sku, quantity in lines:
        summed[sku] = summed.get(sku, Decimal(0)) + quantity
    return summed
