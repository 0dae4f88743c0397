from __future__ import annotations

from canonical.wanted import Wanted
from sources.tryton.fields import (
    account_paths,
    credit_note_paths,
    customer_paths,
    invoice_paths,
    order_paths,
    payment_paths,
    product_paths,
    shipment_paths,
    shipments_of_sale_paths,
)
from sources.tryton.settings import Settings

PLAIN = Settings(database="erp", credit=False)
WITH_CREDIT = Settings(database="erp")


def test_an_order_that_nothing_is_wanted_of_is_asked_for_what_is_always_told() -> None:
    told = ("number", "state", "shipment_state", "invoice_state", "create_date", "company", "reference")
    assert order_paths(Wanted(), PLAIN) == told
    assert order_paths(Wanted(), WITH_CREDIT)[-1] == "party.credit_limit_amount"


def test_only_wanted_fields_are_asked_for() -> None:
    wanted = Wanted.of("total", "customer_key", "lines.sku", "lines.tax")

    assert order_paths(wanted, PLAIN)[7:] == (
        *("party.code", "total_amount", "currency.code", "lines.type", "lines.quantity", "lines.product.type"),
        *("lines.product.code", "lines.amount", "lines.taxes.type", "lines.taxes.rate", "lines.taxes.amount"),
    )


def test_a_customer_is_read_with_its_sale_where_that_is_all_that_is_wanted_of_it() -> None:
    settings = Settings(database="erp", credit=False, customer_reference_field="crm_key")

    named = order_paths(Wanted.of("customer.ref", "customer.name"), settings)
    placed = order_paths(Wanted.of("customer.name", "customer.billing_address"), settings)

    assert named[7:] == ("party.code", "party.name", "party.crm_key")
    assert {"party.addresses.city", "party.addresses.invoice"} <= set(placed) - set(named)
    for more in ("contacts", "references", "crm_id", "billing_accounts", "orders"):
        assert order_paths(Wanted.of("customer.name", f"customer.{more}"), settings)[7:] == ("party.code",)


def test_the_fields_of_a_reference_and_a_purchase_order_are_those_configured() -> None:
    settings = Settings(database="erp", credit=False, reference_field="crm_key", purchase_order_field="reference")

    assert order_paths(Wanted.of("purchase_order_number"), settings)[6:] == ("crm_key", "reference")
    assert order_paths(Wanted(), settings)[6:] == ("crm_key",)


def test_a_lines_note_is_read_for_what_it_tells_alone() -> None:
    assert "lines.note" in order_paths(Wanted.of("lines.starts_on"), PLAIN)
    assert "lines.note" in order_paths(Wanted.of("lines.parent_key"), PLAIN)
    assert "lines.note" not in order_paths(Wanted.of("lines.sku"), PLAIN)


def test_a_customers_crm_key_is_a_field_of_its_own_or_an_identifier() -> None:
    configured = Settings(database="erp", customer_reference_field="crm_key")

    assert customer_paths(Wanted(), PLAIN) == ("code", "name", "identifiers.type", "identifiers.code")
    assert customer_paths(Wanted(), configured) == ("code", "name", "crm_key")


def test_shipments_and_returns_are_asked_for_at_once() -> None:
    paths = shipments_of_sale_paths(Wanted.of("shipped_at", "lines.sku"))

    assert "shipments.effective_date" in paths
    assert "shipments.outgoing_moves.product.code" in paths
    assert "shipment_returns.incoming_moves.origin" in paths
    assert not [path for path in paths if "planned_date" in path or "warehouse" in path]
    assert shipment_paths(Wanted(), "outgoing_moves")[:3] == ("number", "state", "company")


def test_payments_and_credit_notes_are_read_only_where_they_are_wanted() -> None:
    bare = invoice_paths(Wanted.of("total"))
    paid = invoice_paths(Wanted.of("paid"))
    whole = invoice_paths(Wanted.of("payments.payment.number", "credit_memos.reason"))

    assert not [path for path in bare if path.startswith(("payment_lines", "lines_to_pay"))]
    assert "payment_lines.move.number" not in paid
    assert "payment_lines.credit" in paid
    assert "payment_lines.move.number" in whole
    assert "description" in whole


def test_no_path_stands_for_a_record_that_another_path_goes_through() -> None:
    for paths in (
        credit_note_paths(Wanted.of("reason")),
        payment_paths(Wanted.of("amount", "method")),
        customer_paths(Wanted.of("contacts", "billing_address"), WITH_CREDIT),
        account_paths(Wanted.of("credit", "open_balance"), WITH_CREDIT),
        product_paths(Wanted.of("prices", "unit")),
    ):
        assert not [path for path in paths if any(other.startswith(f"{path}.") for other in paths)]
    assert not [path for path in account_paths(Wanted.of("credit"), PLAIN) if "credit" in path]
