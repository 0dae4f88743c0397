from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sources.s4hana.numbering import PROBES, numbers_for
from sources.s4hana.settings import Settings

NARROW = Settings(numbering="external", number_from=7_000_000_000, number_to=7_000_000_002)
WIDE = Settings(numbering="external", number_from=7_000_000_000, number_to=7_999_999_999)


@given(st.text(min_size=1, max_size=35))
def test_a_reference_always_leads_to_the_same_numbers_of_the_range(reference: str) -> None:
    numbers = list(numbers_for(reference, WIDE))

    assert numbers == list(numbers_for(reference, WIDE))
    assert len(set(numbers)) == PROBES
    assert all(len(number) == 10 and number.startswith("7") for number in numbers)


def test_a_small_range_is_tried_once_around() -> None:
    assert sorted(numbers_for("RG-1", NARROW)) == ["7000000000", "7000000001", "7000000002"]


def test_two_references_hardly_meet() -> None:
    firsts = {next(numbers_for(f"RG-{n}", WIDE)) for n in range(1000)}

    assert len(firsts) == 1000
