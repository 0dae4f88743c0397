"""What is kept for the next time, within its bounds."""

from __future__ import annotations

from engine.keeping import Kept


def test_what_was_used_least_lately_is_forgotten_first() -> None:
    kept: Kept[str, int] = Kept(most=2, heaviest=100)
    kept.put("a", 1, 1)
    kept.put("b", 2, 1)

    kept.get("a")
    kept.put("c", 3, 1)

    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_weight_is_bounded_as_number_is() -> None:
    kept: Kept[str, int] = Kept(most=100, heaviest=10)
    for name in "abc":
        kept.put(name, 0, 4)

    assert (kept.get("a"), len(kept), kept.weight) == (None, 2, 8)


def test_one_value_that_is_too_heavy_is_not_kept_and_drives_nothing_out() -> None:
    kept: Kept[str, int] = Kept(most=100, heaviest=10)
    kept.put("a", 1, 4)

    kept.put("b", 2, 11)

    assert (kept.get("a"), kept.get("b"), kept.weight) == (1, None, 4)


def test_a_value_put_again_weighs_once() -> None:
    kept: Kept[str, int] = Kept(most=100, heaviest=10)
    for value in range(5):
        kept.put("a", value, 3)

    assert (kept.get("a"), len(kept), kept.weight) == (4, 1, 3)
    kept.clear()
    assert (kept.get("a"), len(kept), kept.weight) == (None, 0, 0)
