"""Looking whether an SAP system is well: reachable, authorised, its services switched on, and which fields it lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from canonical.errors import Fault, ProblemCategory, Throttled, Unavailable
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.metadata import Metadata
from sources.kit.odata.query import Query, Shape
from sources.ports import Checkup, Finding
from sources.s4hana import invoices, ledgers, masters, orders, shipments
from sources.s4hana.bookings import SIMULATED_SET
from sources.s4hana.client import S4Client
from sources.s4hana.faults import NotThere, Said
from sources.s4hana.services import (
    BILLING,
    CREDIT,
    DELIVERIES,
    LEDGER,
    ORDERS,
    PARTNERS,
    PRODUCTS,
    REQUIRED,
    SIMULATION,
    Service,
)
from sources.s4hana.settings import Settings
from sources.s4hana.shapes import (
    ACCOUNT,
    BALANCES,
    BILLED_ITEM,
    PRODUCT,
    customer_shape,
    delivery_shape,
    order_shape,
)
from sources.s4hana.shapes import BILLING as DOCUMENT
from sources.s4hana.shapes import CREDIT as CREDIT_SHAPE
from sources.s4hana.shapes import LEDGER as LINE

_LINES: Final = ("sku", "description", "unit", "unit_price", "amount", "tax", "starts_on", "parent_key")
EVERYTHING: Final = Wanted.of(
    *(f"lines.{name}" for name in _LINES),
    *("customer_key", "quote_key", "purchase_order_number", "requested_delivery_date", "currency_code"),
    *("subtotal", "tax", "total", "shipments", "invoices", "holds", "status"),
    *("billing_address", "shipping_address", "customer.name", "customer.billing_address"),
)
"""Every field of a record that some question can read."""


def reads(settings: Settings) -> dict[Service, list[Query]]:
    """Every read that the adapter can send, at its widest: what a system must have to answer everything."""
    return {
        ORDERS: [Query(orders.SET, order_shape(EVERYTHING, settings))],
        DELIVERIES: [Query(shipments.HEADERS, delivery_shape(settings)), Query(shipments.ITEMS, shipments.REFERENCE)],
        BILLING: [
            Query(invoices.HEADERS, DOCUMENT),
            Query(invoices.ITEMS, BILLED_ITEM),
            Query(invoices.ITEMS, invoices.BILL_NUMBER),
        ],
        LEDGER: [Query(ledgers.SET, LINE), Query(ledgers.SET, BALANCES)],
        PARTNERS: [
            Query(masters.PARTNER_SET, customer_shape(EVERYTHING, settings, companies=True)),
            Query(masters.CUSTOMER_SET, ACCOUNT),
        ],
        PRODUCTS: [Query(masters.PRODUCT_SET, PRODUCT), Query(masters.DESCRIPTION_SET, masters.NAME)],
        CREDIT: [Query(settings.credit_account_set, CREDIT_SHAPE)] if settings.credit else [],
    }


def writes(settings: Settings) -> dict[Service, list[Query]]:
    """Every field that the adapter writes: what a system must have to take everything."""
    head = [*settings.partner_fields(), settings.purchase_order_field, settings.amendment_field]
    items = [*settings.item_fields(), settings.line_place_field, "HigherLevelItem", "SalesDocumentRjcnReason"]
    prices = ("ConditionType", "ConditionRateValue", "ConditionCurrency")
    order = [
        *filter(None, head),
        *(f"to_Item/{name}" for name in items if name),
        *(f"to_Item/to_PricingElement/{name}" for name in prices),
        "to_Item/to_ScheduleLine/RequestedDeliveryDate",
    ]
    partner = [settings.customer_reference_field, "to_Customer/to_CustomerSalesArea/Currency"]
    if settings.identification_type:
        partner.append("to_BuPaIdentification/BPIdentificationNumber")
    return {
        ORDERS: [Query(orders.SET, Shape.of(*order))],
        PARTNERS: [Query(masters.PARTNER_SET, Shape.of(*partner))],
    }


class Doctor:
    """Looks at one system."""

    def __init__(self, client: S4Client, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Ask through this client; `clock` measures seconds."""
        self._client, self._settings, self._clock = client, settings, clock

    async def check(self, call: Call, *, thorough: bool) -> Checkup:
        """One small authorised call; thorough also the metadata of each service. Never raises a Fault."""
        began = self._clock()
        try:
            await self._client.ping(call, ORDERS)
        except Fault as fault:
            latency = None if isinstance(fault, Unavailable) else self._since(began)
            finding = self._finding(ORDERS, fault)
            return Checkup(
                status=SystemHealth.DEGRADED if isinstance(fault, Throttled) else SystemHealth.DOWN,
                latency_ms=latency,
                calls_remaining=None,
                message=fault.sentence,
                findings=(finding, *(await self._services(call) if thorough and latency is not None else ())),
            )
        latency = self._since(began)
        findings = await self._services(call) if thorough else ()
        ill = [finding for finding in findings if not finding.well]
        return Checkup(
            status=SystemHealth.DEGRADED if ill else SystemHealth.UP,
            latency_ms=latency,
            calls_remaining=None,
            message=ill[0].advice if ill else None,
            findings=findings,
        )

    def _since(self, began: float) -> int:
        return round((self._clock() - began) * 1000)

    async def _services(self, call: Call) -> tuple[Finding, ...]:
        findings: list[Finding] = []
        for service in (*REQUIRED, *((CREDIT,) if self._settings.credit else ())):
            findings += await self._service(call, service)
        if self._settings.writes:
            findings.append(await self._simulation(call))
        return tuple(findings)

    async def _simulation(self, call: Call) -> Finding:
        """An empty order is simulated: refused as incomplete by whoever lets us ask, and nothing is kept either way."""
        name = f"service for {SIMULATION.title}"
        try:
            await self._client.simulate(call, SIMULATION, SIMULATED_SET, {})
        except Said as said:
            if said.messages and said.category is not ProblemCategory.PERMISSION:
                return Finding(name=name, well=True)
            return self._finding(SIMULATION, said)
        except Fault as fault:
            return self._finding(SIMULATION, fault)
        return Finding(name=name, well=True)

    async def _service(self, call: Call, service: Service) -> list[Finding]:
        """One 403 or 404 says nothing of the other services: each is switched on by an arrangement of its own."""
        try:
            metadata = await self._client.metadata(call, service)
        except Fault as fault:
            return [self._finding(service, fault)]
        missing = sorted({path for query in reads(self._settings)[service] for path in _missing(query, metadata)})
        lacks = (
            f"It lacks {', '.join(missing)}: an older release. What is read from them stays empty." if missing else None
        )
        found = [Finding(name=f"service for {service.title}", well=True, advice=lacks)]
        return [*found, *self._writable(service, metadata)]

    def _writable(self, service: Service, metadata: Metadata) -> list[Finding]:
        """Whether everything that is written there has its field; what is written to no field would be refused."""
        if not self._settings.writes:
            return []
        missing = sorted(
            {path for query in writes(self._settings).get(service, []) for path in _missing(query, metadata)}
        )
        if not missing:
            return []
        advice = (
            f"It lacks {', '.join(missing)}: what is written there would be refused. Name other fields in the settings,"
            " leave them empty, or switch writing off (setting writes)."
        )
        return [Finding(name=f"fields for new {service.title}", well=False, advice=advice)]

    def _finding(self, service: Service, fault: Fault) -> Finding:
        name = f"service for {service.title}"
        if service is CREDIT and isinstance(fault, NotThere):
            return Finding(
                name=name, well=True, advice="Not published here: credit limits stay empty (setting credit)."
            )
        return Finding(name=name, well=False, advice=_advice(service, fault))


def _advice(service: Service, fault: Fault) -> str:
    scenario = f"communication scenario {service.scenario}" if service.scenario else "the communication scenario of it"
    switch_on = (
        f"Switch {service.name} on: on public cloud by an arrangement for {scenario}, on-premise by activating it."
    )
    if isinstance(fault, NotThere):
        return f"{fault.sentence} {switch_on}"
    if fault.category is ProblemCategory.PERMISSION:
        return f"{fault.sentence} Check user and password, and its authorisations. {switch_on}"
    return fault.sentence


def _missing(query: Query, metadata: Metadata) -> Iterator[str]:
    entity = metadata.sets.get(query.entity_set)
    if entity is None:
        yield query.entity_set
        return
    kept = set(_all(query.shape.known_to(metadata, entity)))
    yield from (f"{query.entity_set}/{path}" for path in _all(query.shape) if path not in kept)


def _all(shape: Shape) -> Iterator[str]:
    return shape.paths()
