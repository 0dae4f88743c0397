"""Waits grow with failures in a row, have a bound, and are never shorter than what a system asks for."""

from __future__ import annotations

from canonical.errors import Throttled, Unavailable
from workflows.patience import Patience

DOWN = Unavailable("crm", "crm does not answer.")


def test_waits_double_up_to_a_minute() -> None:
    patience = Patience(1.0, lambda: 1.0)

    assert [patience.after(DOWN) for _ in range(8)] == [2, 4, 8, 16, 32, 60, 60, 60]


def test_after_something_went_well_the_next_wait_is_the_first_again() -> None:
    patience = Patience(1.0, lambda: 1.0)
    for _ in range(8):
        patience.after(DOWN)

    patience.well()

    assert patience.after(DOWN) == 2


def test_half_of_a_wait_is_chance() -> None:
    assert Patience(1.0, lambda: 0.0).after(DOWN) == 1
    assert Patience(1.0, lambda: 0.5).after(DOWN) == 1.5


def test_whoever_asks_for_rest_has_it_for_an_hour_at_most() -> None:
    patience = Patience(1.0, lambda: 0.0)

    assert patience.after(Throttled("crm", "Enough.", retry_after=1_800)) == 1_800
    assert patience.after(Throttled("crm", "Enough.", retry_after=86_400)) == 3_600
