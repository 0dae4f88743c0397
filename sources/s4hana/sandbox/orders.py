"""What a sales order computes and adds when it is saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sources.s4hana.sandbox.checks import Checks
from sources.s4hana.sandbox.credit import HELD, OVER_LIMIT, check_credit
from sources.s4hana.sandbox.deep import Values
from sources.s4hana.sandbox.parties import add_parties
from sources.s4hana.sandbox.pricing import Pricing
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.refusal import Message
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import DAY_MS, Stored, micros

SERVICE: Final = "SERV"
UNITS: Final[dict[str, Values]] = {
    shown: {
        "RequestedQuantityUnit": shown,
        "RequestedQuantitySAPUnit": inside,
        "RequestedQuantityISOUnit": iso,
    }
    for shown, inside, iso in (("PC", "ST", "PCE"), ("EA", "EA", "EA"))
}
"""What an item is counted in, where its order does not say."""
# What every order with a requested date says, though nothing is wrong with it.
DATE_NOISE: Final = Message("SLS_LORD/025", "Requested delivery date was taken over to the items.", "warning")
INCOMPLETE: Final = Message("SLS_LORD/009", "Document is incomplete", "warning")


class Orders:
    """The order book of one system."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self._sets = store.sets
        self._now = now
        self._pricing = Pricing(store)
        self.checks = Checks(store, now)

    def create(self, number: Stored) -> list[Message]:
        """Complete an order just inserted: dates, partners, items, statuses. Gives the warnings."""
        order = self._sets["A_SalesOrder"]
        where = equal("SalesOrder", number)
        rows = self._store.select(order, ["SoldToParty", "RequestedDeliveryDate"], where)
        sold_to, requested = rows[0]
        today = micros(self._now) // 1000 // DAY_MS * DAY_MS
        stamp: Values = {"CreationDate": today, "SalesOrderDate": today, "CreatedByUser": "REVGRAPH"}
        waiting = {"OverallSDProcessStatus": "A", "OverallTotalDeliveryStatus": "A", "TotalCreditCheckStatus": "A"}
        self._store.update(order, {**stamp, **waiting}, where)
        add_parties(self._store, self._sets, number, sold_to)
        priced = self.complete(number)
        status = check_credit(self._store, number)
        self._store.update(order, {"TotalCreditCheckStatus": status}, where)
        told = [DATE_NOISE] if requested is not None else []
        told += [] if priced else [INCOMPLETE]
        return [*told, OVER_LIMIT] if status == HELD else told

    def complete(self, number: Stored) -> bool:
        """Give items what they lack: parents that exist, category, schedule lines, prices. Whether all have a price."""
        where = equal("SalesOrder", number)
        self.checks.parents(number)
        columns = ["RequestedDeliveryDate", "TransactionCurrency", "PurchaseOrderByCustomer"]
        requested, currency, reference = self._store.select(self._sets["A_SalesOrder"], columns, where)[0]
        items = self._sets["A_SalesOrderItem"]
        self._store.update(items, {"TransactionCurrency": currency}, where)
        unnamed = where & equal("PurchaseOrderByCustomer", "")
        self._store.update(items, {"PurchaseOrderByCustomer": reference}, unnamed)
        self._categorize(where)
        self._add_schedule_lines(number, requested)
        priced = self._pricing.determine(number)
        self.settle(number)
        return priced

    def settle(self, number: Stored) -> None:
        """Compute amounts, rejection and process statuses anew, and stamp the change."""
        where = equal("SalesOrder", number)
        items = self._sets["A_SalesOrderItem"]
        total, rejected = 0, 0
        rows = self._store.select(items, ["SalesOrderItem", "RequestedQuantity", "SalesDocumentRjcnReason"], where)
        for item, quantity, reason in rows:
            one = where & equal("SalesOrderItem", item)
            amounts = self._pricing.amounts(one, int(quantity or 0))
            change: Values = {"SDProcessStatus": "C"} if reason else {}
            if amounts is not None:
                change["NetAmount"], tax = amounts
                change |= {"TaxAmount": tax} if "TaxAmount" in items.by_name else {}
            if change:
                self._store.update(items, change, one)
            rejected += bool(reason)
            amount = self._store.select(items, ["NetAmount"], one)[0][0]
            total += 0 if reason else int(amount or 0)
        status = "A" if not rejected else "C" if rejected == len(rows) else "B"
        header: Values = {"TotalNetAmount": total, "OverallSDDocumentRejectionSts": status}
        if status == "C":
            header["OverallSDProcessStatus"] = "C"
        self._store.update(self._sets["A_SalesOrder"], {**header, **self._stamp(where)}, where)

    def reschedule(self, number: Stored, item: Stored) -> None:
        """Let the first schedule line of an item follow its quantity."""
        where = equal("SalesOrder", number) & equal("SalesOrderItem", item)
        lines = self._sets["A_SalesOrderScheduleLine"]
        quantity = self._store.select(self._sets["A_SalesOrderItem"], ["RequestedQuantity"], where)[0][0]
        for line, sent in self._store.select(lines, ["ScheduleLine", "DeliveredQtyInOrderQtyUnit"], where, limit=1):
            amounts: Values = {
                "ScheduleLineOrderQuantity": quantity,
                "ConfdOrderQtyByMatlAvailCheck": quantity,
                "OpenConfdDelivQtyInOrdQtyUnit": int(quantity or 0) - int(sent or 0),
            }
            self._store.update(lines, amounts, where & equal("ScheduleLine", line))

    def _stamp(self, where: Clause) -> Values:
        """A change moves the time stamp, even when two changes fall into one tick of the clock."""
        before = self._store.select(self._sets["A_SalesOrder"], ["LastChangeDateTime"], where)[0][0]
        stamp = max(micros(self._now), int(before or 0) + 1)
        return {"LastChangeDateTime": stamp, "LastChangeDate": stamp // 1000 // DAY_MS * DAY_MS}

    def _categorize(self, where: Clause) -> None:
        """Say of each new item what it is; a service is never delivered."""
        items, products = self._sets["A_SalesOrderItem"], self._store.sets["A_Product"]
        columns = ["SalesOrderItem", "Material", "HigherLevelItem"]
        rows = self._store.select(items, columns, where & equal("SalesOrderItemCategory", ""))
        parents = {row[0] for row in self._store.select(items, ["HigherLevelItem"], where)}
        for item, material, parent in rows:
            known = self._store.select(products, ["ProductType", "BaseUnit"], equal("Product", material))
            service = bool(known) and known[0][0] == SERVICE
            kind = "TAD" if service else "TAE" if str(parent).strip("0") else "TAQ" if item in parents else "TAN"
            waiting = "" if service else "A"
            values: Values = {"SalesOrderItemCategory": kind, "DeliveryStatus": waiting, "SDProcessStatus": "A"}
            units = UNITS.get(str(known[0][1]), {}) if known else {}
            self._store.update(items, {**values, **units}, where & equal("SalesOrderItem", item))

    def _add_schedule_lines(self, number: Stored, requested: Stored) -> None:
        lines = self._sets["A_SalesOrderScheduleLine"]
        items = self._sets["A_SalesOrderItem"]
        day = requested if requested is not None else micros(self._now + timedelta(days=7)) // 1000 // DAY_MS * DAY_MS
        where = equal("SalesOrder", number)
        delivered = where & Clause("\"DeliveryStatus\" <> ''")
        for item, quantity in self._store.select(items, ["SalesOrderItem", "RequestedQuantity"], delivered):
            if self._store.count(lines, where & equal("SalesOrderItem", item)):
                continue
            line: Values = {"SalesOrder": number, "SalesOrderItem": item, "ScheduleLine": "0001"}
            dates: Values = {"RequestedDeliveryDate": day, "ConfirmedDeliveryDate": day}
            amounts: Values = {
                "ScheduleLineOrderQuantity": quantity,
                "ConfdOrderQtyByMatlAvailCheck": quantity,
                "OpenConfdDelivQtyInOrdQtyUnit": quantity,
            }
            self._store.insert(lines, {**line, **dates, **amounts})
