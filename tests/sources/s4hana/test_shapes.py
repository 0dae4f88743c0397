from __future__ import annotations

import pytest

from canonical.wanted import Wanted
from sources.s4hana.settings import Settings
from sources.s4hana.shapes import customer_shape, order_shape


def paths(*names: str, **settings: object) -> set[str]:
    return set(order_shape(Wanted.of(*names), Settings.model_validate(settings)).paths())


def test_of_an_order_little_is_read_unless_more_is_wanted() -> None:
    assert paths("number") == {
        "SalesOrder",
        "CreationDate",
        "SalesOrganization",
        "LastChangeDateTime",
        "OverallSDProcessStatus",
        "OverallSDDocumentRejectionSts",
        "TotalCreditCheckStatus",
        "HeaderBillingBlockReason",
        "DeliveryBlockReason",
        "SalesDocApprovalStatus",
        "PurchaseOrderByCustomer",
    }


@pytest.mark.parametrize("name", ["shipments", "invoices", "payments"])
def test_what_followed_is_read_where_it_will_be_asked_for(name: str) -> None:
    assert "to_SubsequentProcFlowDoc/SubsequentDocument" in paths(name)


@pytest.mark.parametrize(
    "wanted,field",
    [
        ("customer_key", "SoldToParty"),
        ("quote_key", "ReferenceSDDocument"),
        ("purchase_order_number", "PurchaseOrderByShipToParty"),
        ("requested_delivery_date", "RequestedDeliveryDate"),
        ("subtotal", "TotalNetAmount"),
        ("tax", "to_Item/TaxAmount"),
        ("total", "to_Item/TaxAmount"),
        ("holds", "to_Item/ItemBillingBlockReason"),
        ("lines.quantity", "to_Item/RequestedQuantity"),
        ("lines.sku", "to_Item/Material"),
        ("lines.unit_price", "to_Item/NetAmount"),
        ("lines.parent_key", "to_Item/HigherLevelItem"),
        ("lines.starts_on", "to_Item/to_BillingPlan/to_BillingPlanItem/BillingPlanServiceStartDate"),
        ("lines.sku", "TransactionCurrency"),
    ],
)
def test_each_wanted_field_is_read_from_where_it_stands(wanted: str, field: str) -> None:
    assert field in paths(wanted)
    assert field not in paths("number")


def test_a_customer_is_read_with_its_order_where_the_order_holds_all_that_is_wanted_of_it() -> None:
    named = paths("customer.ref", "customer.name")
    placed = paths("customer.name", "customer.billing_address")

    assert {path for path in named if path.startswith("to_Partner")} == {
        "to_Partner/PartnerFunctionInternalCode",
        "to_Partner/to_Address/AddressRepresentationCode",
        "to_Partner/to_Address/AddresseeFullName",
        "to_Partner/to_Address/OrganizationName1",
        "to_Partner/to_Address/OrganizationName2",
    }
    assert {"to_Partner/to_Address/CityName", "to_Partner/to_Address/HouseNumber"} <= placed - named


@pytest.mark.parametrize("more", ["shipping_address", "contacts", "references", "crm_id", "billing_accounts", "orders"])
def test_no_partner_is_read_where_the_customers_own_record_is_asked_anyway(more: str) -> None:
    assert not [path for path in paths("customer.name", f"customer.{more}") if path.startswith("to_Partner")]


def test_no_partner_is_read_where_settings_say_so_or_nobody_wants_the_customer() -> None:
    assert not [p for p in paths("customer.name", customers_from_orders=False) if p.startswith("to_Partner")]
    assert not [path for path in paths("customer_key") if path.startswith("to_Partner")]


def test_settings_name_the_fields_that_carry_references() -> None:
    told = paths("purchase_order_number", "lines.sku", reference_field="AssignmentReference",
                 line_reference_field="PurchaseOrderByCustomer", schedule_line_blocks=True)  # fmt: skip

    assert {
        "AssignmentReference",
        "to_Item/PurchaseOrderByCustomer",
        "to_Item/to_ScheduleLine/DelivBlockReasonForSchedLine",
    } <= told
    assert "PurchaseOrderByCustomer" not in told


def test_addresses_and_company_codes_of_customers_are_read_only_where_needed() -> None:
    little = set(customer_shape(Wanted.of("name"), Settings(), companies=False).paths())
    much = set(customer_shape(Wanted.of("billing_address"), Settings(), companies=True).paths())

    assert not [path for path in little if path.startswith("to_")]
    assert {"to_BusinessPartnerAddress/CityName", "to_Customer/to_CustomerCompany/CompanyCode"} <= much
