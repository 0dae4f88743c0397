"""What keeps something from being done."""

from __future__ import annotations

import strawberry

from canonical import problem as words
from engine.seam import derived
from schema import paths
from schema.enums import Outcome, ProblemCategory


@strawberry.type(description="What went wrong, in words and codes that a person and a program can act on.")
class Problem:
    """One thing that went wrong."""

    code: str
    category: ProblemCategory
    message: str
    field: list[str] | None = derived(
        paths.of_problem,
        needs=["field"],
        description="The path of the argument's value that it is about, such as input, lines, 0, quantity.",
    )
    blocking: bool = strawberry.field(description="Whether it keeps what was asked for from being done.")
    retryable: bool = strawberry.field(description="Whether the same again, under the same key, may succeed later.")
    retry_after_seconds: int | None
    outcome: Outcome
    owner: str | None = derived(words.owner_of, needs=["owner", "category"], description="Who can mend it.")
    system: str | None
    correlation_id: str
