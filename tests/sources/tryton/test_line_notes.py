from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.intake import LineRequest
from sources.tryton.line_notes import Structure, from_note, structure_of, to_note

DAYS = st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31))
STRUCTURES = st.builds(
    Structure,
    source=st.none() | st.text(min_size=1),
    parent=st.none() | st.integers(1, 10_000),
    segment=st.none() | st.integers(0, 100),
    starts_on=DAYS,
    ends_on=DAYS,
    deliver_on=DAYS,
)


@given(STRUCTURES, st.text(st.characters(codec="utf-8")))
def test_a_structure_comes_back_from_whatever_note_it_was_put_into(told: Structure, around: str) -> None:
    assert from_note(to_note(told, around.replace("Revgraph: ", ""))) == told


def test_what_people_wrote_stays_and_the_structure_is_replaced() -> None:
    note = to_note(Structure(segment=1, starts_on=date(2027, 1, 1)), "Handle with care")
    again = to_note(Structure(segment=2), note)

    assert note == "Handle with care\nRevgraph: segment=1, from=2027-01-01"
    assert again == "Handle with care\nRevgraph: segment=2"
    assert to_note(Structure(), again) == "Handle with care"
    assert to_note(Structure()) is None


def test_what_cannot_be_read_is_not_told() -> None:
    assert from_note(None) == Structure()
    assert from_note("Revgraph: segment=two, from=soon, parent=-1, nonsense, =") == Structure()
    assert from_note("by hand\nRevgraph: source=802%2C1, to=2027-12-31\nby hand") == Structure(
        source="802,1", ends_on=date(2027, 12, 31)
    )


def test_a_bundles_line_is_named_by_its_number() -> None:
    part = LineRequest(sku="A", quantity=Decimal(1), parent=0, source_key="802A", segment=3)

    assert structure_of(part) == Structure(source="802A", parent=1, segment=3)
    assert structure_of(part, first=8) == Structure(source="802A", parent=8, segment=3)
