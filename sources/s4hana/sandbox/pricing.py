"""What the items of an order cost: from the conditions they carry, and from the company's price list and tax rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from sources.s4hana.sandbox.deep import Values
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.refusal import Refusal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import Stored

PRICES: Final = frozenset({"PPR0", "PR00"})
PRICE: Final = "PPR0"
TAX: Final = "TTX1"
_CENT: Final = Decimal("0.01")
_RATE: Final = ["PricingProcedureStep", "PricingProcedureCounter", "ConditionType", "ConditionRateValue"]


class Pricing:
    """Prices orders of one system."""

    def __init__(self, store: Store) -> None:
        self._store, self._sets = store, store.sets
        self._conditions = store.sets["A_SalesOrderItemPrElement"]

    def determine(self, number: Stored) -> bool:
        """Give each item the price and tax conditions that it lacks; whether every item has a price then.

        An item without price is refused where the company has a price list, else its order is incomplete.
        """
        where, priced = equal("SalesOrder", number), True
        order = self._sets["A_SalesOrder"]
        columns = ["TransactionCurrency", "SalesOrganization", "SoldToParty"]
        currency, organization, customer = self._store.select(order, columns, where)[0]
        rate = self._tax_rate(organization, customer)
        for item, material in self._store.select(self._sets["A_SalesOrderItem"], ["SalesOrderItem", "Material"], where):
            one = where & equal("SalesOrderItem", item)
            key: Values = {"SalesOrder": number, "SalesOrderItem": item}
            kinds = {row[0] for row in self._store.select(self._conditions, ["ConditionType"], one)}
            if not kinds & PRICES:
                priced &= self._add_price(key, material, currency)
            if rate is not None and TAX not in kinds:
                step: Values = {"PricingProcedureStep": "890", "PricingProcedureCounter": "001"}
                kind: Values = {"ConditionType": TAX, "ConditionClass": "D", "ConditionRateValue": rate}
                self._store.insert(self._conditions, {**key, **step, **kind, "ConditionCalculationType": "A"})
        return priced

    def amounts(self, where: Clause, quantity: int) -> tuple[int, int] | None:
        """Net amount and tax that an item's conditions come to, in thousandths; None where it has no price."""
        found = self._store.select(self._conditions, [*_RATE, "ConditionQuantity", "ConditionClass"], where)
        prices = [row for row in found if row[2] in PRICES]
        if not prices:
            return None
        net = Decimal(0)
        for step, counter, _, rate, per, _ in prices:
            amount = self._rate(rate) * Decimal(quantity).scaleb(-3) / (int(per or 0) or 1)
            net += amount.quantize(_CENT)
            self._told(where, step, counter, amount.quantize(_CENT), "B")
        for step, counter, kind, rate, _, of_class in found:
            if kind not in PRICES and of_class != "D":
                off = (net * self._rate(rate) / 100).quantize(_CENT)
                self._told(where, step, counter, off, "A")
                net += off
        tax = Decimal(0)
        for step, counter, _, rate, _, of_class in found:
            if of_class == "D":
                amount = (net * self._rate(rate) / 100).quantize(_CENT)
                tax += amount
                self._told(where, step, counter, amount, "D")
        return int(net.scaleb(3)), int(tax.scaleb(3))

    def _add_price(self, key: Values, material: Stored, currency: Stored) -> bool:
        listed = self._sets["PRICE_LIST"]
        where = equal("Material", material) & equal("ConditionCurrency", currency)
        rows = self._store.select(listed, ["ConditionRateValue"], where)
        if rows:
            step: Values = {"PricingProcedureStep": "010", "PricingProcedureCounter": "001", "ConditionClass": "B"}
            price: Values = {"ConditionType": PRICE, "ConditionRateValue": rows[0][0], "ConditionCurrency": currency}
            self._store.insert(self._conditions, {**key, **step, **price})
            return True
        if self._store.count(listed, Clause()):
            item = str(key["SalesOrderItem"]).lstrip("0")
            raise Refusal(400, "V1/810", f"Pricing error in item {item}: mandatory condition {PRICE} is missing")
        return False

    def _tax_rate(self, organization: Stored, customer: Stored) -> Stored:
        """The rate for a customer of the organization's own country, nothing for others; None where nobody said.

        Refused where others have a rate and this organization has none: tax is a mandatory condition then (V1/801).
        """
        told = self._store.select(
            self._sets["TAX_RATE"],
            ["Country", "ConditionRateValue"],
            equal("SalesOrganization", organization),
        )
        if not told:
            if self._store.count(self._sets["TAX_RATE"], Clause()):
                raise Refusal(400, "V1/801", f"Pricing error: Mandatory condition {TAX} is missing")
            return None
        country, rate = told[0]
        places = self._sets["A_BusinessPartnerAddress"]
        home = self._store.select(places, ["Country"], equal("BusinessPartner", customer), '"AddressID"', limit=1)
        return rate if home and home[0][0] == country else 0

    def _told(self, where: Clause, step: Stored, counter: Stored, amount: Decimal, of_class: str) -> None:
        one = where & equal("PricingProcedureStep", step) & equal("PricingProcedureCounter", counter)
        values: Values = {"ConditionAmount": int(amount.scaleb(3)), "ConditionClass": of_class}
        self._store.update(self._conditions, values, one)

    def _rate(self, rate: Stored) -> Decimal:
        return Decimal(int(rate or 0)).scaleb(-9)
