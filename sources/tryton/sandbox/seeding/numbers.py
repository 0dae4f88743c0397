"""Sequences that go on where the tale's numbers end, so that what is entered later gets a number of its own."""

from __future__ import annotations

from collections.abc import Iterable

from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Tale


def go_on(erp: Erp, tale: Tale) -> None:
    """Set the next number of sales, shipments, returns and parties above the highest that the tale gave."""
    deliveries = [delivery.number for sale in tale.sales for delivery in sale.deliveries]
    _next(erp, "Sale", (sale.number for sale in tale.sales))
    _next(erp, "Customer Shipment", deliveries)
    _next(erp, "Customer Return Shipment", deliveries)
    _next(erp, "Party", (customer.code for customer in tale.customers))


def _next(erp: Erp, kind: str, given: Iterable[str]) -> None:
    highest = max((int(number) for number in given if number.isdigit()), default=0)
    sequences = erp.model("ir.sequence").search([("sequence_type.name", "=", kind)])
    if not sequences:
        raise LookupError(f"Tryton has no sequence for {kind}.")
    # A thousand apart: numbers of the tale and later ones are told from each other at a glance.
    erp.model("ir.sequence").write(sequences, {"number_next": (highest // 1000 + 1) * 1000 + 1})
