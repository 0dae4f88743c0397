from __future__ import annotations

from dataclasses import replace

import pytest

from canonical.legal_entity import LegalEntity
from sources.intake import CustomerIntake, OrderIntake
from sources.landscape import EntityAt, Secret, SettingValue
from sources.ports import (
    CustomerSource,
    InvoiceSource,
    OrderSource,
    PaymentSource,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
    ShipmentSource,
)
from sources.s4hana.adapter import open_source
from sources.s4hana.settings import Entities, settings_of
from tests.sources.s4hana.opened import DE, US, instance


def test_an_instance_without_settings_has_sensible_ones() -> None:
    settings = settings_of(instance())

    assert (settings.reference_field, settings.auth, settings.language) == ("PurchaseOrderByCustomer", "basic", "EN")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sap_client": "1"},
        {"language": "english"},
        {"reference_field": "A eq '1' or B"},
        {"time_zone": "Mars/Olympus"},
        {"page_size": 0},
        {"unknown": "x"},
        {"order_type": "or"},
        {"line_start_field": "a b"},
        {"line_place_field": "PurchaseOrderByCustomer"},
        {"write_seconds": 0},
        {"numbering": "own"},
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, SettingValue]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        settings_of(instance("http://127.0.0.1:1", **wrong))


@pytest.mark.parametrize("range_of", [{}, {"number_from": 5, "number_to": 4}, {"number_to": 9}])
def test_numbers_of_our_own_need_their_range(range_of: dict[str, SettingValue]) -> None:
    with pytest.raises(ValueError, match="number_from and number_to"):
        settings_of(instance("http://127.0.0.1:1", numbering="external", **range_of))


def test_codes_lead_to_entities_and_back() -> None:
    entities = Entities(instance())

    assert (entities.of_company("1710"), entities.of_company("9999"), entities.of_company(None)) == ("US01", None, None)
    assert entities.of_organization("1711") == "US01"
    assert entities.companies(None) is None
    assert entities.companies(frozenset({"US01", "FR01"})) == ("1710",)
    assert entities.organizations(frozenset({"US01"})) == ("1710", "1711")
    assert entities.organizations(frozenset()) == ()
    assert entities.known_companies() == ("1010", "1710")


def test_an_entity_without_codes_is_refused_by_name() -> None:
    bare = EntityAt(LegalEntity("FR01"), {"company_code": "1810"})

    with pytest.raises(ValueError, match="FR01"):
        Entities(replace(instance(), entities=(bare,)))


def test_the_adapter_keeps_every_need_but_quotes() -> None:
    source = open_source(instance())

    for port in (
        OrderSource,
        CustomerSource,
        ProductSource,
        ShipmentSource,
        InvoiceSource,
        PaymentSource,
        ReceivablesSource,
        OrderIntake,
        CustomerIntake,
    ):
        assert isinstance(source, port)
    assert not isinstance(source, QuoteSource)
    assert (source.name, source.kind) == ("sap", "s4hana")


def test_a_missing_credential_is_named() -> None:
    with pytest.raises(ValueError, match="password"):
        open_source(replace(instance(), credentials={"username": Secret("x")}))
    with pytest.raises(ValueError, match="client_id"):
        open_source(instance(auth="oauth"))


def test_a_name_may_be_a_setting_and_oauth_needs_a_secret() -> None:
    held = replace(instance(auth="oauth", client_id="app"), credentials={"client_secret": Secret("s")})

    assert open_source(held).name == "sap"


@pytest.mark.parametrize(
    "text,key",
    [
        ("0000104166", "104166"),
        ("104166", "104166"),
        (" 104166 ", "104166"),
        ("12345678901", None),
        ("0000000000", None),
        ("8015g0000021stiAAA", None),
        ("Tel. order 7", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_a_reference_names_an_order_or_customer_only_when_it_is_a_number(text: str, key: str | None) -> None:
    source = open_source(instance())
    assert isinstance(source, OrderSource)
    assert isinstance(source, CustomerSource)

    assert source.named_order(text) == key
    assert source.named_customer(text) == key


def test_fields_name_their_origin() -> None:
    source = open_source(instance(reference_field="AssignmentReference"))

    assert source.origin("Order", "subtotal") == "A_SalesOrder.TotalNetAmount"
    assert source.origin("Order", "partner_keys") == "A_SalesOrder.AssignmentReference"
    assert source.origin("Invoice", "due_on") == "A_OperationalAcctgDocItemCube.NetDueDate"
    assert source.origin("Order", "opportunity_key") is None
    assert (US.entity.code, DE.entity.code) == ("US01", "DE01")


def test_what_stands_in_a_field_that_was_chosen_for_it_names_that_field() -> None:
    chosen = open_source(instance(line_start_field="YY1_From_SDI", line_segment_field="YY1_Segment_SDI"))

    assert chosen.origin("OrderLine", "starts_on") == "A_SalesOrderItem.YY1_From_SDI"
    assert chosen.origin("OrderLine", "segment") == "A_SalesOrderItem.YY1_Segment_SDI"
    assert chosen.origin("OrderLine", "ends_on") == "A_SlsOrderItemBillingPlanItem.BillingPlanServiceEndDate"
    assert chosen.origin("OrderLine", "partner_key") == "A_SalesOrderItem.PurchaseOrderByShipToParty"
