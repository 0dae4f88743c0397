"""The pretend company's tale, in plain words: what each vendor's sandbox is told, to tell it again in its own.

All times are aware UTC, all amounts exact. Keys of systems (order numbers, document numbers, CRM ids) are given by the
story, so that the references between systems hold. A sandbox takes what concerns its own instance and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Hold = Literal["credit", "billing", "delivery"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity: `codes` are its names in its ERP (company_code, sales_organization, company, ...)."""

    code: str
    name: str
    country: str
    currency: str
    instance: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A postal address; `country` is ISO 3166 alpha-2."""

    street: str
    city: str
    postal_code: str
    region: str
    country: str


@dataclass(frozen=True, slots=True)
class Person:
    """A contact at a customer; `key` is the CRM id."""

    key: str
    first_name: str
    last_name: str
    email: str
    phone: str
    role: str


@dataclass(frozen=True, slots=True)
class ErpAccount:
    """A customer in one ERP instance: its number there, terms and credit limit (in the entity's currency)."""

    instance: str
    number: str
    payment_days: int
    credit_limit: Decimal | None
    on_hold: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer. `crm_key` None: only an ERP knows it. `erp_names`: other spellings an ERP keeps, by instance."""

    name: str
    crm_key: str | None
    number: str
    parent: str | None
    billing: Place
    shipping: Place
    people: tuple[Person, ...]
    accounts: tuple[ErpAccount, ...]
    created_at: datetime
    erp_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """A product; prices by currency. `crm_key` is the CRM's id, `service` is never shipped."""

    sku: str
    name: str
    crm_key: str
    service: bool
    prices: Mapping[str, Decimal]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of a deal: `number` is unique in it (10, 20, ...), `crm_key` the CRM's order line id.

    `unit_price` is net a unit; `tax_rate` such as 0.19. Ramp segments and bundle parents are set where there are any.
    """

    number: int
    sku: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    crm_key: str
    entity: str
    segment: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """The quote a deal came from, with the lines of the deal."""

    crm_key: str
    number: str
    status: Literal["Draft", "In Review", "Approved", "Presented", "Accepted", "Rejected"]
    created_at: datetime
    approved_at: datetime | None
    accepted_at: datetime | None
    expires_on: date
    line_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery: quantities by line number. `posted_at` None: made but not gone. `delivered_at` None: not proven."""

    number: str
    created_at: datetime
    planned_on: date
    quantities: Mapping[int, Decimal]
    picked: bool
    posted_at: datetime | None
    delivered_at: datetime | None = None
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money used for a bill: `number` is the payment's; a payment used for several bills has one number in each."""

    number: str
    amount: Decimal
    paid_on: date
    payment_total: Decimal
    method: Literal["wire", "card", "check"] = "wire"


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Money given back on a bill: quantities by line number (of the booking it credits).

    `applied` False: the bill was paid before, and the credit stays open on the customer's account.
    """

    number: str
    issued_on: date
    quantities: Mapping[int, Decimal]
    reason: str
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice. `quantities`: billed units by (ERP order number, line number); several orders: a collective invoice.

    It stands at the booking of its first order; the others name it in `shared_bills`.
    """

    number: str
    issued_at: datetime
    due_on: date
    quantities: Mapping[tuple[str, int], Decimal]
    posted: bool
    receipts: tuple[Receipt, ...] = ()
    credits: tuple[CreditNote, ...] = ()
    cancelled: bool = False
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """A deal's part in one ERP. `reference`: what the ERP record carries as external reference (CRM key or free text).

    `price_overrides`: net unit prices the ERP has instead of the CRM's, by line number. `confirmed` False: still a
    draft or quotation in the ERP. `known_to_crm` False: its number was never written back, whatever the deal says.
    """

    entity: str
    instance: str
    number: str
    reference: str
    customer_number: str
    booked_at: datetime
    lines: tuple[int, ...]
    requested_on: date | None
    holds: tuple[Hold, ...] = ()
    held_since: datetime | None = None
    cancelled_at: datetime | None = None
    confirmed: bool = True
    parcels: tuple[Parcel, ...] = ()
    bills: tuple[Bill, ...] = ()
    shared_bills: tuple[str, ...] = ()
    price_overrides: Mapping[int, Decimal] = field(default_factory=dict)
    purchase_order: str | None = None
    known_to_crm: bool = True


@dataclass(frozen=True, slots=True)
class Deal:
    """One order as it really is. `crm_key` None: missing from the CRM. No bookings: not (yet) in an ERP.

    `crm_status` is the CRM's status category. `written_back`: whether the CRM knows the ERP's order numbers.
    `traits` name what is special about it ("partly_shipped", "credit_hold", ...), for demos and tests.
    `contract_amended`: when the contract of a ramp was amended, each time by another year.
    """

    buyer: str
    currency: str
    crm_key: str | None
    crm_number: str | None
    crm_status: Literal["Draft", "Activated", "Canceled"]
    opportunity_key: str | None
    opportunity_name: str | None
    purchase_order: str | None
    created_at: datetime
    activated_at: datetime | None
    cancelled_at: datetime | None
    requested_on: date | None
    lines: tuple[Sold, ...]
    offer: Offer | None
    bookings: tuple[Booking, ...]
    written_back: bool = True
    traits: frozenset[str] = frozenset()
    contract_amended: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """The whole tale. `told_on` is the day on which it is told: nothing in it happened later.

    Buyers are held by their `number` (which `Deal.buyer` and `Buyer.parent` name), articles by sku. Deals stand in
    order of creation.
    """

    told_on: datetime
    entities: tuple[Entity, ...]
    buyers: Mapping[str, Buyer]
    articles: Mapping[str, Article]
    deals: tuple[Deal, ...]
    crm_instance: str
