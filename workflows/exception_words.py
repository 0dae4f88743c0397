"""What people are told of each kind of exception: what it is called, what to do, how urgent it usually is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from canonical.errors import ProblemCategory as Category
from canonical.integration_exception import Severity
from canonical.problem import Problem
from sources.landscape_rules import ExceptionRule


class Words(NamedTuple):
    """The words for one category, and what holds where the landscape has no rule of its own."""

    title: str
    action: str
    severity: Severity = Severity.MEDIUM
    due_minutes: float = 480.0


USUAL = "Read what the system said, repair it there, and retry."
WORDS: Mapping[Category, Words] = {
    Category.INVALID_INPUT: Words("The input does not fit", "Correct the named values and retry."),
    Category.IDEMPOTENCY: Words("A key was used twice", "Submit again under a new key if this is a new intent."),
    Category.CUSTOMER_MASTER: Words(
        "The customer is not ready in the ERP",
        "Complete or create the customer in the named system, or correct the CRM's account, and retry.",
    ),
    Category.CREDIT: Words(
        "The credit limit does not allow it",
        "Raise or release the credit in the ERP, or agree on a prepayment, and retry.",
        Severity.HIGH,
        240.0,
    ),
    Category.PRICING: Words("The price does not hold", "Agree on the price, correct the quote or the ERP, and retry."),
    Category.PRODUCT: Words("An article cannot be sold", "Maintain the article in the ERP, or correct the line."),
    Category.AVAILABILITY: Words(
        "Goods are not available", "Move the date, split the order, or substitute, and retry."
    ),
    Category.TAX: Words(
        "The tax cannot be calculated", "Complete addresses and tax numbers, and retry.", Severity.HIGH
    ),
    Category.ROUTING: Words(
        "Nobody's books take it",
        "Name a legal entity on the lines, or add a rule to the landscape's routing, and retry.",
    ),
    Category.PERMISSION: Words("A right is missing", "Give the named right, or let somebody submit who has it."),
    Category.SYSTEM_UNAVAILABLE: Words(
        "A system does not answer",
        "Nothing yet: it is tried again by itself. Look at the system if that goes on.",
        Severity.MEDIUM,
        60.0,
    ),
    Category.THROTTLED: Words(
        "A system asks for fewer calls",
        "Nothing yet: it is tried again by itself. Lower the landscape's limits if that goes on.",
        Severity.LOW,
    ),
    Category.SYSTEM_REFUSED: Words("The system refused", USUAL, Severity.HIGH, 240.0),
    Category.UNCERTAIN_OUTCOME: Words(
        "It is not known whether it was done",
        "Nothing yet: it is looked for by itself, and not sent again before that is certain. If it is urgent, look the "
        "reference up in the system.",
        Severity.HIGH,
        60.0,
    ),
    Category.CONFLICT: Words(
        "Two records contradict each other",
        "Decide which one holds, repair the other in its system, and retry.",
        Severity.HIGH,
        240.0,
    ),
}


def suits(rule: ExceptionRule, problem: Problem, legal_entities: tuple[str, ...]) -> bool:
    """Whether a rule of the landscape is for this problem."""
    return (
        rule.category in (None, problem.category)
        and rule.system in (None, problem.system)
        and (rule.legal_entity is None or rule.legal_entity in legal_entities)
    )
