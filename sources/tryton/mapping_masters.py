"""Parties and products in our words, and what customers owe in the books of a company."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from canonical.customer import Address, BillingAccount, Contact, Credit, CustomerRecord
from canonical.money import Money
from canonical.product import ListPrice, ProductRecord
from canonical.wanted import Wanted
from sources.tryton import wire
from sources.tryton.reading import PARTY, PRODUCT, Asked, Reading
from sources.tryton.values import amount, at, country_part


def to_customer(row: wire.Party, reading: Reading, wanted: Wanted) -> CustomerRecord | None:
    """A party as a customer, by its code; None without one (Tryton asks for a code, users may lack the right to it)."""
    if not row.code:
        return None
    asked, addresses = Asked(wanted), row.addresses or ()
    return CustomerRecord(
        ref=reading.ref(row.code),
        reference=reading.reference(PARTY, row.id, row.code),
        stamp=reading.stamp(PARTY, row.code),
        number=row.code,
        partner_keys=_partners(row),
        name=asked(row.name or None, "name"),
        parent_key=asked(None, "parent_key", "parent"),
        contacts=asked(_contacts(row, reading), "contacts"),
        billing_address=asked(_address([a for a in addresses if a.invoice], addresses), "billing_address"),
        shipping_address=asked(_address([a for a in addresses if a.delivery], addresses), "shipping_address"),
        updated_at=asked(at(row.write_date) or at(row.create_date), "updated_at"),
    )


def to_address(row: wire.Address | None) -> Address | None:
    """A postal address."""
    if row is None:
        return None
    return Address(
        street=row.street or None,
        city=row.city or None,
        postal_code=row.postal_code or None,
        region=country_part(row.subdivision.code) if row.subdivision else None,
        country=(row.country.code or None) if row.country else None,
    )


def _partners(row: wire.Party) -> tuple[str, ...]:
    """The configured field, or the plain identifiers; a party's own code names nobody else's record."""
    if row.reference:
        return (row.reference,)
    plain = (number.code for number in row.identifiers or () if not number.type)
    return tuple(dict.fromkeys(code for code in plain if code and code != row.code))


def _address(used: Sequence[wire.Address], every: Sequence[wire.Address]) -> Address | None:
    """The first address for this use, else the first there is."""
    return to_address(next(iter((*used, *every)), None))


def _contacts(row: wire.Party, reading: Reading) -> tuple[Contact, ...] | None:
    """Ways to reach people, those under one name taken together: Tryton keeps no persons beside them."""
    if row.contact_mechanisms is None:
        return None
    people: dict[str | None, list[wire.ContactMechanism]] = {}
    for way in row.contact_mechanisms:
        people.setdefault(way.name or None, []).append(way)
    return tuple(
        Contact(
            ref=reading.ref(ways[0].id),
            name=name,
            email=_value(ways, "email"),
            phone=_value(ways, "phone") or _value(ways, "mobile"),
        )
        for name, ways in people.items()
    )


def _value(ways: Sequence[wire.ContactMechanism], kind: str) -> str | None:
    return next((way.value for way in ways if way.type == kind and way.value), None)


def to_billing_account(row: wire.Party, entity: str, reading: Reading, wanted: Wanted) -> BillingAccount | None:
    """A party in the books of the legal entity whose company was asked as; None without a code."""
    if not row.code:
        return None
    asked, books = Asked(wanted), row.currency.code if row.currency else None
    currency = books or reading.entities.currency_of(entity)
    owed = amount(row.receivable, currency)
    return BillingAccount(
        customer=reading.ref(row.code),
        legal_entity_code=entity,
        reference=reading.reference(PARTY, row.id, row.code),
        currency_code=asked(currency, "currency_code"),
        payment_terms=asked(row.customer_payment_term.name if row.customer_payment_term else None, "payment_terms"),
        credit=asked(_credit(row, currency, reading), "credit"),
        open_balance=asked(owed, "open_balance"),
        overdue_balance=asked(_overdue(row, currency), "overdue_balance"),
    )


def _credit(row: wire.Party, currency: str | None, reading: Reading) -> Credit | None:
    """Tryton has no block of a customer: it compares at each confirmation, so a used-up limit is what holds."""
    limit, used = amount(row.credit_limit_amount, currency), amount(row.credit_amount, currency)
    if limit is None and used is None:
        return None
    left = limit - used if limit is not None and used is not None else None
    return Credit(
        credit_limit=limit,
        exposure=used,
        available=left,
        on_hold=None if left is None else left.amount < 0,
        checked_at=reading.fetched_at,
    )


def _overdue(row: wire.Party, currency: str | None) -> Money | None:
    """What should have been paid by today, never less than nothing: money not applied yet is no debt."""
    due = amount(row.receivable_today, currency)
    return due if due is None or due.amount > 0 else Money(Decimal(0), due.currency_code)


def to_product(row: wire.Product, reading: Reading, wanted: Wanted) -> ProductRecord | None:
    """A variant, by its code; None without one. Its list price is in the currency of the company asked as."""
    if not row.code:
        return None
    asked = Asked(wanted)
    entity = reading.entities.of_company(reading.company)
    price = amount(row.list_price_used, reading.entities.currency_of(entity) if entity else None)
    return ProductRecord(
        ref=reading.ref(row.code),
        reference=reading.reference(PRODUCT, row.id, row.code),
        stamp=reading.stamp(PRODUCT, row.code),
        sku=row.code,
        name=asked(row.name or None, "name"),
        unit=asked(row.default_uom.symbol if row.default_uom else None, "unit"),
        active=asked(None if row.active is None else bool(row.active), "active"),
        prices=asked((ListPrice(price, entity),) if price is not None else None, "prices", "list_price"),
    )
