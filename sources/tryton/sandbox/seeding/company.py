"""The company itself: its books, fiscal years, taxes, terms and journals, its store, and the user behind the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sources.tryton.sandbox.access import APPLICATION_KEY
from sources.tryton.sandbox.seeding.erp import Erp
from sources.tryton.sandbox.tale import Tale

METHODS = {"wire": "Wire transfer", "card": "Card", "check": "Check"}


@dataclass
class Books:
    """What sales and invoices refer to: taxes by rate, terms by days, payment methods by name."""

    company: Any
    accounts: dict[str, Any]
    taxes: dict[Decimal, Any]
    terms: dict[int, Any]
    methods: dict[str, Any]


def found(erp: Erp, tale: Tale) -> Any:
    """Make the company and give it to the administrator."""
    currency = _currency(erp, tale.currency)
    party = erp.save("party.party", name=tale.company, addresses=[])
    company = erp.save("company.company", party=party, currency=currency, cancel_invoice_out=True)
    user = erp.model("res.user")(1)
    user.companies = [company]
    user.company = company
    user.save()
    return company


def keep_books(erp: Erp, tale: Tale, company: Any) -> Books:
    """Chart of accounts, a fiscal year for each year of the tale, taxes, terms and ways to pay."""
    accounts = _chart(erp, company)
    booked = [sale.booked_at.year for sale in tale.sales] or [tale.told_on.year]
    for year in range(min(booked) - 1, tale.told_on.year + 2):
        _fiscal_year(erp, company, year)
    configuration = erp.model("account.configuration")(1)
    configuration.tax_rounding = "line"
    configuration.save()
    _pick_and_send_from_one_place(erp)
    rates = {line.tax_rate for sale in tale.sales for line in sale.lines if line.tax_rate}
    return Books(
        company=company,
        accounts=accounts,
        taxes={rate: _tax(erp, accounts["tax"], rate) for rate in sorted(rates)},
        terms={days: _term(erp, days) for days in sorted({buyer.payment_days for buyer in tale.customers})},
        methods={name: _method(erp, title, accounts["cash"]) for name, title in METHODS.items()},
    )


def admit_gateway(erp: Erp, company: Any) -> None:
    """The user behind the API, with every right of a clerk but the one to pass a credit limit, and its key."""
    groups = erp.model("res.group").search([("id", "!=", erp.xml("account_credit_limit", "group_credit_limit"))])
    user = erp.save(
        "res.user",
        name="Revgraph",
        login="revgraph",
        groups=groups,
        companies=[company],
        company=company,
        company_filter="all",
    )
    erp.save("res.user.application", user=user, application="rest", key=APPLICATION_KEY)


def _currency(erp: Erp, code: str) -> Any:
    names = {"USD": ("US Dollar", "$", "840"), "EUR": ("Euro", "€", "978")}
    name, symbol, number = names[code]
    kept = erp.model("currency.currency").search([("code", "=", code)])
    if kept:
        return kept[0]
    cent = Decimal("0.01")
    return erp.save(
        "currency.currency", name=name, symbol=symbol, code=code, numeric_code=number, rounding=cent, digits=2
    )


def _chart(erp: Erp, company: Any) -> dict[str, Any]:
    wizard = erp.model("ir.model.data")
    template = erp.model("account.account.template")(wizard.get_id("account", "account_template_root_en"))
    chart = erp.pool.get("account.create_chart", type="wizard")
    session, _, _ = chart.create()
    runner = chart(session)
    runner.account.company, runner.account.account_template = company, template
    runner.transition_create_account()
    accounts = {kind: _account(erp, kind) for kind in ("receivable", "payable", "revenue", "expense")}
    accounts["cash"] = erp.one("account.account", ("code", "=", "1.1.1"))
    accounts["tax"] = erp.one("account.account", ("code", "=", "6.3.6"))
    runner.properties.company = company
    runner.properties.account_receivable = accounts["receivable"]
    runner.properties.account_payable = accounts["payable"]
    runner.properties.category_account_expense = accounts["expense"]
    runner.properties.category_account_revenue = accounts["revenue"]
    runner.transition_create_properties()
    chart.delete(session)
    return accounts


def _account(erp: Erp, kind: str) -> Any:
    return erp.model("account.account").search([(f"type.{kind}", "=", True), ("closed", "!=", True)], limit=1)[0]


def _fiscal_year(erp: Erp, company: Any, year: int) -> None:
    kind = {"Account Move": None, "Invoice": None}
    for name in kind:
        sequence_type = erp.one("ir.sequence.type", ("name", "=", name))
        kind[name] = erp.save(
            "ir.sequence.strict", name=f"{name} {year}", sequence_type=sequence_type, company=company, prefix=f"{year}-"
        )
    bills = kind["Invoice"]
    fiscal_year = erp.save(
        "account.fiscalyear",
        name=str(year),
        start_date=date(year, 1, 1),
        end_date=date(year, 12, 31),
        company=company,
        move_sequence=kind["Account Move"],
        invoice_sequences=[
            {
                "company": company.id,
                "in_invoice_sequence": bills,
                "out_invoice_sequence": bills,
                "in_credit_note_sequence": bills,
                "out_credit_note_sequence": bills,
            }
        ],
    )
    erp.model("account.fiscalyear").create_period([fiscal_year])


def _tax(erp: Erp, account: Any, rate: Decimal) -> Any:
    name = f"Sales tax {(rate * 100).normalize():f}%"
    return erp.save(
        "account.tax",
        name=name,
        description=name,
        type="percentage",
        rate=rate,
        invoice_account=account,
        credit_note_account=account,
    )


def _term(erp: Erp, days: int) -> Any:
    line = {"type": "remainder", "relativedeltas": [{"days": days}]}
    return erp.save("account.invoice.payment_term", name=f"Net {days}", lines=[line])


def _method(erp: Erp, name: str, cash: Any) -> Any:
    journal = erp.save("account.journal", name=name, code=name.upper()[:4], type="cash")
    return erp.save(
        "account.invoice.payment.method", name=name, journal=journal, credit_account=cash, debit_account=cash
    )


def _pick_and_send_from_one_place(erp: Erp) -> None:
    # Goods that need not be carried to a dock have one stock move instead of two.
    warehouse = erp.model("stock.location")(erp.model("stock.location").get_default_warehouse())
    warehouse.output_location = warehouse.storage_location
    warehouse.save()
