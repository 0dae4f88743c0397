"""Everything that can go wrong, as one tree of faults and one of mistakes.

Fault                 a system did not do what was asked
├── Unavailable       try later: it is down, too slow, or cut off by its breaker
├── Throttled         try after: it told us when
├── Refused           a person must fix it: rights, business rules, configuration
├── OutcomeUnknown    look before retrying: it may or may not have acted
└── ContractBroken    the vendor answered what its contract does not allow
Mistake               the question itself is wrong; asking again will not help

No attribute here is named `message`, `source`, `nodes` or `positions`: graphql-core reads those from any exception.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class ProblemCategory(Enum):
    """What kind of thing a person has to look at."""

    INVALID_INPUT = "INVALID_INPUT"
    IDEMPOTENCY = "IDEMPOTENCY"
    CUSTOMER_MASTER = "CUSTOMER_MASTER"
    CREDIT = "CREDIT"
    PRICING = "PRICING"
    PRODUCT = "PRODUCT"
    AVAILABILITY = "AVAILABILITY"
    TAX = "TAX"
    ROUTING = "ROUTING"
    PERMISSION = "PERMISSION"
    SYSTEM_UNAVAILABLE = "SYSTEM_UNAVAILABLE"
    THROTTLED = "THROTTLED"
    SYSTEM_REFUSED = "SYSTEM_REFUSED"
    UNCERTAIN_OUTCOME = "UNCERTAIN_OUTCOME"
    CONFLICT = "CONFLICT"


class Outcome(Enum):
    """Whether the thing asked for took effect."""

    NOT_APPLIED = "NOT_APPLIED"
    APPLIED = "APPLIED"
    UNCERTAIN = "UNCERTAIN"


class Fault(Exception):
    """A system did not do what was asked; `sentence` is for people, `detail` for whoever must call the vendor.

    `retry_after` is in seconds. `detail` never holds a secret: whoever raises it has redacted it. `field` is the path
    of the value of the input that it is about, where that is known.
    """

    code: ClassVar[str] = "SOURCE_FAULT"
    category: ProblemCategory = ProblemCategory.SYSTEM_REFUSED
    outcome: Outcome = Outcome.NOT_APPLIED
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        system: str,
        sentence: str,
        *,
        detail: str | None = None,
        retry_after: float | None = None,
        category: ProblemCategory | None = None,
        field: tuple[str, ...] = (),
    ) -> None:
        """Keep the system's configured name and a sentence a salesperson understands."""
        super().__init__(sentence)
        self.system = system
        self.sentence = sentence
        self.detail = detail
        self.retry_after = retry_after
        self.field = field
        if category is not None:
            self.category = category


class Unavailable(Fault):
    """The system is down, too slow, or not asked because it was down a moment ago: try later."""

    code = "SOURCE_UNAVAILABLE"
    category = ProblemCategory.SYSTEM_UNAVAILABLE
    retryable = True


class Throttled(Fault):
    """The system asks for fewer calls; `retry_after` says when to come back, where it told us."""

    code = "SOURCE_THROTTLED"
    category = ProblemCategory.THROTTLED
    retryable = True


class Refused(Fault):
    """The system understood and said no; a person must fix rights, data or configuration."""

    code = "SOURCE_REFUSED"


class OutcomeUnknown(Fault):
    """A write may or may not have taken effect: look before retrying."""

    code = "OUTCOME_UNKNOWN"
    category = ProblemCategory.UNCERTAIN_OUTCOME
    outcome = Outcome.UNCERTAIN


class ContractBroken(Fault):
    """The system answered something its published contract does not allow: the vendor changed, or a proxy spoke."""

    code = "SOURCE_CONTRACT_BROKEN"
    category = ProblemCategory.SYSTEM_UNAVAILABLE


class Mistake(Exception):
    """The question is wrong in itself; `code` says how and the text says what to do instead."""

    def __init__(self, code: str, sentence: str, category: ProblemCategory = ProblemCategory.INVALID_INPUT) -> None:
        """Keep a stable code for programs and a sentence for people."""
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.category = category
