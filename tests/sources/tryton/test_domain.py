from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.tryton.domain import (
    behind_code,
    behind_day,
    behind_instant,
    clause,
    either,
    encoded,
    every,
    holds,
    identities,
    named,
    none_of,
    one_of,
    runs,
    texts,
)


def test_clauses_are_joined_by_and_or() -> None:
    seen = one_of("company", [1])

    assert every(seen, None, clause("state", "=", "draft")) == [["company", "in", [1]], ["state", "=", "draft"]]
    assert either([seen]) == seen
    assert every(either([seen, clause("id", "=", 2)]), seen) == [
        ["OR", [["company", "in", [1]]], [["id", "=", 2]]],
        ["company", "in", [1]],
    ]
    assert either([]) == [["id", "=", -1]]
    assert none_of("id", []) is None


def test_names_of_several_kinds_are_one_question() -> None:
    assert named([("id", 1), ("reference", "a"), ("id", 2)]) == [
        "OR",
        [["id", "in", [1, 2]]],
        [["reference", "in", ["a"]]],
    ]


def test_an_instant_is_a_range_of_a_microsecond_so_that_ties_are_found_whatever_the_database_writes() -> None:
    at = datetime(2026, 11, 18, 9, 38, 47, tzinfo=UTC)
    instant = {"__class__": "datetime", "year": 2026, "month": 11, "day": 18, "hour": 9, "minute": 38, "second": 47}

    assert behind_instant("create_date", at, 98) == [
        "OR",
        [["create_date", "<", {**instant, "microsecond": 0}]],
        [
            ["create_date", ">=", {**instant, "microsecond": 0}],
            ["create_date", "<", {**instant, "microsecond": 1}],
            ["id", "<", 98],
        ],
    ]
    assert behind_instant("create_date", at, None) == [["create_date", "<", {**instant, "microsecond": 0}]]


def test_behind_a_day_come_earlier_days_and_smaller_ids_of_the_same() -> None:
    day = {"__class__": "date", "year": 2026, "month": 3, "day": 5}

    assert behind_day("invoice_date", date(2026, 3, 5), 7) == [
        "OR",
        [["invoice_date", "<", day]],
        [["invoice_date", "=", day], ["id", "<", 7]],
    ]


def test_codes_that_tryton_counts_are_sorted_by_length_first() -> None:
    assert behind_code("code", "99", by_length=True) == [
        "OR",
        [["code", "like", "___%"]],
        [["code", "like", "__"], ["code", ">", "99"]],
    ]
    assert behind_code("code", "AC", by_length=False) == [["code", ">", "AC"]]


@pytest.mark.parametrize("hostile", ["%", "_", "\\", '"]', "' OR 1=1 --", '{"__class__": "bytes"}', "☃", "a,b"])
def test_hostile_text_stays_a_value(hostile: str) -> None:
    sent = json.loads(urlsafe_b64decode(encoded(one_of("reference", [hostile]))))

    assert sent == [["reference", "in", [hostile]]]


def test_wildcards_that_people_type_are_taken_as_they_stand() -> None:
    assert holds("number", "50%_\\") == [["number", "ilike", "%50\\%\\_\\\\%"]]


@given(st.text())
def test_no_text_makes_another_question(text: str) -> None:
    sent = json.loads(urlsafe_b64decode(encoded(one_of("number", texts([text])))))

    assert sent in ([["number", "in", [text]]], [["number", "in", []]])


def test_only_ids_of_the_databases_size_are_ids() -> None:
    keys = ["1", "01", "-1", "0", "1.0", "٣", "", "2147483647", "2147483648", "9" * 400, "1", "x"]

    assert identities(keys) == [1, 2147483647]


def test_texts_that_no_record_can_hold_are_not_asked_for() -> None:
    assert texts(["a", "", "a", "b\x00", "\ud800", "c\n", "ü b"]) == ["a", "ü b"]


@given(st.lists(st.integers(1, 10_000), unique=True, max_size=300), st.integers(60, 900))
def test_runs_keep_every_value_once_and_within_the_room(values: list[int], room: int) -> None:
    domains = runs(values, lambda run: one_of("id", run), room)

    kept = [value for domain in domains for value in json.loads(urlsafe_b64decode(encoded(domain)))[0][2]]
    assert kept == values
    assert all(len(encoded(domain)) <= room for domain in domains)
