"""What keeps something from being done, as problems of the answer: whoever acts is told, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from canonical.errors import Fault, Mistake, Outcome
from canonical.problem import Problem, of_fault, of_mistake
from resolvers.context import Context

Field = tuple[str, ...]


class RejectedError(Exception):
    """Nothing was done; `problems` say why."""

    def __init__(self, *problems: Problem) -> None:
        """Keep them, and say the first."""
        super().__init__(problems[0].message if problems else "")
        self.problems = problems


@contextmanager
def about(context: Context, *field: str) -> Iterator[None]:
    """Whatever is wrong within is a problem of the value at this path: RejectedError."""
    try:
        yield
    except (Mistake, Fault) as wrong:
        raise RejectedError(problem_of(context, wrong, field)) from wrong


def problem_of(context: Context, wrong: Mistake | Fault, field: Field = ()) -> Problem:
    """The problem that it is. A system that is away says nothing against the value."""
    if isinstance(wrong, Mistake):
        return of_mistake(wrong, context.call.correlation_id, field)
    return of_fault(wrong, context.call.correlation_id, () if wrong.retryable else field)


def of_store(context: Context, fault: Fault) -> Problem:
    """The store went away while something was done there: it may have been done."""
    return replace(
        problem_of(context, fault),
        code="STORE_UNAVAILABLE",
        message=f"{fault.sentence} It is not known whether this was done; send the same again in a moment.",
        outcome=Outcome.UNCERTAIN,
    )
