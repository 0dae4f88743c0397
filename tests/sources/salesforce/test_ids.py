"""Ids in any form they reach us in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.salesforce.ids import ACCOUNT, ORDER, long_id, named


def test_fifteen_characters_get_the_suffix_that_remembers_their_case() -> None:
    assert long_id("001dM00003jU9Gx") == "001dM00003jU9GxQAK"
    assert named("001dM00003jU9GyQAK", ACCOUNT) == "001dM00003jU9GyQAK"
    assert named("001dM00003jU9H0", ACCOUNT) == "001dM00003jU9H0QAK"


@pytest.mark.parametrize("text", ["801DM00003JU9GXQAK", "801dm00003ju9gxqak", " 801dM00003jU9GxQAK "])
def test_the_suffix_gives_back_the_case_that_a_system_lost(text: str) -> None:
    assert named(text, ORDER) == "801dM00003jU9GxQAK"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PO-4711",
        "Tel. order 801dM00003jU9GxQAK",
        "801000000000123",
        "801000000000123456",
        "001dM00003jU9GxQAK",
        "801dM00003jU9GxQA!",
        "801dM00003jU9GxZZZ",
        "801dM00003jU9G",
    ],
)
def test_other_text_is_not_an_id(text: str) -> None:
    assert named(text, ORDER) is None


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=12))
def test_every_form_of_an_id_names_the_same_record(tail: str) -> None:
    short = "801" + tail
    if not short.isdecimal():
        whole = long_id(short)
        assert named(short, ORDER) == named(whole, ORDER) == named(whole.upper(), ORDER) == whole
