from __future__ import annotations

import pytest
from pydantic import ValidationError

from sources.kit.sandbox.faults import Fault, Faults
from sources.kit.sandbox.rows import row_faults, spoil


def test_a_fault_hits_the_requests_it_names_as_often_as_it_says() -> None:
    faults = Faults()
    faults.add(Fault(kind="status", match=r"^GET /orders\?", times=2))

    taken = [faults.take(line) for line in ("GET /items", "GET /orders?a=1", "GET /orders?a=2", "GET /orders?a=3")]

    assert [len(one) for one in taken] == [0, 1, 1, 0]
    assert faults.hits == {"status": 2}
    assert faults.armed() == []


def test_a_fault_without_times_lasts_until_cleared() -> None:
    faults = Faults()
    faults.add(Fault(kind="throttle"))

    assert all(faults.take("GET /") for _ in range(100))
    faults.clear()
    assert faults.take("GET /") == []


def test_chance_is_the_same_for_the_same_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(kind="status", probability=0.5))
        return [bool(faults.take("GET /")) for _ in range(50)]

    assert pattern(7) == pattern(7)
    assert 10 < sum(pattern(7)) < 40


def test_too_many_faults_are_refused() -> None:
    faults = Faults()
    for _ in range(64):
        faults.add(Fault(kind="latency"))

    with pytest.raises(ValueError, match="at most 64"):
        faults.add(Fault(kind="latency"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"kind": "status", "match": "("},
        {"kind": "latency", "seconds": 1e9},
        {"kind": "status", "often": 1},
    ],
)
def test_a_fault_nobody_could_show_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)


@pytest.mark.parametrize(
    "kind, expected",
    [("drop_rows", [2, 4]), ("duplicate_rows", [1, 1, 2, 2, 3, 3, 4, 4])],
)
def test_rows_are_lost_or_repeated(kind: str, expected: list[int]) -> None:
    token = row_faults.set((Fault.model_validate({"kind": kind}),))

    assert spoil([1, 2, 3, 4]) == expected
    row_faults.reset(token)
    assert spoil([1, 2, 3, 4]) == [1, 2, 3, 4]


def test_shuffled_rows_are_the_same_rows_in_another_order() -> None:
    token = row_faults.set((Fault(kind="shuffle_rows"),))

    for size in range(2, 30):
        rows = list(range(size))
        assert spoil(rows) != rows
        assert sorted(spoil(rows)) == rows
    row_faults.reset(token)
