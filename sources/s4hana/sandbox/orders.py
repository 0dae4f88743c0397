"""What a sales order checks and computes when it is saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sources.s4hana.sandbox.deep import Body, Values
from sources.s4hana.sandbox.model import Service
from sources.s4hana.sandbox.parties import add_parties
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.refusal import Message, Refusal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import DAY_MS, Stored, micros, padded

REQUIRED: Final = ("SalesOrderType", "SalesOrganization", "DistributionChannel", "OrganizationDivision", "SoldToParty")
UNITS: Final = ("RequestedQuantityUnit", "RequestedQuantitySAPUnit", "RequestedQuantityISOUnit")
PRICES: Final = frozenset({"PPR0", "PR00"})
# What every order with a requested date says, though nothing is wrong with it.
DATE_NOISE: Final = Message("SLS_LORD/025", "Requested delivery date was taken over to the items.", "warning")
INCOMPLETE: Final = Message("SLS_LORD/009", "Document is incomplete", "warning")


class Orders:
    """The order book of one system."""

    def __init__(self, store: Store, service: Service, now: datetime) -> None:
        self._store = store
        self._sets = service.by_name
        self._now = now

    def check(self, body: Body) -> None:
        """Refuse what no order can be saved with: missing organization, unknown customer or material, two units."""
        for name in REQUIRED:
            if not body.get(name):
                raise Refusal(400, "SLS_LORD/009", f"Document is incomplete: {name} is missing.")
        customer = str(body["SoldToParty"])
        area = " ".join(str(body[name]) for name in REQUIRED[1:4])
        self._must_exist("A_Customer", customer, f"Sold-to party {customer} not maintained for sales area {area}")

    def check_item(self, item: Body) -> None:
        """Refuse an item that names two units or a material that does not exist."""
        if sum(bool(item.get(unit)) for unit in UNITS) > 1:
            raise Refusal(400, "SLS_LORD/005", "Only one unit of the requested quantity may be given.")
        if material := item.get("Material"):
            self._must_exist("A_Product", str(material), f"Material {material} is not defined for the sales area")

    def create(self, number: Stored) -> list[Message]:
        """Complete an order just inserted: dates, partners, schedule lines, statuses. Gives the warnings."""
        order = self._sets["A_SalesOrder"]
        where = equal("SalesOrder", number)
        rows = self._store.select(order, ["SoldToParty", "TransactionCurrency", "RequestedDeliveryDate"], where)
        sold_to, currency, requested = rows[0]
        today = micros(self._now) // 1000 // DAY_MS * DAY_MS
        stamp: Values = {"CreationDate": today, "SalesOrderDate": today, "CreatedByUser": "REVGRAPH"}
        waiting = {"OverallSDProcessStatus": "A", "OverallTotalDeliveryStatus": "A", "TotalCreditCheckStatus": "A"}
        self._store.update(order, {**stamp, **waiting}, where)
        add_parties(self._store, self._sets, number, sold_to)
        items = self._sets["A_SalesOrderItem"]
        fresh: Values = {"TransactionCurrency": currency, "DeliveryStatus": "A"}
        self._store.update(items, fresh, where)
        self._add_schedule_lines(number, requested)
        self.settle(number)
        unpriced = self._store.count(items, where & equal("NetAmount", 0))
        return ([DATE_NOISE] if requested is not None else []) + ([INCOMPLETE] if unpriced else [])

    def settle(self, number: Stored) -> None:
        """Compute amounts, rejection and process statuses anew, and stamp the change."""
        where = equal("SalesOrder", number)
        items = self._sets["A_SalesOrderItem"]
        total, rejected = 0, 0
        rows = self._store.select(items, ["SalesOrderItem", "RequestedQuantity", "SalesDocumentRjcnReason"], where)
        for item, quantity, reason in rows:
            one = where & equal("SalesOrderItem", item)
            net = self._priced(one, int(quantity or 0))
            change: Values = {"SDProcessStatus": "C" if reason else "A"}
            self._store.update(items, change if net is None else {**change, "NetAmount": net}, one)
            rejected += bool(reason)
            amount = self._store.select(items, ["NetAmount"], one)[0][0]
            total += 0 if reason else int(amount or 0)
        status = "A" if not rejected else "C" if rejected == len(rows) else "B"
        header: Values = {"TotalNetAmount": total, "OverallSDDocumentRejectionSts": status}
        if status == "C":
            header["OverallSDProcessStatus"] = "C"
        self._store.update(self._sets["A_SalesOrder"], {**header, **self._stamp(where)}, where)

    def _stamp(self, where: Clause) -> Values:
        """A change moves the time stamp, even when two changes fall into one tick of the clock."""
        before = self._store.select(self._sets["A_SalesOrder"], ["LastChangeDateTime"], where)[0][0]
        stamp = max(micros(self._now), int(before or 0) + 1)
        return {"LastChangeDateTime": stamp, "LastChangeDate": stamp // 1000 // DAY_MS * DAY_MS}

    def _priced(self, where: Clause, quantity: int) -> int | None:
        """The net amount that the item's price conditions say, None where it has none (then the amount stays)."""
        conditions = self._sets["A_SalesOrderItemPrElement"]
        columns = ["PricingProcedureStep", "PricingProcedureCounter", "ConditionType", "ConditionRateValue"]
        found = self._store.select(conditions, columns, where)
        net = None
        for step, counter, kind, rate in found:
            if kind not in PRICES:
                continue
            amount = Decimal(int(rate or 0)).scaleb(-9) * Decimal(quantity).scaleb(-3)
            net = (net or 0) + int(amount.quantize(Decimal("0.01")).scaleb(3))
            one = where & equal("PricingProcedureStep", step) & equal("PricingProcedureCounter", counter)
            self._store.update(conditions, {"ConditionAmount": net, "ConditionClass": "B"}, one)
        return net

    def _add_schedule_lines(self, number: Stored, requested: Stored) -> None:
        lines = self._sets["A_SalesOrderScheduleLine"]
        items = self._sets["A_SalesOrderItem"]
        day = requested if requested is not None else micros(self._now + timedelta(days=7)) // 1000 // DAY_MS * DAY_MS
        where = equal("SalesOrder", number)
        for item, quantity in self._store.select(items, ["SalesOrderItem", "RequestedQuantity"], where):
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

    def _must_exist(self, name: str, key: str, otherwise: str) -> None:
        """Master data is checked only where this system holds any of that kind. The numbers are not the real ones."""
        entity = self._store.sets[name]
        prop = entity.keys[0]
        known = self._store.count(entity, equal(prop.name, padded(prop, key)))
        if not known and self._store.count(entity, Clause()):
            raise Refusal(400, "VP/199" if name == "A_Customer" else "V1/301", otherwise)
