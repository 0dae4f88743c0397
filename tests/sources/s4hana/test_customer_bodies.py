"""What is sent of a new customer."""

from __future__ import annotations

import json

import msgspec
import pytest

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from canonical.intake import CustomerRequest
from sources.s4hana.customer_bodies import CustomerBodies
from sources.s4hana.selling import SalesAreas
from sources.s4hana.settings import Settings
from tests.sources.s4hana.opened import PAYLOADS, instance

ACME = CustomerRequest(
    reference="RG-CUS-1",
    legal_entity_code="US01",
    name="Acme",
    currency_code="USD",
    billing_address=Address("1 Main St", "Oakland", "94601", "CA", "US"),
)
WHOLE = msgspec.structs.replace(
    ACME,
    name="Consolidated Pump and Valve Works of Northern California Incorporated",
    crm_key="0015g0000021sN5AAI",
    shipping_address=Address("2 Dock Rd", "Reno", "89501", "NV", "US"),
    email="ap@acme.example",
    tax_number="94-1234567",
)


def sent(request: CustomerRequest, **settings: object) -> dict[str, object]:
    area = SalesAreas(instance(), Settings.model_validate(settings)).of(request.legal_entity_code)
    return CustomerBodies("sap", Settings.model_validate(settings)).partner(request, area)


def test_a_whole_customer_is_sent_as_its_payload_shows() -> None:
    body = sent(
        WHOLE,
        identification_type="ZRVG",
        reconciliation_accounts={"1710": "12100000", "*": "12100099"},
        customer_payment_terms="NT30",
        tax_number_types={"US": "US1"},
        tax_classifications={"UTXJ": "1"},
    )

    assert body == json.loads((PAYLOADS / "customer_sent.json").read_text(encoding="utf-8"))


def test_the_crms_key_is_carried_before_our_reference_and_ours_where_there_is_none() -> None:
    with_key, without = sent(WHOLE), sent(ACME)

    assert with_key["BusinessPartnerIDByExtSystem"] == "0015g0000021sN5AAI"
    assert "to_BuPaIdentification" not in with_key
    assert without["BusinessPartnerIDByExtSystem"] == "RG-CUS-1"


def test_a_reference_that_is_too_long_for_the_field_goes_to_an_identification() -> None:
    long = msgspec.structs.replace(ACME, reference="RG-" + "x" * 30)

    body = sent(long, identification_type="ZRVG")

    assert "BusinessPartnerIDByExtSystem" not in body
    assert body["to_BuPaIdentification"] == [{"BPIdentificationType": "ZRVG", "BPIdentificationNumber": long.reference}]
    with pytest.raises(Refused, match="too short for the reference"):
        sent(long)


def test_one_address_serves_for_both_where_they_are_the_same() -> None:
    same = msgspec.structs.replace(ACME, shipping_address=ACME.billing_address)

    for request in (ACME, same):
        addresses = sent(request)["to_BusinessPartnerAddress"]
        assert isinstance(addresses, list)
        assert [address["to_AddressUsage"] for address in addresses] == [[{"AddressUsage": "XXDEFAULT"}]]


@pytest.mark.parametrize(
    "wrong,words,category",
    [
        ({"name": "x" * 161}, "names of up to 160", ProblemCategory.INVALID_INPUT),
        ({"name": "  "}, "names of up to 160", ProblemCategory.INVALID_INPUT),
        ({"tax_number": "9" * 21}, "tax number", ProblemCategory.TAX),
        ({"billing_address": Address("1 Main St", "Oakland")}, "needs its country", ProblemCategory.INVALID_INPUT),
        ({"billing_address": Address(city="x" * 41, country="US")}, "The city", ProblemCategory.INVALID_INPUT),
        ({"legal_entity_code": "FR01"}, "FR01", ProblemCategory.ROUTING),
    ],
)
def test_what_sap_could_not_hold_is_refused_before_it_is_sent(
    wrong: dict[str, object], words: str, category: ProblemCategory
) -> None:
    with pytest.raises(Refused, match=words) as refused:
        sent(msgspec.structs.replace(ACME, **wrong))

    assert refused.value.category is category


def test_a_name_is_cut_between_words_and_else_where_it_must() -> None:
    body = sent(msgspec.structs.replace(ACME, name="y" * 50))

    assert (body["OrganizationBPName1"], body["OrganizationBPName2"]) == ("y" * 40, "y" * 10)
