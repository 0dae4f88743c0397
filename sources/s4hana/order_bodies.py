"""Orders in SAP's words, as they are sent: to be booked, to be simulated, and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from canonical.customer import Address
from canonical.errors import ProblemCategory
from canonical.intake import LineRequest, OrderRequest
from sources.kit.odata.literals import written_day
from sources.s4hana.selling import SalesArea
from sources.s4hana.sendable import Body, Path, Sendable, below
from sources.s4hana.settings import Settings

PURCHASE_ORDER: Final = "purchase_order_number"
STEP: Final = 10
"""Items are numbered by us, in steps of ten as people are used to: a line names its parent by its number."""
HUNDRED: Final = Decimal(100)


class OrderBodies:
    """Writes orders for one system; what has no place there is Refused, never left out."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings
        self._sendable = Sendable(system, settings)

    def order(self, request: OrderRequest, area: SalesArea) -> Body:
        """An order with all its lines, to be created in one piece."""
        if not request.lines:
            raise self._sendable.refused("An order needs at least one line.")
        settings, held = self._settings, self._sendable.held
        body = {**self._head(request, area), **held(settings.reference_field, request.reference, "our reference")}
        if request.purchase_order_number:
            body |= self.purchase_order(request.purchase_order_number)
        if request.crm_order_key and settings.crm_key_field:
            body |= held(settings.crm_key_field, request.crm_order_key, "the CRM's key of the order")
        if partners := self._partners(request):
            body["to_Partner"] = partners
        return {**body, "to_Item": self.items(request.lines, request.currency_code)}

    def simulation(self, request: OrderRequest, area: SalesArea) -> Body:
        """The same order as the simulation takes it: empty navigations ask for what it would come to."""
        lines = zip(request.lines, self._numbers(0, len(request.lines)), strict=True)
        items = [
            {**self._line(line, number, request.lines, 0), "to_ScheduleLine": [], "to_PricingElement": prices}
            for line, number in lines
            for prices in [self._prices(line, request.currency_code, _place(number, 0))]
        ]
        return {**self._head(request, area), "to_Pricing": {}, "to_Credit": {}, "to_Item": items}

    def items(self, lines: Sequence[LineRequest], currency: str, behind: int = 0) -> list[Body]:
        """Lines as items, numbered behind the highest number that the order has."""
        numbers = self._numbers(behind, len(lines))
        return [self._item(line, number, lines, behind, currency) for line, number in zip(lines, numbers, strict=True)]

    def purchase_order(self, number: str) -> Body:
        """The customer's own number, beside our reference."""
        field = self._settings.purchase_order_field
        if field == self._settings.reference_field:
            sentence = f"{self._system} keeps our reference where the customer's purchase order number would go."
            raise self._sendable.refused(sentence, ProblemCategory.ROUTING, (PURCHASE_ORDER,))
        return self._sendable.held(field, number, "the purchase order number", (PURCHASE_ORDER,))

    def structure(self, starts_on: date | None, ends_on: date | None, segment: int | None = None) -> Body:
        """What a line is besides a product and a quantity: its days, its place in a ramp."""
        settings, held = self._settings, self._sendable.held
        body: Body = {}
        if starts_on is not None:
            body |= held(settings.line_start_field, written_day(starts_on), "the first day of a line")
        if ends_on is not None:
            body |= held(settings.line_end_field, written_day(ends_on), "the last day of a line")
        if segment is not None:
            body |= held(settings.line_segment_field, str(segment), "the segment of a line")
        return body

    def price(self, unit_price: Decimal, currency: str, at: Path = ()) -> Body:
        """The condition that sets the price of one unit."""
        rate = self._sendable.rate(unit_price, below(at, "unit_price"))
        kind = self._settings.price_condition_type
        return {"ConditionType": kind, "ConditionRateValue": rate, "ConditionCurrency": currency}

    def _head(self, request: OrderRequest, area: SalesArea) -> Body:
        body: Body = {
            "SalesOrderType": area.order_type,
            "SalesOrganization": area.organization,
            "DistributionChannel": area.channel,
            "OrganizationDivision": area.division,
            "SoldToParty": request.customer_key,
            "TransactionCurrency": request.currency_code,
        }
        if request.requested_delivery_date is not None:
            body["RequestedDeliveryDate"] = written_day(request.requested_delivery_date)
        return body

    def _partners(self, request: OrderRequest) -> list[Body]:
        """The customer again, where it is to be delivered or billed at another address than its own."""
        settings = self._settings
        ways = ((settings.ship_to_function, "ship_to"), (settings.bill_to_function, "bill_to"))
        given = ((function, name, request.ship_to if name == "ship_to" else request.bill_to) for function, name in ways)
        return [self._partner(function, request.customer_key, at, name) for function, name, at in given if at]

    def _partner(self, function: str, customer: str, address: Address, name: str) -> Body:
        postal = self._sendable.postal(address, (name,))
        # On an order the second line of a street goes by another name than at a business partner.
        further = {"StreetSuffixName1": postal.pop("StreetSuffixName")} if "StreetSuffixName" in postal else {}
        written = {"AddressRepresentationCode": "", **postal, **further}
        return {"PartnerFunction": function, "Customer": customer, "to_Address": [written]}

    def _item(self, line: LineRequest, number: int, lines: Sequence[LineRequest], behind: int, currency: str) -> Body:
        settings = self._settings
        body = {**self._line(line, number, lines, behind), **self.structure(line.starts_on, line.ends_on, line.segment)}
        if settings.line_place_field:
            body[settings.line_place_field] = str(number)
        if line.source_key:
            body |= self._sendable.held(settings.line_reference_field, line.source_key, "the CRM's key of a line")
        if prices := self._prices(line, currency, _place(number, behind)):
            body["to_PricingElement"] = prices
        return body

    def _line(self, line: LineRequest, number: int, lines: Sequence[LineRequest], behind: int) -> Body:
        body: Body = {
            "SalesOrderItem": str(number),
            "Material": line.sku,
            "RequestedQuantity": self._sendable.quantity(line.quantity, (*_place(number, behind), "quantity")),
        }
        if line.parent is not None:
            numbers = self._numbers(behind, len(lines))
            if not 0 <= line.parent < len(numbers) or numbers[line.parent] == number:
                raise self._sendable.refused(f"The line of {line.sku} names a bundle that is not in the order.")
            body["HigherLevelItem"] = str(numbers[line.parent])
        return body

    def _prices(self, line: LineRequest, currency: str, at: Path) -> list[Body]:
        own = [] if line.unit_price is None else [self.price(line.unit_price, currency, at)]
        if not line.discount_percent:
            return own
        kind = self._settings.discount_condition_type
        if kind:
            rate = self._sendable.rate(-line.discount_percent, (*at, "discount_percent"))
            return [*own, {"ConditionType": kind, "ConditionRateValue": rate}]
        if line.unit_price is None:
            sentence = f"A discount on {self._system}'s own price needs the setting discount_condition_type."
            raise self._sendable.refused(sentence, ProblemCategory.PRICING, (*at, "discount_percent"))
        return [self.price(line.unit_price * (HUNDRED - line.discount_percent) / HUNDRED, currency, at)]

    def _numbers(self, behind: int, count: int) -> range:
        return range(_first(behind), _first(behind) + count * STEP, STEP)


def _first(behind: int) -> int:
    return behind // STEP * STEP + STEP


def _place(number: int, behind: int) -> Path:
    """Where in the input a line stands; those behind others are the ones that an amendment adds."""
    return ("add" if behind else "lines", str((number - _first(behind)) // STEP))
