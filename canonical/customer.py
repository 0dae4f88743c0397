"""Customers: as one system tells them, and what they owe where."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class Address(Struct, frozen=True):
    """A postal address; `country` is an ISO 3166 code where the system keeps codes."""

    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


class Contact(Struct, frozen=True):
    """A person at the customer."""

    ref: Ref
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    role: str | None = None


class CustomerRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """One system's telling of a customer.

    `number` is the number people quote. `partner_keys` are the references it carries to the same customer elsewhere:
    in a CRM record the ERP customer numbers, in an ERP record the CRM key; in the order the record holds them.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    number: Told[str] = UNSET
    partner_keys: tuple[str, ...] = ()
    name: Told[str] = UNSET
    parent_key: Told[str] = UNSET
    contacts: Told[tuple[Contact, ...]] = UNSET
    billing_address: Told[Address] = UNSET
    shipping_address: Told[Address] = UNSET
    updated_at: Told[datetime] = UNSET


class Credit(Struct, frozen=True, kw_only=True):
    """A credit limit and what is used of it; None where the ERP does not say. `checked_at` is when we asked (UTC)."""

    credit_limit: Money | None
    exposure: Money | None
    available: Money | None
    on_hold: bool | None
    checked_at: datetime


class BillingAccount(Struct, frozen=True, kw_only=True):
    """A customer in the books of one legal entity (by code)."""

    customer: Ref
    legal_entity_code: str
    reference: SystemReference
    currency_code: Told[str] = UNSET
    payment_terms: Told[str] = UNSET
    credit: Told[Credit] = UNSET
    open_balance: Told[Money] = UNSET
    overdue_balance: Told[Money] = UNSET
