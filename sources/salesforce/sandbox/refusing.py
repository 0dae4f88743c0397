"""Refusals on demand, told inside of composites too: an org's validation rules, its row locks, its failing flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.store import Row

LOCKED_ROW: Final = "unable to obtain exclusive access to this record or 1 records: {0}"


def _every(row: Row) -> bool:
    del row
    return True


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is refused: saves of one object's rows that `applies` finds wrong, so many `times` (None: for good)."""

    sobject: str
    code: str
    message: str
    fields: tuple[str, ...] = ()
    applies: Callable[[Row], bool] = _every
    times: int | None = None


def validation_rule(
    sobject: str, sentence: str, applies: Callable[[Row], bool] = _every, field: str | None = None
) -> Refusal:
    """An administrator's rule: the row as it would be saved is refused with the rule's own sentence."""
    return Refusal(sobject, "FIELD_CUSTOM_VALIDATION_EXCEPTION", sentence, (field,) if field else (), applies)


def row_lock(sobject: str, times: int = 1) -> Refusal:
    """Another transaction that holds a row, for so many saves."""
    return Refusal(sobject, "UNABLE_TO_LOCK_ROW", LOCKED_ROW, times=times)


class Refusals:
    """What the org refuses at present."""

    def __init__(self) -> None:
        self._armed: list[tuple[Refusal, int | None]] = []

    def add(self, refusal: Refusal) -> None:
        """Refuse this from now on."""
        self._armed.append((refusal, refusal.times))

    def clear(self) -> None:
        """Refuse nothing any more."""
        self._armed.clear()

    def meet(self, one: SObject, row: Row) -> None:
        """Raise the first refusal that a row meets on its way into the org."""
        for place, (refusal, left) in enumerate(self._armed):
            if refusal.sobject != one.name or left == 0 or not refusal.applies(row):
                continue
            self._armed[place] = (refusal, left if left is None else left - 1)
            raise ApiError(400, refusal.code, refusal.message.format(row.get("Id") or ""), refusal.fields)
