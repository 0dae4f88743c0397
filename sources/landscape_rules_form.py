"""The shape of a landscape file's rules for what is written, and what they become."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from canonical.errors import ProblemCategory
from canonical.integration_exception import Severity
from sources.landscape_rules import ExceptionRule, OrderRules, ProductLine, RoutingRule, Rules, Writes

_USUAL = OrderRules()
_USUAL_WRITES = Writes()

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=1, le=100_000)]
Minutes = Annotated[float, Field(gt=0, le=100_000)]
Category = Literal[
    "INVALID_INPUT", "IDEMPOTENCY", "CUSTOMER_MASTER", "CREDIT", "PRICING", "PRODUCT", "AVAILABILITY", "TAX", "ROUTING",
    "PERMISSION", "SYSTEM_UNAVAILABLE", "THROTTLED", "SYSTEM_REFUSED", "UNCERTAIN_OUTCOME", "CONFLICT",
]  # fmt: skip


class RuleForm(BaseModel):
    """Strict: nothing is converted, and an unknown key is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WritesForm(RuleForm):
    """How hard one system may be written to."""

    concurrency: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=_USUAL_WRITES.concurrency, description="writes at once over all workers, a whole number from 1 to 1000"
    )
    per_minute: Count | None = Field(default=None, description="writes begun in a minute, a whole number from 1 up")
    waiting: Count = Field(
        default=_USUAL_WRITES.waiting, description="how many may wait in its queue, a whole number from 1 up"
    )


class RoutingForm(RuleForm):
    """One [[routing]] table."""

    legal_entity: str = Field(description="the code of the company whose books take the line")
    ship_to: list[Country] = Field(default=[], description='a list of countries (ISO 3166), such as ["DE", "AT"]')
    currency: Currency | None = Field(default=None, description='three capital letters (ISO 4217), such as "EUR"')
    product_line: str | None = Field(default=None, description="a name from [product_lines]")


class ExceptionForm(RuleForm):
    """One [[exceptions]] table."""

    owner: Annotated[str, Field(min_length=1)] = Field(description="who looks after them, as text")
    category: Category | None = Field(default=None, description="a category of problems, such as CREDIT")
    system: str | None = Field(default=None, description="the name of an instance")
    legal_entity: str | None = Field(default=None, description="the code of a company")
    due_minutes: Minutes | None = Field(default=None, description="minutes until it is due, more than 0")
    severity: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"] | None = Field(
        default=None, description="LOW, MEDIUM, HIGH or CRITICAL"
    )


class OrdersForm(RuleForm):
    """The [orders] table."""

    onboarding: bool = Field(
        default=_USUAL.onboarding, description="true or false: whether ERPs may be given customers"
    )
    register_in_crm: bool = Field(
        default=_USUAL.register_in_crm, description="true or false: whether orders born elsewhere are put into the CRM"
    )
    credit: Literal["refuse", "hold"] = Field(default=_USUAL.credit, description='"refuse" or "hold"')
    stuck_minutes: Minutes = Field(
        default=_USUAL.stuck_minutes, description="minutes until an unsettled submission is shown to a person"
    )
    give_up_hours: Minutes = Field(default=_USUAL.give_up_hours, description="hours until a waiting one is given up")
    answer_days: Count = Field(default=_USUAL.answer_days, description="days that a key's answer is kept whole")


def rules_of(
    orders: OrdersForm,
    product_lines: dict[str, list[str]],
    routing: list[RoutingForm],
    exceptions: list[ExceptionForm],
) -> Rules:
    """The rules as they are used."""
    return Rules(
        OrderRules(**orders.model_dump()),
        tuple(ProductLine(name, tuple(skus)) for name, skus in product_lines.items()),
        tuple(
            RoutingRule(rule.legal_entity, frozenset(rule.ship_to), rule.currency, rule.product_line)
            for rule in routing
        ),
        tuple(
            ExceptionRule(
                rule.owner,
                ProblemCategory(rule.category) if rule.category else None,
                rule.system,
                rule.legal_entity,
                rule.due_minutes,
                Severity(rule.severity) if rule.severity else None,
            )
            for rule in exceptions
        ),
    )
