"""Opportunities and contracts, Salesforce's words to ours: each rule beside the payload it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import orjson
import pytest

from canonical.absence import UNSET
from canonical.contract import ContractRecord, ContractStatus
from canonical.money import Money
from canonical.opportunity import OpportunityRecord
from canonical.refs import SystemReference
from canonical.wanted import Wanted
from sources.salesforce.mapping import Telling
from sources.salesforce.mapping_deal import to_contract, to_opportunity
from sources.salesforce.reading import origin_of, select_contracts, select_opportunities, select_orders
from sources.salesforce.settings import Settings
from sources.salesforce.shapes import Shapes

READ_AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
TELLING = Telling("crm", "https://acme.my.salesforce.com", READ_AT, "USD")
AMENDED = Settings(contract_amended_at_field="Amended_On__c")
OPPORTUNITY = {
    "Id": "006RO000000abcdYAA",
    "Name": "Acme: pumps",
    "StageName": "Closed Won",
    "Amount": 1200.5,
    "CloseDate": "2026-11-30",
    "AccountId": "001RO000000abcdYAA",
    "IsWon": True,
    "IsClosed": True,
    "CreatedDate": "2026-10-01T08:00:00.000+0000",
}
CONTRACT = {
    "Id": "800RO000000abcdYAA",
    "ContractNumber": "00000100",
    "Status": "Signed and live",
    "StatusCode": "Activated",
    "StartDate": "2026-12-01",
    "EndDate": "2029-11-30",
    "ContractTerm": 36,
    "AccountId": "001RO000000abcdYAA",
    "ActivatedDate": "2026-11-23T19:05:00.000+0000",
    "CreatedDate": "2026-11-20T08:00:00.000+0000",
    "LastModifiedDate": "2026-11-24T09:00:00.000+0000",
}


def opportunity(wanted: Wanted, settings: Settings | None = None, **changed: object) -> OpportunityRecord:
    row = orjson.dumps({**OPPORTUNITY, **changed})
    return to_opportunity(msgspec.json.decode(row, type=Shapes.of(settings or Settings()).opportunity), wanted, TELLING)


def contract(wanted: Wanted, settings: Settings | None = None, **changed: object) -> ContractRecord:
    row = orjson.dumps({**CONTRACT, **changed})
    return to_contract(msgspec.json.decode(row, type=Shapes.of(settings or Settings()).contract), wanted, TELLING)


def test_an_opportunity_s_own_values() -> None:
    record = opportunity(Wanted())

    assert record.reference == SystemReference(
        "crm", "Opportunity", "006RO000000abcdYAA", "https://acme.my.salesforce.com/006RO000000abcdYAA"
    )
    assert (record.name, record.stage) == ("Acme: pumps", "Closed Won")
    assert (record.amount, record.closes_on) == (Money(Decimal("1200.50"), "USD"), date(2026, 11, 30))
    assert (record.closed, record.won, record.customer_key) == (True, True, "001RO000000abcdYAA")
    assert record.created_at == datetime(2026, 10, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("closed, is_won, won", [(True, True, True), (True, False, False), (False, False, None)])
def test_a_deal_is_neither_won_nor_lost_while_it_is_open(closed: bool, is_won: bool, won: bool | None) -> None:
    assert opportunity(Wanted.of("won"), IsClosed=closed, IsWon=is_won).won is won


def test_an_opportunity_is_in_its_own_currency_where_the_org_has_several() -> None:
    record = opportunity(Wanted.of("amount"), Settings(multi_currency=True), CurrencyIsoCode="JPY", Amount=1200.0)

    assert record.amount == Money(Decimal(1200), "JPY")


def test_a_contract_s_own_values() -> None:
    record = contract(Wanted())

    assert record.reference == SystemReference(
        "crm", "Contract", "800RO000000abcdYAA", "https://acme.my.salesforce.com/800RO000000abcdYAA"
    )
    assert (record.number, record.status, record.system_status) == (
        "00000100", ContractStatus.ACTIVE, "Signed and live",
    )  # fmt: skip
    assert (record.starts_on, record.ends_on, record.term_months) == (date(2026, 12, 1), date(2029, 11, 30), 36)
    assert (record.customer_key, record.stamp.fetched_at) == ("001RO000000abcdYAA", READ_AT)
    assert record.activated_at == datetime(2026, 11, 23, 19, 5, tzinfo=UTC)
    assert record.created_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_touched_record_is_updated_and_only_the_org_s_own_field_says_amended() -> None:
    plain = contract(Wanted.of("amended_at", "updated_at"))
    named = contract(Wanted.of("amended_at"), AMENDED, Amended_On__c="2026-11-25")

    assert (plain.updated_at, plain.amended_at) == (datetime(2026, 11, 24, 9, tzinfo=UTC), None)
    assert named.amended_at == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "code, status",
    [
        ("Draft", ContractStatus.DRAFT),
        ("InApproval", ContractStatus.IN_APPROVAL),
        ("Activated", ContractStatus.ACTIVE),
        ("Expired", ContractStatus.EXPIRED),
        ("Terminated", ContractStatus.TERMINATED),
        ("SomethingNew", None),
        (None, None),
    ],
)
def test_a_contract_s_status_is_the_category_behind_the_label(code: str | None, status: ContractStatus | None) -> None:
    assert contract(Wanted.of("status"), StatusCode=code).status is status


def test_what_was_not_selected_is_unset_and_what_was_asked_and_is_not_there_is_none() -> None:
    bare = to_contract(
        msgspec.json.decode(b'{"Id": "800A"}', type=Shapes.of(Settings()).contract), Wanted.of("amended_at"), TELLING
    )

    assert (bare.amended_at, bare.number, bare.status) == (None, UNSET, UNSET)
    assert contract(Wanted(), EndDate=None, ContractTerm=None).ends_on is None


def test_only_wanted_fields_of_deals_are_selected() -> None:
    shapes = Shapes.of(AMENDED)

    assert select_opportunities(shapes, Wanted.of("won", "amount")).text() == (
        "SELECT Id, AccountId, Amount, IsWon, IsClosed FROM Opportunity"
    )
    assert select_contracts(shapes, Wanted.of("status", "amended_at")).text() == (
        "SELECT Id, ContractNumber, AccountId, Amended_On__c, StatusCode FROM Contract"
    )
    assert ", ContractId " in select_orders(shapes, Wanted.of("contract_key")).text()


def test_every_field_of_a_deal_says_where_it_comes_from() -> None:
    shapes = Shapes.of(AMENDED)

    assert origin_of(shapes, "Order", "contract_key") == "ContractId"
    assert origin_of(shapes, "Opportunity", "amount") == "Amount"
    assert origin_of(shapes, "Contract", "number") == "ContractNumber"
    assert origin_of(shapes, "Contract", "amended_at") == "Amended_On__c"
    assert origin_of(Shapes.of(Settings()), "Contract", "amended_at") is None
