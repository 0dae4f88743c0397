"""Orders and customers: Salesforce's words to ours. Pure: what the clock or the settings say is in `Telling`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import UNSET, UnsetType

from canonical.absence import Told
from canonical.customer import Contact, CustomerRecord
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.order import OrderLine, OrderRecord, Stage, SystemStatus
from canonical.refs import Ref, SystemReference
from canonical.wanted import Wanted
from sources.salesforce import wire
from sources.salesforce.values import (
    Asked,
    address_of,
    amount_of,
    day_of,
    instant_of,
    label,
    numbers_in,
    price_of,
    quantity_of,
    sent,
    version_of,
    whole,
)

DRAFT_CODES: Final = ("Draft", "InApproval")
CANCELLED_CODES: Final = ("Canceled", "Cancelled", "Expired", "Superseded")


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells, when it was read, and what the org's settings say of it."""

    system: str
    base_url: str
    fetched_at: datetime
    currency: str
    multi_currency: bool = False
    service_families: frozenset[str] = frozenset()

    def ref(self, key: str) -> Ref:
        """A record of this org."""
        return Ref(self.system, key)

    def reference(self, record_type: str, key: str) -> SystemReference:
        """A record as people look it up, with its page."""
        return SystemReference(self.system, record_type, key, f"{self.base_url}/{key}")

    def stamp(self, record_type: str, key: str) -> Stamp:
        """This reading of a record."""
        return Stamp(self.system, record_type, key, self.fetched_at)


def stage_of(status_code: str | None) -> Stage:
    """How far the sale has come: the category behind the label, since an org names its statuses as it likes."""
    if status_code in CANCELLED_CODES:
        return Stage.CANCELLED
    return Stage.DRAFT if status_code in DRAFT_CODES or status_code is None else Stage.SUBMITTED


def to_order(row: wire.Order, wanted: Wanted, telling: Telling) -> OrderRecord:
    """An order with what was selected; its customer and lines where they were asked for."""
    asked = Asked(wanted)
    currency = sent(row.currency_iso_code) or telling.currency
    subtotal, tax = amount_of(row.total_amount, currency), amount_of(row.tax, currency)
    activated = row.activated_date
    return OrderRecord(
        ref=telling.ref(row.id),
        reference=telling.reference("Order", row.id),
        stamp=telling.stamp("Order", row.id),
        stage=stage_of(sent(row.status_code)),
        status=SystemStatus(telling.system, sent(row.status) or "", _status_since(row)),
        ordered_at=row.created_date,
        number=sent(row.order_number),
        partner_keys=numbers_in(row.erp_numbers),
        customer_key=row.account_id,
        customer_name=asked("customer_name", row.account.name if isinstance(row.account, wire.Account) else UNSET),
        customer=_customer_of(row, wanted, telling),
        ship_to=asked("ship_to", address_of(_shipping(row))),
        quote_key=asked("quote_key", row.quote_key),
        opportunity_key=asked("opportunity_key", row.opportunity_id),
        contract_key=asked("contract_key", row.contract_id),
        legal_entity_code=sent(row.legal_entity) or None,
        currency_code=asked("currency_code", row.currency_iso_code) if telling.multi_currency else currency,
        purchase_order_number=asked("purchase_order_number", row.po_number),
        requested_delivery_date=asked("requested_delivery_date", day_of(row.requested_date)),
        subtotal=asked("subtotal", subtotal),
        tax=asked("tax", tax),
        total=asked("total", _sum(subtotal, tax)),
        lines=_lines_of(row, wanted.below("lines"), telling, currency) if "lines" in wanted else UNSET,
        created_at=row.created_date,
        submitted_at=activated,
        booked_at=asked("booked_at", UNSET),
        cancelled_at=asked("cancelled_at", instant_of(row.cancelled_at)),
        amended_at=asked("amended_at", UNSET),
        version=asked("version", version_of(row.system_modstamp)),
    )


def to_customer(row: wire.Account, wanted: Wanted, telling: Telling) -> CustomerRecord:
    """A customer with what was selected."""
    asked = Asked(wanted)
    contacts = row.contacts
    return CustomerRecord(
        ref=telling.ref(row.id),
        reference=telling.reference("Account", row.id),
        stamp=telling.stamp("Account", row.id),
        number=asked("number", row.account_number),
        partner_keys=numbers_in(row.erp_numbers),
        name=asked("name", row.name),
        parent_key=asked("parent_key", row.parent_id),
        contacts=_contacts_of(contacts, telling) if isinstance(contacts, wire.Rows) else _none(contacts),
        billing_address=asked("billing_address", address_of(_billing(row))),
        shipping_address=asked("shipping_address", address_of(_shipping(row))),
        updated_at=row.system_modstamp,
    )


def _status_since(row: wire.Order) -> datetime | None:
    stage = stage_of(sent(row.status_code))
    if stage is Stage.SUBMITTED:
        return sent(row.activated_date)
    return row.created_date if stage is Stage.DRAFT else sent(instant_of(row.cancelled_at))


def _customer_of(row: wire.Order, wanted: Wanted, telling: Telling) -> Told[CustomerRecord]:
    if "customer" not in wanted or isinstance(row.account, UnsetType):
        return UNSET
    return None if row.account is None else to_customer(row.account, _beside_an_order(wanted), telling)


def _beside_an_order(wanted: Wanted) -> Wanted:
    # A parent cannot bring its own children: contacts stay unasked, so that whoever wants them asks for them.
    return Wanted(tuple(pair for pair in wanted.below("customer").fields if pair[0] != "contacts"))


def _lines_of(row: wire.Order, wanted: Wanted, telling: Telling, currency: str) -> tuple[OrderLine, ...]:
    items = row.order_items
    if not isinstance(items, wire.Rows):
        return ()
    return tuple(_line(item, telling.ref(row.id), wanted, telling, currency) for item in items.records)


def _line(item: wire.OrderItem, order: Ref, wanted: Wanted, telling: Telling, currency: str) -> OrderLine:
    asked = Asked(wanted)
    product = item.product2 if isinstance(item.product2, wire.Product) else wire.Product()
    return OrderLine(
        order=order,
        key=item.id,
        number=asked("number", label(item.number)),
        partner_key=asked("partner_key", item.quote_line_item_id),
        sku=asked("sku", product.sku),
        description=asked("description", item.description or product.name or item.description),
        quantity=asked("quantity", quantity_of(item.quantity)),
        unit=asked("unit", product.unit),
        unit_price=asked("unit_price", price_of(item.unit_price, currency)),
        amount=asked("amount", amount_of(item.total_price, currency)),
        tax=asked("tax", amount_of(item.tax, currency)),
        legal_entity_code=sent(item.legal_entity) or None,
        starts_on=asked("starts_on", item.service_date),
        ends_on=asked("ends_on", item.end_date),
        segment=asked("segment", whole(item.segment)),
        parent_key=asked("parent_key", item.parent),
        shippable=sent(product.family) not in telling.service_families,
    )


def _contacts_of(contacts: wire.Rows[wire.Contact], telling: Telling) -> tuple[Contact, ...]:
    return tuple(
        Contact(telling.ref(one.id), sent(one.name), sent(one.email), sent(one.phone), sent(one.title))
        for one in contacts.records
    )


def _none(contacts: UnsetType | None) -> UnsetType | tuple[Contact, ...]:
    # An account without contacts sends null, not an empty list.
    return () if contacts is None else contacts


def _sum(subtotal: Told[Money], tax: Told[Money]) -> Told[Money]:
    return subtotal + tax if isinstance(subtotal, Money) and isinstance(tax, Money) else UNSET


def _shipping(row: wire.Order | wire.Account) -> tuple[wire.Sent[str], ...]:
    place = (row.shipping_street, row.shipping_city, row.shipping_state)
    return (*place, row.shipping_postal_code, row.shipping_country)


def _billing(row: wire.Account) -> tuple[wire.Sent[str], ...]:
    place = (row.billing_street, row.billing_city, row.billing_state)
    return (*place, row.billing_postal_code, row.billing_country)
