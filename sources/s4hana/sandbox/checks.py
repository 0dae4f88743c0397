"""What an order is refused for when it is saved: what is missing, unknown, blocked or too late.

Master data is checked only where this system holds any of that kind. The message numbers are not all the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sources.s4hana.sandbox.deep import Body
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.refusal import Refusal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import DAY_MS, Stored, keeper, micros, padded

REQUIRED: Final = ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision", "SoldToParty")
UNITS: Final = ("RequestedQuantityUnit", "RequestedQuantitySAPUnit", "RequestedQuantityISOUnit")
DONE: Final = "C"


class Checks:
    """Looks at what is to be saved, and raises the refusal that it deserves."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._sets, self._now = store, store.sets, now

    def order(self, body: Body) -> None:
        """A new order: its organization, its customer, its date."""
        for name in REQUIRED:
            if not body.get(name):
                raise Refusal(400, "SLS_LORD/009", f"Document is incomplete: {name} is missing.")
        customer = str(body["SoldToParty"])
        area = [str(body[name]) for name in REQUIRED[1:4]]
        otherwise = f"Sold-to party {customer} not maintained for sales area {' '.join(area)}"
        self._must_exist("A_Customer", customer, "VP/199", otherwise)
        self._open_for_orders(customer, area, otherwise)
        self.date("A_SalesOrder", body)

    def item(self, item: Body) -> None:
        """An item: one unit, a material that exists and may be sold."""
        if sum(bool(item.get(unit)) for unit in UNITS) > 1:
            raise Refusal(400, "SLS_LORD/005", "Only one unit of the requested quantity may be given.")
        material = str(item.get("Material") or "")
        if not material:
            return
        self._must_exist("A_Product", material, "V1/301", f"Material {material} is not defined for the sales area")
        product = self._sets["A_Product"]
        columns = ["CrossPlantStatus", "IsMarkedForDeletion"]
        for status, deleted in self._store.select(product, columns, self._keyed(product, material)):
            if status or deleted:
                raise Refusal(400, "V1/028", f"Material {material} has status {status or 'deleted'}: no sales allowed")

    def date(self, name: str, body: Body) -> None:
        """A requested day: none that has passed."""
        given = body.get("RequestedDeliveryDate")
        if given is None:
            return
        try:
            day = keeper(self._sets[name].by_name["RequestedDeliveryDate"])(given)
        except ValueError:
            return  # told as a value that does not fit, where the entity is saved
        if int(day or 0) < micros(self._now) // 1000 // DAY_MS * DAY_MS:
            raise Refusal(400, "V1/302", "The requested delivery date lies in the past")

    def delivered(self, order: Stored, item: Stored, changes: Mapping[str, Stored]) -> None:
        """A change of an item: not below what was delivered, and no rejection of what was."""
        lines = self._sets["A_SalesOrderScheduleLine"]
        where = equal("SalesOrder", order) & equal("SalesOrderItem", item)
        sent = sum(int(row[0] or 0) for row in self._store.select(lines, ["DeliveredQtyInOrderQtyUnit"], where))
        shown = str(item).lstrip("0")
        if sent and changes.get("SalesDocumentRjcnReason"):
            raise Refusal(400, "V1/478", f"Item {shown} has been delivered already: no rejection possible")
        quantity = changes.get("RequestedQuantity")
        if quantity is not None and int(quantity) < sent:
            raise Refusal(400, "V1/346", f"Item {shown}: the quantity is below what has been delivered already")

    def parents(self, order: Stored) -> None:
        """Every item that is part of another names one of its own order."""
        items = self._sets["A_SalesOrderItem"]
        rows = self._store.select(items, ["SalesOrderItem", "HigherLevelItem"], equal("SalesOrder", order))
        numbers = {number for number, _ in rows}
        for number, parent in rows:
            if str(parent).strip("0") and parent not in numbers:
                shown = f"{str(number).lstrip('0')}: higher-level item {str(parent).lstrip('0')}"
                raise Refusal(400, "V1/391", f"Item {shown} does not exist")

    def _open_for_orders(self, customer: str, area: list[str], otherwise: str) -> None:
        areas = self._sets["A_CustomerSalesArea"]
        keyed = self._keyed(areas, customer)
        names = ("SalesOrganization", "DistributionChannel", "Division")
        for name, value in zip(names, area, strict=True):
            keyed &= equal(name, value)
        blocks = self._store.select(areas, ["OrderIsBlockedForCustomer"], keyed)
        if not blocks and self._store.count(areas, Clause()):
            raise Refusal(400, "VP/199", otherwise)
        central = self._sets["A_Customer"]
        blocks += self._store.select(central, ["OrderIsBlockedForCustomer"], self._keyed(central, customer))
        if any(block for (block,) in blocks):
            raise Refusal(400, "V1/152", f"Sold-to party {customer} is blocked for orders")

    def _must_exist(self, name: str, key: str, code: str, otherwise: str) -> None:
        entity = self._sets[name]
        if not self._store.count(entity, self._keyed(entity, key)) and self._store.count(entity, Clause()):
            raise Refusal(400, code, otherwise)

    def _keyed(self, entity: EntitySet, key: str) -> Clause:
        return equal(entity.keys[0].name, padded(entity.keys[0], key))
