"""Companies with a little of everything that the graph can show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from canonical.customer import Address, BillingAccount, Contact, Credit
from canonical.invoice import CreditMemo
from canonical.lineage import Stamp
from canonical.money import money
from canonical.order import Hold, HoldKind, OrderRecord, Stage
from canonical.product import ListPrice, ProductRecord
from canonical.quote import QuoteLine, QuoteRecord, QuoteStatus
from canonical.refs import Ref, SystemReference
from canonical.shipment import Milestone
from tests.fakes.company import NOW, Company

_STAGES = (Stage.SUBMITTED, Stage.DRAFT, Stage.SUBMITTED, Stage.CANCELLED)


def company_of(orders: int) -> Company:
    """So many orders, each in another state, of two customers; two of three are booked, one of them twice."""
    company = Company()
    _customers(company)
    _products(company)
    for number in range(2):
        company.crm.books.quotes.append(_quote(number))
    for number in range(orders):
        sold = company.sold(
            f"sale{number}",
            days_ago=number + 1,
            entity=("DE01", "US01", None)[number % 3],
            stage=_STAGES[number % 4],
            customer_key=f"acc{1 + number % 2}",
            quote_key=f"q{number % 3}",
        )
        if number % 3 != 2:
            _book(company, sold, number)
    return company


def _book(company: Company, sold: OrderRecord, number: int) -> None:
    for erp in ("erp-eu", "erp-us") if number == 1 else ("erp-eu", "erp-us")[number % 2 :][:1]:
        hold = Hold(kind=HoldKind.CREDIT, system=erp, reason="Over the limit", owner="credit desk")
        booked = company.booked(
            erp,
            f"{70 + number}",
            sold.ref.key,
            days_ago=number + 0.5,
            holds=(hold,) if number % 2 else (),
            customer_key=f"{erp}-c{1 + number % 2}",
        )
        milestone = Milestone(NOW, "IN_TRANSIT", "Hamburg")
        company.shipped(booked, f"S{erp}{number}", 4, carrier="Post", milestones=(milestone,))
        memo = CreditMemo(
            ref=Ref(erp, f"M{number}"),
            reference=SystemReference(erp, "CreditMemo", f"M{number}"),
            stamp=booked.stamp,
            invoice_refs=(Ref(erp, f"I{erp}{number}"),),
            number=f"M{number}",
            total=money(12, "EUR"),
        )
        invoice = company.billed(booked, f"I{erp}{number}", 10, paid=("0", "600", "1200")[number % 3])
        company.erp(erp).books.memos.append(memo)
        company.erp(erp).books.invoices[-1] = replace(invoice, credit_memos=(memo,) if number else ())
        company.erp(erp).books.payments += [
            application.payment for application in invoice.payments or () if application.payment
        ]


def _customers(company: Company) -> None:
    for number in (1, 2):
        company.customer(
            f"acc{number}",
            numbers=(f"erp-eu-c{number}", f"erp-us-c{number}"),
            name=f"Acme {number}",
            parent_key="acc1" if number > 1 else None,
            contacts=(Contact(Ref("crm", f"p{number}"), "Ada", "ada@acme.example"),),
            billing_address=Address("Ring 1", "Ulm", "89073", None, "DE"),
            shipping_address=None,
        )
        for erp, entity, currency in (("erp-eu", "DE01", "EUR"), ("erp-us", "US01", "USD")):
            credit = Credit(
                credit_limit=money(5000, currency), exposure=None, available=None, on_hold=False, checked_at=NOW
            )
            account = BillingAccount(
                customer=Ref(erp, f"{erp}-c{number}"),
                legal_entity_code=entity,
                reference=SystemReference(erp, "Account", f"{erp}-c{number}"),
                currency_code=currency,
                credit=credit,
                open_balance=money(10, currency),
            )
            company.erp(erp).books.accounts.append(account)


def _products(company: Company) -> None:
    for system in (company.crm, company.eu):
        for sku in ("P-1", "P-2"):
            product = ProductRecord(
                ref=Ref(system.name, sku),
                reference=SystemReference(system.name, "Product", sku),
                stamp=Stamp(system.name, "Product", sku, NOW),
                sku=sku,
                name=f"Bolt {sku}",
                prices=(ListPrice(money(100, "EUR")), ListPrice(money(110, "USD"), "US01")),
            )
            system.books.products.append(product)


def _quote(number: int) -> QuoteRecord:
    key = f"q{number}"
    line = QuoteLine(ref=Ref("crm", f"{key}/1"), sku="P-1", quantity=Decimal(10), unit_price=money(100, "EUR"))
    return QuoteRecord(
        ref=Ref("crm", key),
        reference=SystemReference("crm", "Quote", key),
        stamp=Stamp("crm", "Quote", key, NOW),
        number=f"Q-{number}",
        status=QuoteStatus.ACCEPTED,
        customer_key="acc1",
        total=money(1000, "EUR"),
        expires_on=NOW.date() + timedelta(days=9),
        lines=(line,),
        created_at=NOW - timedelta(days=30),
    )
