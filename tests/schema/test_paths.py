"""A path is spelled as the graph spells it, and understood again."""

from __future__ import annotations

import pytest

from schema.paths import meant, written


@pytest.mark.parametrize(
    "path,spelled",
    [
        (("lines", "0", "unit_price"), ["input", "lines", "0", "unitPrice"]),
        (("add", "1", "legal_entity"), ["input", "addLines", "1", "legalEntity"]),
        (("change", "2", "id"), ["input", "changeLines", "2", "id"]),
        (("remove", "3"), ["input", "removeLines", "3"]),
        (("billing_address", "postal_code"), ["input", "billingAddress", "postalCode"]),
        (("source", "key"), ["input", "source", "key"]),
        (("order",), ["order"]),
        (("reason",), ["reason"]),
        (("expected_version",), ["expectedVersion"]),
        (("idempotency_key",), ["idempotencyKey"]),
        (("ids", "4"), ["ids", "4"]),
    ],
)
def test_a_path_is_spelled_as_the_arguments_are_and_understood_again(path: tuple[str, ...], spelled: list[str]) -> None:
    assert written(path) == spelled
    assert meant(spelled) == path


def test_a_path_without_its_argument_is_understood_too_and_none_is_none() -> None:
    assert meant(["lines", "0", "unitPrice"]) == ("lines", "0", "unit_price")
    assert meant([]) == ()
