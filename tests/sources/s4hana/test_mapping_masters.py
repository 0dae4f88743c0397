from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from canonical.absence import UNSET
from canonical.customer import Address, Credit
from canonical.money import Money
from canonical.wanted import Wanted
from sources.kit.odata.literals import written_day
from sources.kit.odata.payload import Expanded
from sources.s4hana.mapping_masters import (
    Balances,
    companies_of,
    to_billing_accounts,
    to_credit,
    to_customer,
    to_product,
)
from sources.s4hana.wire import LedgerLine
from sources.s4hana.wire_masters import (
    BusinessPartner,
    CreditAccount,
    CustomerCompany,
    CustomerRole,
    CustomerSalesArea,
    Product,
)
from tests.sources.s4hana.opened import NOW, reading, rows

ROLE = CustomerRole(
    Customer="17100001",
    to_CustomerCompany=Expanded(
        [CustomerCompany(CompanyCode="1710", PaymentTerms="0004"), CustomerCompany(CompanyCode="9999")]
    ),
    to_CustomerSalesArea=Expanded(
        [CustomerSalesArea(SalesOrganization="1710", Currency="USD", CustomerPaymentTerms="0001")]
    ),
)
ACCOUNT = Wanted.of("currency_code", "payment_terms", "credit", "open_balance", "overdue_balance")


def item(amount: str, due: date, letter: str = "S") -> LedgerLine:
    return LedgerLine(
        CompanyCode="1710",
        FiscalYear="2026",
        AccountingDocument="1",
        AccountingDocumentItem="1",
        Customer="0017100001",
        DebitCreditCode=letter,
        AmountInCompanyCodeCurrency=amount,
        CompanyCodeCurrency="USD",
        NetDueDate=written_day(due),
    )


def test_a_business_partner_is_told_as_a_customer() -> None:
    partner = rows("masters", BusinessPartner, "partners")[0]
    customer = to_customer(partner, reading(), Wanted.of("billing_address", "shipping_address", "parent_key"))

    assert customer is not None
    assert (customer.ref.key, customer.number, customer.name) == ("17100001", "17100001", "Domestic US Customer 1")
    assert customer.partner_keys == ("0015g0000021sTdAAI",)
    assert customer.billing_address == Address("Main Street", "Boston", "02109", "MA", "US")
    assert customer.shipping_address == Address("Harbour Road 5", "Boston", "02108", "MA", "US")
    assert customer.updated_at == datetime(2025, 11, 5, 8, 0, tzinfo=UTC)
    assert (customer.parent_key, customer.contacts) == (None, UNSET)
    assert companies_of(partner) == {"1710"}


def test_a_business_partner_that_is_no_customer_is_left_out() -> None:
    assert to_customer(rows("masters", BusinessPartner, "partners")[1], reading(), Wanted()) is None


def test_a_product_has_its_name_in_our_language_or_in_any() -> None:
    pump, valve = (to_product(row, reading(), Wanted.of("name")) for row in rows("masters", Product, "products"))

    assert (pump.sku, pump.name, pump.unit, pump.active) == ("TG11", "Pump", "PC", True)
    assert (valve.sku, valve.name, valve.active) == ("4711", "Ventil", False)


def test_open_items_add_up_and_what_is_late_is_overdue() -> None:
    today = date(2026, 11, 24)
    balances = Balances(
        [
            item("100.000", date(2026, 11, 23)),
            item("50.000", date(2026, 11, 24)),
            item("-30.000", date(2026, 11, 1), "H"),
        ],
        today,
    )

    assert balances.open("17100001", "1710") == Money(Decimal("120.00"), "USD")
    assert balances.overdue("17100001", "1710") == Money(Decimal("70.00"), "USD")
    assert balances.open("17100002", "1710") is None


def test_more_credit_than_debt_is_not_overdue() -> None:
    balances = Balances([item("-30.000", date(2026, 11, 1), "H")], date(2026, 11, 24))

    assert balances.overdue("17100001", "1710") == Money(Decimal("0.00"), "USD")


def test_a_customer_has_an_account_at_each_company_code_that_is_ours() -> None:
    (account,) = to_billing_accounts(ROLE, reading(), ACCOUNT, Balances([], date(2026, 11, 24)), {})

    assert (account.legal_entity_code, account.currency_code, account.payment_terms) == ("US01", "USD", "0004")
    assert (account.open_balance, account.overdue_balance) == (Money(Decimal("0.00"), "USD"),) * 2
    assert account.credit is None


def test_balances_that_nobody_asked_for_are_unset() -> None:
    (account,) = to_billing_accounts(ROLE, reading(), Wanted.of("currency_code"), None, {})

    assert (account.open_balance, account.overdue_balance, account.credit) == (UNSET, UNSET, UNSET)


def credit_account(limit: str | None, zero: bool = False, segment: str = "0000") -> CreditAccount:
    return CreditAccount(
        BusinessPartner="17100001",
        CreditSegment=segment,
        CreditLimitAmount=limit,
        CreditSegmentCurrency="USD",
        CreditAccountIsBlocked=True,
        CreditLimitIsZero=zero,
    )


def test_credit_has_a_limit_and_a_block_and_never_a_guessed_exposure() -> None:
    assert to_credit([credit_account("5000.000")], None, NOW) == Credit(
        credit_limit=Money(Decimal("5000.00"), "USD"), exposure=None, available=None, on_hold=True, checked_at=NOW
    )


@pytest.mark.parametrize(
    "limit,zero,expected", [("0.000", False, None), ("0.000", True, Money(Decimal("0.00"), "USD")), (None, False, None)]
)
def test_a_limit_of_zero_counts_only_when_it_is_meant(limit: str | None, zero: bool, expected: Money | None) -> None:
    credit = to_credit([credit_account(limit, zero)], None, NOW)

    assert credit is not None
    assert credit.credit_limit == expected


def test_among_several_segments_only_the_configured_one_is_meant() -> None:
    accounts = [credit_account("1.000", segment="0000"), credit_account("2.000", segment="1000")]
    meant = to_credit(accounts, "1000", NOW)

    assert to_credit(accounts, None, NOW) is None
    assert meant is not None
    assert meant.credit_limit == Money(Decimal("2.00"), "USD")
