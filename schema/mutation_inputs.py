"""What people hand in, and how it becomes what they want done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import strawberry

from canonical import integration_exception as exceptions
from canonical.customer import Address
from canonical.intent import CreateCustomer, LineAsked
from resolvers.naming_intents import AmendmentAsked, LineChangeNamed, OrderAsked
from schema import paths
from schema.inputs import CustomerBy, ReferenceInput, customer_named, ref


@strawberry.input
class AddressInput:
    """A postal address."""

    country: str = strawberry.field(description="Two letters, ISO 3166.")
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None


@strawberry.input(
    description="A ramp is several lines of one sku with segments and days. `source` is the line it comes from, "
    "`parentSource` the bundle's line that it is part of."
)
class SubmitOrderLineInput:
    """One line of an order."""

    sku: str
    quantity: Decimal
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    source: ReferenceInput | None = None
    parent_source: ReferenceInput | None = None
    legal_entity: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    segment: int | None = None
    requested_delivery_date: date | None = None


@strawberry.input
class SubmitOrderInput:
    """An order to be booked."""

    customer: CustomerBy
    currency_code: str
    lines: list[SubmitOrderLineInput]
    source: ReferenceInput | None = strawberry.field(
        default=None,
        description="The CRM's order, quote or opportunity it comes from; written back to when booked.",
    )
    legal_entity: str | None = strawberry.field(
        default=None, description="Left out, the landscape's routing decides, line by line."
    )
    purchase_order_number: str | None = None
    requested_delivery_date: date | None = None
    ship_to: AddressInput | None = None
    bill_to: AddressInput | None = None


@strawberry.input
class ChangeLineInput:
    """New values for a line; what is left out stays."""

    id: strawberry.ID
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    requested_delivery_date: date | None = None


@strawberry.input
class AmendOrderInput:
    """Changes to an order that is booked, all or none."""

    add_lines: list[SubmitOrderLineInput] | None = None
    change_lines: list[ChangeLineInput] | None = None
    remove_lines: list[strawberry.ID] | None = None
    requested_delivery_date: date | None = None
    purchase_order_number: str | None = None


@strawberry.input
class CreateCustomerInput:
    """A customer to be created in the books of a legal entity."""

    name: str
    legal_entity: str
    currency_code: str
    billing_address: AddressInput
    source: ReferenceInput | None = None
    email: str | None = None
    tax_number: str | None = None


@strawberry.input(description="The path that a Problem named, and the value to use instead.")
class CorrectionInput:
    """A corrected value."""

    field: list[str]
    value: str


def order_asked(given: SubmitOrderInput) -> OrderAsked:
    """The same order in canonical form."""
    return OrderAsked(
        customer=customer_named(given.customer),
        currency_code=given.currency_code,
        lines=_lines(given.lines),
        source=ref(given.source),
        legal_entity=given.legal_entity,
        purchase_order_number=given.purchase_order_number,
        requested_delivery_date=given.requested_delivery_date,
        ship_to=_address(given.ship_to) if given.ship_to else None,
        bill_to=_address(given.bill_to) if given.bill_to else None,
    )


def amendment_asked(given: AmendOrderInput, expected_version: str | None) -> AmendmentAsked:
    """The same change in canonical form."""
    return AmendmentAsked(
        add=_lines(given.add_lines or ()),
        change=tuple(_change(one) for one in given.change_lines or ()),
        remove=tuple(str(one) for one in given.remove_lines or ()),
        requested_delivery_date=given.requested_delivery_date,
        purchase_order_number=given.purchase_order_number,
        expected_version=expected_version,
    )


def customer_asked(given: CreateCustomerInput) -> CreateCustomer:
    """The same customer in canonical form."""
    return CreateCustomer(
        name=given.name,
        legal_entity=given.legal_entity,
        currency_code=given.currency_code,
        billing_address=_address(given.billing_address),
        source=ref(given.source),
        email=given.email,
        tax_number=given.tax_number,
    )


def corrections_asked(given: Sequence[CorrectionInput] | None) -> tuple[exceptions.Correction, ...]:
    """The same corrections in canonical form."""
    return tuple(exceptions.Correction(paths.meant(one.field), one.value) for one in given or ())


def _lines(given: Sequence[SubmitOrderLineInput]) -> tuple[LineAsked, ...]:
    return tuple(
        LineAsked(
            sku=one.sku,
            quantity=one.quantity,
            unit_price=one.unit_price,
            discount_percent=one.discount_percent,
            source=ref(one.source),
            parent_source=ref(one.parent_source),
            legal_entity=one.legal_entity,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            segment=one.segment,
            requested_delivery_date=one.requested_delivery_date,
        )
        for one in given
    )


def _change(given: ChangeLineInput) -> LineChangeNamed:
    return LineChangeNamed(
        id=str(given.id),
        quantity=given.quantity,
        unit_price=given.unit_price,
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        requested_delivery_date=given.requested_delivery_date,
    )


def _address(given: AddressInput) -> Address:
    return Address(given.street, given.city, given.postal_code, given.region, given.country)
