"""Customers, products and what customers owe, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from canonical.customer import Address, BillingAccount, Credit, CustomerRecord
from canonical.money import Money, money
from canonical.product import ProductRecord
from canonical.wanted import Wanted
from sources.s4hana.mapping_ledger import CREDIT
from sources.s4hana.mapping_partner import to_address
from sources.s4hana.reading import CUSTOMER, PRODUCT, Asked, Reading
from sources.s4hana.values import at_clock, decimal, number, on_day, told, unpadded
from sources.s4hana.wire import LedgerLine
from sources.s4hana.wire_masters import (
    BusinessPartner,
    CreditAccount,
    CustomerRole,
    CustomerSalesArea,
    PartnerAddress,
    Product,
)

DEFAULT_USE: Final = "XXDEFAULT"
SHIPPING_USE: Final = "SHIP_TO"


def to_customer(row: BusinessPartner, reading: Reading, wanted: Wanted) -> CustomerRecord | None:
    """A business partner as a customer; None where it is none."""
    key, asked = number(row.Customer), Asked(wanted)
    if key is None:
        return None
    reference: str | None = getattr(row, reading.settings.customer_reference_field)
    addresses = row.to_BusinessPartnerAddress.results
    return CustomerRecord(
        ref=reading.ref(key),
        reference=reading.reference(CUSTOMER, key),
        stamp=reading.stamp(CUSTOMER, key),
        number=key,
        partner_keys=(reference,) if reference else (),
        name=told(row.BusinessPartnerFullName) or told(row.OrganizationBPName1),
        parent_key=asked(None, "parent_key", "parent"),
        contacts=asked(None, "contacts"),
        billing_address=asked(_address(addresses, DEFAULT_USE), "billing_address"),
        shipping_address=asked(_address(addresses, SHIPPING_USE), "shipping_address"),
        updated_at=asked(at_clock(row.LastChangeDate, row.LastChangeTime, reading.settings.zone), "updated_at"),
    )


def companies_of(row: BusinessPartner) -> set[str]:
    """The company codes that keep an account of this customer."""
    return {at.CompanyCode for at in row.to_Customer.to_CustomerCompany.results} if row.to_Customer else set()


def _address(addresses: Sequence[PartnerAddress], use: str) -> Address | None:
    """The address of this use, else the first there is."""
    fitting = (a for a in addresses if any(used.AddressUsage == use for used in a.to_AddressUsage.results))
    found = next(fitting, addresses[0] if addresses else None)
    return None if found is None else to_address(found)


def to_product(row: Product, reading: Reading, wanted: Wanted) -> ProductRecord:
    """A product; prices are none of this service."""
    key, asked = unpadded(row.Product), Asked(wanted)
    blocked = bool(row.IsMarkedForDeletion) or bool(row.CrossPlantStatus)
    return ProductRecord(
        ref=reading.ref(key),
        reference=reading.reference(PRODUCT, key),
        stamp=reading.stamp(PRODUCT, key),
        sku=key,
        name=asked(_name(row, reading.settings.language), "name"),
        unit=asked(told(row.BaseUnit), "unit"),
        active=not blocked,
        prices=asked(None, "prices", "list_price"),
    )


def _name(row: Product, language: str) -> str | None:
    """In the configured language, else in the first there is."""
    names = {text.Language: text.ProductDescription for text in row.to_Description.results}
    return names.get(language) or next(iter(names.values()), None) or None


class Balances:
    """Open items added up by customer and company code, in the company code's currency."""

    def __init__(self, lines: Iterable[LedgerLine], today: date) -> None:
        """Add the lines up; what was due before `today` is overdue."""
        self._open: dict[tuple[str, str], Money] = {}
        self._overdue: dict[tuple[str, str], Money] = {}
        for line in lines:
            if line.CompanyCodeCurrency:
                self._add(line, line.CompanyCodeCurrency, today)

    def _add(self, line: LedgerLine, currency: str, today: date) -> None:
        at = (unpadded(line.Customer), line.CompanyCode)
        value = abs(decimal(line.AmountInCompanyCodeCurrency) or Decimal(0))
        signed = money(-value if line.DebitCreditCode == CREDIT else value, currency)
        self._open[at] = self._open[at] + signed if at in self._open else signed
        due = on_day(line.NetDueDate)
        if due is not None and due < today:
            self._overdue[at] = self._overdue[at] + signed if at in self._overdue else signed

    def open(self, customer: str, company: str) -> Money | None:
        """What the customer owes there; None where no item is open."""
        return self._open.get((customer, company))

    def overdue(self, customer: str, company: str) -> Money | None:
        """What of it should have been paid already, never less than nothing; None where no item is open."""
        held = self._overdue.get((customer, company))
        if held is None:
            still = self._open.get((customer, company))
            return None if still is None else money(0, still.currency_code)
        return held if held.amount > 0 else money(0, held.currency_code)


def to_billing_accounts(
    role: CustomerRole,
    reading: Reading,
    wanted: Wanted,
    balances: Balances | None,
    credit: Mapping[str, Credit],
) -> list[BillingAccount]:
    """A customer's account at each company code that is one of our legal entities, by the entity's code.

    `credit` is by company code. Without open items the balance is zero in the entity's own currency.
    """
    asked = Asked(wanted)
    customer = unpadded(role.Customer)
    areas = {
        reading.entities.of_organization(area.SalesOrganization): area for area in role.to_CustomerSalesArea.results
    }
    accounts: list[BillingAccount] = []
    for at in role.to_CustomerCompany.results:
        entity = reading.entities.of_company(at.CompanyCode)
        if entity is None:
            continue
        area, place = areas.get(entity), (customer, at.CompanyCode)
        books = reading.entities.currency_of(entity)
        nothing = money(0, books) if balances and books else None
        accounts.append(
            BillingAccount(
                customer=reading.ref(customer),
                legal_entity_code=entity,
                reference=reading.reference(CUSTOMER, customer),
                currency_code=asked((told(area.Currency) if area else None) or books, "currency_code"),
                payment_terms=asked(told(at.PaymentTerms) or _terms(area), "payment_terms"),
                credit=asked(credit.get(at.CompanyCode), "credit"),
                open_balance=asked((balances.open(*place) if balances else None) or nothing, "open_balance"),
                overdue_balance=asked((balances.overdue(*place) if balances else None) or nothing, "overdue_balance"),
            )
        )
    return sorted(accounts, key=lambda account: account.legal_entity_code)


def _terms(area: CustomerSalesArea | None) -> str | None:
    return told(area.CustomerPaymentTerms) if area else None


def to_credit(accounts: Sequence[CreditAccount], segment: str | None, checked_at: datetime) -> Credit | None:
    """The credit of one segment, or of the only account there is; None where none is meant.

    SAP publishes the limit and the block but no exposure, so neither that nor what is available is told.
    """
    fitting = [a for a in accounts if segment is None or a.CreditSegment == segment]
    if len(fitting) != 1:
        return None
    account = fitting[0]
    limit = decimal(account.CreditLimitAmount)
    # A limit of 0 that is not meant as zero is SAP's way of saying that none was set.
    told_limit = limit is not None and (limit != 0 or bool(account.CreditLimitIsZero))
    currency = account.CreditSegmentCurrency
    return Credit(
        credit_limit=money(limit or 0, currency) if told_limit and currency else None,
        exposure=None,
        available=None,
        on_hold=account.CreditAccountIsBlocked,
        checked_at=checked_at,
    )
