"""Positions come back from their text as they went in, and other text is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.salesforce.positions import Look, Mark, Place, look_in, places_in, position_in, position_of

TOPICS = st.sampled_from(["/data/OrderChangeEvent", "/data/AccountChangeEvent", "/event/Look__e"])
REPLAYED = st.binary(min_size=1, max_size=20).map(Place)
BEGUN = st.integers(1, 2**45).map(lambda since: Place(since=since))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(st.dictionaries(TOPICS, REPLAYED | BEGUN, max_size=3))
def test_places_on_the_bus_survive_their_text(places: dict[str, Place]) -> None:
    assert places_in(position_of(places)) == places


MARKS = st.dictionaries(st.sampled_from(["Order", "Account"]), st.builds(Mark, MOMENTS, st.text(max_size=18)))


@given(st.builds(Look, MARKS, st.none() | MOMENTS))
def test_looks_of_the_polling_survive_their_text(look: Look) -> None:
    assert look_in(position_in(look)) == look


@pytest.mark.parametrize("text", ["", "{", "[]", '{"/data/A": "!"}', '{"/data/A": 1.5}', '{"/data/A": null}'])
def test_other_text_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="no position of the event bus"):
        places_in(text)


@pytest.mark.parametrize("text", ["", "7", "{}", '{"marks": {"Order": "yesterday"}}', '{"marks": {"Order": []}}'])
def test_other_text_is_no_look(text: str) -> None:
    with pytest.raises(ValueError, match="no position in what was changed"):
        look_in(text)
