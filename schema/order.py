"""Orders: the one order over all systems, its lines, bookings, status and timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical import joined
from canonical.wanted import Wanted
from engine.seam import batch, derived
from resolvers import forecast_fields as forecast
from resolvers import (
    identities,
    integration_exceptions,
    legal_entities,
    order_status,
    orders,
    submissions,
    subscriptions,
)
from resolvers import lineage as origins
from resolvers import timeline as timelines
from resolvers.context import Context
from schema.customer import Customer
from schema.enums import FulfillmentStatus, HoldKind, InvoicingStatus, OrderPaymentStatus, OrderStatus, TimelineKind
from schema.legal_entity import LegalEntity
from schema.lineage import FieldConflict, FieldLineage
from schema.quote import Quote
from schema.scalars import Cursor, EventCursor
from schema.timeline import TimelineConnection
from schema.values import Money, Node, PageInfo, SourceGap, SystemReference

if TYPE_CHECKING:
    from schema.integration_exception import IntegrationException
    from schema.invoice import Invoice, PaymentApplication
    from schema.shipment import Shipment
    from schema.submission import Submission


async def _timeline(
    context: Context,
    parents: Sequence[joined.Order],
    wanted: Wanted,
    first: int = 100,
    after: Cursor | None = None,
    kinds: list[TimelineKind] | None = None,
    newest_first: bool = False,
) -> Sequence[object]:
    chosen = tuple(kinds) if kinds is not None else None
    return await timelines.timelines_of(context, parents, wanted, first, after, chosen, newest_first)


async def _lineage_of(
    context: Context, parents: Sequence[joined.Order], wanted: Wanted, fields: list[str] | None = None
) -> Sequence[object]:
    return await origins.of_orders(context, parents, wanted, fields)


@strawberry.type
class SystemStatus:
    """A system's own word for where its record stands."""

    system: str
    status: str
    at: datetime | None


@strawberry.type
class Hold:
    """Something that blocks an order."""

    kind: HoldKind
    reason: str | None
    system: str
    since: datetime | None
    owner: str | None


@strawberry.type
class Booking:
    """An order's part in the books of one legal entity."""

    legal_entity: LegalEntity = batch(legal_entities.of_parents, needs=["legal_entity_code"])
    erp: str
    order_number: str | None
    state: str | None
    booked_at: datetime | None
    reference: SystemReference | None


@strawberry.type
class OrderLine:
    """One line of an order."""

    id: strawberry.ID = derived(identities.order_line_id, needs=["order", "key"])
    number: str | None
    sku: str | None
    description: str | None
    quantity: Decimal | None
    unit: str | None
    unit_price: Money | None
    amount: Money | None
    tax: Money | None
    legal_entity: LegalEntity | None = batch(legal_entities.of_parents, needs=["legal_entity_code"])
    starts_on: date | None
    ends_on: date | None
    segment: int | None
    parent_line_id: strawberry.ID | None = derived(identities.order_line_parent, needs=["parent_key"])
    shipped_quantity: Decimal | None = batch(
        order_status.shipped_quantities_of, needs=["fulfillment_facts"], reads=forecast.shipments_of_lines
    )
    invoiced_quantity: Decimal | None = batch(
        order_status.invoiced_quantities_of, needs=["invoicing_facts"], reads=forecast.billed_of_lines
    )


@federated(keys=["id", "crmId"])
class Order(Node):
    """One order over all systems."""

    id: strawberry.ID = derived(identities.order_id, needs=["ref"], description="Never changes, at booking or later.")
    crm_id: strawberry.ID | None
    number: str | None = strawberry.field(
        description="The number people use: the ERP's once booked in one ERP, the CRM's otherwise."
    )
    references: list[SystemReference]
    status: OrderStatus | None = batch(
        order_status.status_of,
        needs=["fulfillment_facts", "invoicing_facts", "payment_facts"],
        reads=forecast.status_of_orders,
        description="One lifecycle over all systems; docs/order-status.md has the precedence.",
    )
    fulfillment_status: FulfillmentStatus | None = batch(
        order_status.fulfillment_status_of, needs=["fulfillment_facts"], reads=forecast.shipments_of_orders
    )
    invoicing_status: InvoicingStatus | None = batch(
        order_status.invoicing_status_of, needs=["invoicing_facts"], reads=forecast.billed_of_orders
    )
    payment_status: OrderPaymentStatus | None = batch(
        order_status.payment_status_of, needs=["payment_facts"], reads=forecast.billed_of_orders
    )
    system_statuses: list[SystemStatus] = strawberry.field(description="Each system's own word for it.")
    holds: list[Hold] | None
    customer: Customer | None = batch(
        orders.customers_of, needs=["customer", "customer_key"], reads=forecast.customers_of_orders
    )
    quote: Quote | None = batch(orders.quotes_of, needs=["quote_key"], reads=forecast.quotes_of_orders)
    bookings: list[Booking] | None = strawberry.field(
        description="A deal over several legal entities is one order with several bookings."
    )
    purchase_order_number: str | None
    ordered_at: datetime | None
    requested_delivery_date: date | None
    subtotal: Money | None
    tax: Money | None
    total: Money | None
    lines: list[OrderLine] | None
    shipments: list[Annotated[Shipment, strawberry.lazy("schema.shipment")]] | None = batch(
        orders.shipments_of, reads=forecast.shipments_of_orders
    )
    invoices: list[Annotated[Invoice, strawberry.lazy("schema.invoice")]] | None = batch(
        orders.invoices_of, reads=forecast.invoices_of_orders
    )
    payments: list[Annotated[PaymentApplication, strawberry.lazy("schema.invoice")]] | None = batch(
        orders.payments_of,
        needs=["payment_applications"],
        reads=forecast.invoices_of_orders,
        description="What was applied to this order's invoices: a payment over five orders shows each order its part.",
    )
    exceptions: list[Annotated[IntegrationException, strawberry.lazy("schema.integration_exception")]] | None = batch(
        integration_exceptions.of_orders, needs=["ref"]
    )
    submissions: list[Annotated[Submission, strawberry.lazy("schema.submission")]] | None = batch(
        submissions.of_orders, needs=["ref"]
    )
    timeline: TimelineConnection | None = batch(
        _timeline,
        needs=["timeline_facts", "quote_key"],
        reads=forecast.timelines_of_orders,
        most=forecast.timeline_page,
        description="Oldest first unless asked otherwise.",
    )
    lineage: list[FieldLineage] = batch(_lineage_of, needs=["every_record"])
    conflicts: list[FieldConflict] | None = batch(origins.conflicts_of_orders, needs=["every_record"])
    version: str | None = strawberry.field(
        description="Changes whenever any system's facts change; for amendOrder(expectedVersion:)."
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, joined.Order)


@strawberry.type
class OrderEdge:
    """An order in a page."""

    cursor: Cursor
    node: Order


@strawberry.type
class OrderConnection:
    """A page of orders."""

    edges: list[OrderEdge]
    nodes: list[Order]
    page_info: PageInfo
    gaps: list[SourceGap]
    resume_from: EventCursor = batch(subscriptions.resume_from)
