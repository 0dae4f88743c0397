from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.kit.odata.filters import either, eq, every, holds, holds_v4, one_of, runs
from sources.kit.odata.literals import encoded


def test_conditions_are_put_together_so_that_or_binds_tighter_than_and() -> None:
    orders = one_of("SalesOrder", ["1", "2"])

    assert every(orders, None, eq("SalesOrganization", "1710")) == (
        "(SalesOrder eq '1' or SalesOrder eq '2') and SalesOrganization eq '1710'"
    )


def test_one_condition_needs_no_brackets_and_none_gives_nothing() -> None:
    assert one_of("SalesOrder", ["1", "1"]) == "SalesOrder eq '1'"
    assert every(None, None) is None


def test_a_choice_of_nothing_is_refused_since_it_would_match_everything() -> None:
    with pytest.raises(ValueError, match="no condition"):
        either([])


def test_containing_is_written_as_each_version_wants_it() -> None:
    assert holds("Name", "O'N") == "substringof('O''N',Name)"
    assert holds_v4("Name", "O'N") == "contains(Name,'O''N')"


def test_two_hundred_keys_go_in_four_runs_of_at_most_sixty() -> None:
    conditions = [eq("SalesOrder", str(number)) for number in range(200)]

    assert [len(run) for run in runs(conditions)] == [60, 60, 60, 20]


@given(st.lists(st.text("aÄ漢 '&/:%", min_size=1, max_size=40), max_size=150))
def test_every_run_fits_a_url_and_nothing_is_lost_or_repeated(values: list[str]) -> None:
    conditions = [eq("PurchaseOrderByCustomer", value) for value in values]
    parts = runs(conditions)

    assert [condition for part in parts for condition in part] == list(dict.fromkeys(conditions))
    assert all(len(part) <= 60 for part in parts)
    assert all(len(encoded(" or ".join(part))) <= 6000 for part in parts)
