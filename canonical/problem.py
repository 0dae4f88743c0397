"""What went wrong, in words and codes that a person and a program can act on."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from msgspec import Struct

from canonical.errors import Fault, Mistake, Outcome, ProblemCategory

OWNERS: Mapping[ProblemCategory, str] = {
    ProblemCategory.INVALID_INPUT: "whoever asked",
    ProblemCategory.IDEMPOTENCY: "whoever asked",
    ProblemCategory.CONFLICT: "whoever asked",
    ProblemCategory.CUSTOMER_MASTER: "customer master data",
    ProblemCategory.CREDIT: "credit desk",
    ProblemCategory.PRICING: "pricing",
    ProblemCategory.PRODUCT: "product master data",
    ProblemCategory.AVAILABILITY: "supply",
    ProblemCategory.TAX: "tax",
    ProblemCategory.ROUTING: "integration team",
    ProblemCategory.PERMISSION: "system administrator",
    ProblemCategory.SYSTEM_UNAVAILABLE: "integration team",
    ProblemCategory.THROTTLED: "integration team",
    ProblemCategory.SYSTEM_REFUSED: "system administrator",
    ProblemCategory.UNCERTAIN_OUTCOME: "integration team",
}
"""Who looks after a problem of a category."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that went wrong.

    `field` is the path of the input's value that it is about, `owner` whoever can fix it. `retryable`: the same again
    may succeed later. `blocking` problems keep the submission from its end. `detail` is the vendor's own words: shown
    only to whoever must call them.
    """

    code: str
    category: ProblemCategory
    message: str
    field: tuple[str, ...] = ()
    blocking: bool = True
    retryable: bool = False
    retry_after_seconds: int | None = None
    outcome: Outcome = Outcome.NOT_APPLIED
    owner: str | None = None
    system: str | None = None
    correlation_id: str = ""
    detail: str | None = None


def of_fault(fault: Fault, correlation_id: str, field: tuple[str, ...] = ()) -> Problem:
    """The problem that a system's fault is."""
    return Problem(
        code=fault.code,
        category=fault.category,
        message=fault.sentence,
        field=fault.field or field,
        retryable=fault.retryable,
        retry_after_seconds=None if fault.retry_after is None else ceil(fault.retry_after),
        outcome=fault.outcome,
        system=fault.system,
        correlation_id=correlation_id,
        detail=fault.detail,
    )


def of_mistake(mistake: Mistake, correlation_id: str, field: tuple[str, ...] = ()) -> Problem:
    """The problem that a wrong question is."""
    return Problem(
        code=mistake.code,
        category=mistake.category,
        message=mistake.sentence,
        field=field,
        correlation_id=correlation_id,
    )


def owner_of(problem: Problem) -> str:
    """Whoever can fix it: by the company's own rules, or by its kind."""
    return problem.owner or OWNERS[problem.category]
