"""What came of an operation, in a form that can be compared."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from graphql import ExecutionResult, GraphQLError

Path = tuple[str | int, ...]

_MISCOUNTED = re.compile(r"gave \d+ answers for \d+ parents")


class Told(NamedTuple):
    """An error as a client sees it, and the exception behind it."""

    message: str
    path: Path
    locations: tuple[tuple[int, int], ...]
    extensions: str
    original: str


class Call(Protocol):
    """One call of a resolver, or of what stands in for it."""

    @property
    def question(self) -> tuple[Hashable, ...]:
        """What was asked, whoever for."""

    @property
    def parents(self) -> Sequence[Hashable]:
        """Whom it was asked for, told in a way that is the same in another execution."""

    @property
    def distinct(self) -> bool:
        """Whether no object was among the parents twice."""

    @property
    def from_root(self) -> bool:
        """Whether it answers a root field."""


class Desk(Protocol):
    """A context that notes what it is asked and told."""

    @property
    def calls(self) -> Sequence[Call]:
        """The calls in their order."""

    @property
    def learned(self) -> Sequence[Mapping[str, object]]:
        """What it was told of the whole operation."""


@dataclass(frozen=True)
class Answer:
    """Data and errors, and what was asked on the way."""

    data: dict[str, Any] | None
    errors: Sequence[Told]
    calls: Sequence[Call]
    learned: Sequence[Mapping[str, object]]
    compiled: bool = False

    @property
    def text(self) -> str:
        """The data with the order of its keys, and each value's type."""
        return repr(self.data)

    def positions(self) -> dict[Path, list[Told]]:
        """The errors by the place in the data that they made null."""
        found: dict[Path, list[Told]] = {}
        for error in self.errors:
            found.setdefault(error.path[: len(error.path) - len(self.lost(error))], []).append(error)
        return found

    def lost(self, error: Told) -> Path:
        """The end of the error's path that leads nowhere, because what is above it is null."""
        data: Any = self.data
        for length, step in enumerate(error.path):
            if data is None:
                return error.path[length:]
            data = data[step]
        return ()

    def takes_more_than_its_place(self) -> bool:
        """Whether an error took more away than the field where it happened."""
        return any(self.lost(error) for error in self.errors)


def answer(result: ExecutionResult, desk: Desk, *, compiled: bool = False) -> Answer:
    """The answer of one execution at this desk, whatever is called there later."""
    errors = [_told(error) for error in result.errors or ()]
    return Answer(result.data, errors, [*desk.calls], [*desk.learned], compiled)


def _told(error: GraphQLError) -> Told:
    return Told(
        # One parent at a time or all together: how many were miscounted is not the same.
        _MISCOUNTED.sub("gave another number of answers", error.message),
        tuple(error.path or ()),
        tuple((place.line, place.column) for place in error.locations or ()),
        repr(error.extensions),
        type(error.original_error).__name__,
    )
