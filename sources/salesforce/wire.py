"""The fields we read, as the REST API sends them: strict on what is here, silent on all else.

An attribute's API name is its Pascal case; those that an org names itself are put in by `shapes`. UNSET: not selected.
Amounts are taken as the exact decimals that the text says. Fields that an org names may be days or instants: text.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType

T = TypeVar("T")
Sent: TypeAlias = T | UnsetType | None


class Rows(Struct, Generic[T], frozen=True, rename="camel"):
    """One page of a query's answer, or of a child subquery inside a record."""

    records: list[T]
    done: bool
    total_size: int = 0
    next_records_url: str | None = None


class Id(Struct, frozen=True, rename="pascal"):
    """A record of which only the id is asked for."""

    id: str


class Touched(Struct, frozen=True, rename="pascal"):
    """A record of which only is asked when it was changed, and of a line to which order it belongs."""

    id: str
    system_modstamp: datetime
    order_id: Sent[str] = UNSET


class Product(Struct, frozen=True, rename="pascal"):
    """A product under a line, or on its own; `sku` and `unit` are named by the org's settings."""

    id: str | UnsetType = UNSET
    name: Sent[str] = UNSET
    sku: Sent[str] = UNSET
    unit: Sent[str] = UNSET
    family: Sent[str] = UNSET
    is_active: Sent[bool] = UNSET
    pricebook_entries: Sent[Rows[PricebookEntry]] = UNSET


class PricebookEntry(Struct, frozen=True, rename="pascal"):
    """A price in the standard price book."""

    unit_price: Sent[Decimal] = UNSET
    currency_iso_code: Sent[str] = UNSET


class Contact(Struct, frozen=True, rename="pascal"):
    """A person at an account."""

    id: str
    name: Sent[str] = UNSET
    email: Sent[str] = UNSET
    phone: Sent[str] = UNSET
    title: Sent[str] = UNSET


class Account(Struct, frozen=True, rename="pascal"):
    """A customer, on its own or as an order's parent."""

    id: str
    name: Sent[str] = UNSET
    account_number: Sent[str] = UNSET
    erp_numbers: Sent[str] = UNSET
    parent_id: Sent[str] = UNSET
    system_modstamp: datetime | UnsetType = UNSET
    billing_street: Sent[str] = UNSET
    billing_city: Sent[str] = UNSET
    billing_state: Sent[str] = UNSET
    billing_postal_code: Sent[str] = UNSET
    billing_country: Sent[str] = UNSET
    shipping_street: Sent[str] = UNSET
    shipping_city: Sent[str] = UNSET
    shipping_state: Sent[str] = UNSET
    shipping_postal_code: Sent[str] = UNSET
    shipping_country: Sent[str] = UNSET
    contacts: Sent[Rows[Contact]] = UNSET


class OrderItem(Struct, frozen=True, rename="pascal"):
    """A line of an order."""

    id: str
    number: Sent[str | float] = UNSET
    quantity: Sent[Decimal] = UNSET
    unit_price: Sent[Decimal] = UNSET
    total_price: Sent[Decimal] = UNSET
    tax: Sent[Decimal] = UNSET
    description: Sent[str] = UNSET
    service_date: Sent[date] = UNSET
    end_date: Sent[date] = UNSET
    quote_line_item_id: Sent[str] = UNSET
    segment: Sent[str | float] = UNSET
    parent: Sent[str] = UNSET
    legal_entity: Sent[str] = UNSET
    product2: Sent[Product] = UNSET


class Order(Struct, frozen=True, rename="pascal"):
    """A sale."""

    id: str
    created_date: datetime
    status: Sent[str] = UNSET
    status_code: Sent[str] = UNSET
    order_number: Sent[str] = UNSET
    account_id: Sent[str] = UNSET
    account: Sent[Account] = UNSET
    erp_numbers: Sent[str] = UNSET
    legal_entity: Sent[str] = UNSET
    currency_iso_code: Sent[str] = UNSET
    quote_key: Sent[str] = UNSET
    opportunity_id: Sent[str] = UNSET
    contract_id: Sent[str] = UNSET
    po_number: Sent[str] = UNSET
    requested_date: Sent[str] = UNSET
    total_amount: Sent[Decimal] = UNSET
    tax: Sent[Decimal] = UNSET
    activated_date: Sent[datetime] = UNSET
    cancelled_at: Sent[str] = UNSET
    system_modstamp: Sent[datetime] = UNSET
    shipping_street: Sent[str] = UNSET
    shipping_city: Sent[str] = UNSET
    shipping_state: Sent[str] = UNSET
    shipping_postal_code: Sent[str] = UNSET
    shipping_country: Sent[str] = UNSET
    order_items: Sent[Rows[OrderItem]] = UNSET


class QuoteLine(Struct, frozen=True):
    """A line of an offer, of either quote model."""

    id: str
    product: Sent[Product] = UNSET
    description: Sent[str] = UNSET
    quantity: Sent[Decimal] = UNSET
    unit_price: Sent[Decimal] = UNSET
    amount: Sent[Decimal] = UNSET
    starts_on: Sent[date] = UNSET
    ends_on: Sent[date] = UNSET
    segment: Sent[str | float] = UNSET
    parent: Sent[str] = UNSET


class Quote(Struct, frozen=True):
    """An offer, of either quote model."""

    id: str
    number: Sent[str] = UNSET
    status: Sent[str] = UNSET
    ordered: Sent[bool] = UNSET
    account_id: Sent[str] = UNSET
    opportunity_id: Sent[str] = UNSET
    currency_iso_code: Sent[str] = UNSET
    total: Sent[Decimal] = UNSET
    expires_on: Sent[date] = UNSET
    created_date: Sent[datetime] = UNSET
    approved_at: Sent[str] = UNSET
    accepted_at: Sent[str] = UNSET
    lines: Sent[Rows[QuoteLine]] = UNSET


class Opportunity(Struct, frozen=True, rename="pascal"):
    """A deal."""

    id: str
    name: Sent[str] = UNSET
    stage_name: Sent[str] = UNSET
    amount: Sent[Decimal] = UNSET
    currency_iso_code: Sent[str] = UNSET
    close_date: Sent[date] = UNSET
    account_id: Sent[str] = UNSET
    is_won: Sent[bool] = UNSET
    is_closed: Sent[bool] = UNSET
    created_date: Sent[datetime] = UNSET


class Contract(Struct, frozen=True, rename="pascal"):
    """What was agreed for a term; `amended_at` is named by the org's settings."""

    id: str
    contract_number: Sent[str] = UNSET
    status: Sent[str] = UNSET
    status_code: Sent[str] = UNSET
    start_date: Sent[date] = UNSET
    end_date: Sent[date] = UNSET
    contract_term: Sent[int] = UNSET
    account_id: Sent[str] = UNSET
    activated_date: Sent[datetime] = UNSET
    amended_at: Sent[str] = UNSET
    created_date: Sent[datetime] = UNSET
    last_modified_date: Sent[datetime] = UNSET


class Subanswer(Struct, frozen=True, rename="camel"):
    """One answer inside a composite's: the body is an answer's or an error's, as its status says."""

    body: Raw
    http_status_code: int
    reference_id: str


class CompositeAnswer(Struct, frozen=True, rename="camel"):
    """A composite's answer: HTTP 200 even where its parts failed."""

    composite_response: list[Subanswer]


class ErrorEntry(Struct, frozen=True, rename="camel"):
    """One entry of an error body; collections say `statusCode` where all else says `errorCode`."""

    message: str = ""
    error_code: str = ""
    status_code: str = ""
    fields: list[str] | None = None

    @property
    def code(self) -> str:
        """The error code under whichever name it came."""
        return self.error_code or self.status_code


class FieldDescribed(Struct, frozen=True, rename="camel"):
    """A field in a describe: only fields that the user may read are listed, with what else it may do."""

    name: str
    createable: bool = True
    updateable: bool = True
    external_id: bool = True
    unique: bool = True


class Described(Struct, frozen=True, rename="camel"):
    """An object's describe: its fields, and whether our user may make and change its records."""

    fields: list[FieldDescribed]
    createable: bool = True
    updateable: bool = True


class Limit(Struct, frozen=True, rename="pascal"):
    """One allowance."""

    max: int
    remaining: int
