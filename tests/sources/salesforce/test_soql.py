"""Queries say what was meant, whatever text is put into them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.salesforce.soql import (
    Select,
    any_of,
    contains,
    day_start,
    equals,
    instant,
    is_in,
    lists_one_of,
    newest_first_behind,
    not_in,
    quoted,
    through,
)

LITERAL = re.compile(r"'(?:[^'\\\n\r]|\\(?:[nrtbf\"'\\%_]|u[0-9a-fA-F]{4}))*'")


def test_a_query_reads_as_it_is_meant() -> None:
    lines = Select(("Id", "Product2.Name"), "OrderItems", order_by=("OrderItemNumber",))
    select = Select(
        ("Id", "Account.Name", "Id"), "Order", (lines,), (equals("Status", "Draft"),), ("CreatedDate DESC",), 51
    )

    assert select.text() == (
        "SELECT Id, Account.Name, (SELECT Id, Product2.Name FROM OrderItems ORDER BY OrderItemNumber) "
        "FROM Order WHERE Status = 'Draft' ORDER BY CreatedDate DESC LIMIT 51"
    )


def test_narrowing_adds_with_and() -> None:
    select = Select(("Id",), "Order").also_where(is_in("Id", ["1", "2", "1"])).also_where(not_in("StatusCode", ["X"]))

    assert select.text() == "SELECT Id FROM Order WHERE Id IN ('1', '2') AND StatusCode NOT IN ('X')"


@pytest.mark.parametrize(
    "text, literal",
    [
        ("O'Brien", r"'O\'Brien'"),
        ("back\\slash", r"'back\\slash'"),
        ("\\' OR Name != '", r"'\\\' OR Name != \''"),
        ('say "hi"', r"'say \"hi\"'"),
        ("two\nlines\r\t", r"'two\nlines\r\t'"),
        ("nul\x00", r"'nul\u0000'"),
        ("Müller & Söhne €", "'Müller & Söhne €'"),
    ],
)
def test_hostile_text_stays_text(text: str, literal: str) -> None:
    assert quoted(text) == literal


@given(st.text(max_size=60))
def test_no_text_ends_its_own_literal(text: str) -> None:
    assert LITERAL.fullmatch(quoted(text))
    assert LITERAL.fullmatch(contains("Name", text).removeprefix("Name LIKE "))


def test_a_search_for_wildcards_finds_the_characters_themselves() -> None:
    assert contains("Name", "100%_'") == r"Name LIKE '%100\%\_\'%'"


@pytest.mark.parametrize("name", ["Id; DELETE", "Name FROM Order", "", "a.b.c.d.e.f", "Na'me", "1Name", "Name)"])
def test_what_is_no_field_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a field"):
        equals(name, "x")


def test_nothing_to_choose_from_finds_nothing() -> None:
    assert is_in("AccountId", []) == "Id = null"
    assert any_of() == "Id = null"


def test_instants_are_told_in_utc_to_the_millisecond() -> None:
    berlin = timezone(timedelta(hours=1))

    assert instant(datetime(2026, 11, 23, 20, 5, 6, 7_999, berlin)) == "2026-11-23T19:05:06.007Z"
    assert day_start(date(2026, 1, 2)) == "2026-01-02T00:00:00.000Z"
    assert through("CreatedDate", date(2026, 12, 31)) == "CreatedDate < 2027-01-01T00:00:00.000Z"


def test_behind_a_position_is_earlier_or_as_early_with_a_smaller_key() -> None:
    behind = newest_first_behind("CreatedDate", datetime(2026, 11, 23, 19, tzinfo=UTC), "Id", "801A")

    assert behind == (
        "(CreatedDate < 2026-11-23T19:00:00.000Z OR (CreatedDate = 2026-11-23T19:00:00.000Z AND Id < '801A'))"
    )


def test_a_number_is_found_alone_and_beside_others() -> None:
    assert lists_one_of("ERP__c", ["47"], [";"]) == (
        "(ERP__c IN ('47') OR ERP__c LIKE '47;%' OR ERP__c LIKE '%;47%' OR ERP__c LIKE '%; 47%')"
    )
