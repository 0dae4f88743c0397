"""What the graph serves: the records of all systems joined into one order, one customer, one product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from canonical.absence import UNSET, Served
from canonical.customer import Address, Contact, CustomerRecord
from canonical.errors import Fault
from canonical.money import Money
from canonical.order import Hold, OrderLine, OrderRecord, SystemStatus
from canonical.product import ProductRecord
from canonical.refs import Ref, SystemReference


class Booking(Struct, frozen=True, kw_only=True, weakref=True):
    """An order's part in the books of one legal entity."""

    legal_entity_code: str
    erp: str
    order_number: str | None = None
    state: str | None = None
    booked_at: datetime | None = None
    reference: SystemReference | None = None


class Order(Struct, frozen=True, kw_only=True, weakref=True):
    """One order over all systems; `ref` is its anchor and never changes.

    `crm` is the CRM's record, `booked` the ERPs' records ordered by legal entity and key. `faults` holds, by system,
    why a system that may hold a part of this order could not be asked. The served fields below are the owners' values.
    """

    ref: Ref
    crm: OrderRecord | None
    booked: tuple[OrderRecord, ...]
    faults: Mapping[str, Fault]
    crm_id: str | None
    references: tuple[SystemReference, ...]
    system_statuses: tuple[SystemStatus, ...]
    number: Served[str] = UNSET
    holds: Served[tuple[Hold, ...]] = UNSET
    bookings: Served[tuple[Booking, ...]] = UNSET
    purchase_order_number: Served[str] = UNSET
    ordered_at: Served[datetime] = UNSET
    requested_delivery_date: Served[date] = UNSET
    subtotal: Served[Money] = UNSET
    tax: Served[Money] = UNSET
    total: Served[Money] = UNSET
    lines: Served[tuple[OrderLine, ...]] = UNSET
    version: Served[str] = UNSET

    def records(self) -> tuple[OrderRecord, ...]:
        """Every system's record, the CRM's first."""
        return ((self.crm,) if self.crm else ()) + self.booked

    def names(self) -> tuple[Ref, ...]:
        """What its records are called, the anchor first, each once."""
        return tuple(dict.fromkeys((self.ref, *(record.ref for record in self.records()))))


class Customer(Struct, frozen=True, kw_only=True, weakref=True):
    """One customer over all systems; `ref` is its anchor. `faults` as for an order."""

    ref: Ref
    crm: CustomerRecord | None
    accounts: tuple[CustomerRecord, ...]
    faults: Mapping[str, Fault]
    crm_id: str | None
    references: tuple[SystemReference, ...]
    name: Served[str] = UNSET
    parent_ref: Ref | None = None
    contacts: Served[tuple[Contact, ...]] = UNSET
    billing_address: Served[Address] = UNSET
    shipping_address: Served[Address] = UNSET

    def records(self) -> tuple[CustomerRecord, ...]:
        """Every system's record, the CRM's first."""
        return ((self.crm,) if self.crm else ()) + self.accounts

    def names(self) -> tuple[Ref, ...]:
        """What its records are called, the anchor first, each once."""
        return tuple(dict.fromkeys((self.ref, *(record.ref for record in self.records()))))


class Product(Struct, frozen=True, kw_only=True, weakref=True):
    """One product over all systems, joined by its sku; `told` are the systems' records, the owner's first."""

    ref: Ref
    sku: str
    told: tuple[ProductRecord, ...]
    faults: Mapping[str, Fault]
    references: tuple[SystemReference, ...]
    name: Served[str] = UNSET
    unit: Served[str] = UNSET
    active: Served[bool] = UNSET
