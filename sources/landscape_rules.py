"""The company's own rules for what is written: how hard a system is pressed, who books what, who is asked to help."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from canonical.errors import ProblemCategory
from canonical.integration_exception import Severity


@dataclass(frozen=True, slots=True)
class Writes:
    """How hard one system may be written to, over all workers together.

    `concurrency` writes at once, at most `per_minute` begun in a minute (None: no limit), and at most `waiting` in its
    queue: who comes then is told to come back later.
    """

    concurrency: int = 4
    per_minute: int | None = None
    waiting: int = 500


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Whose books a line goes into when all of this fits; what is left empty fits everything."""

    legal_entity: str
    ship_to: frozenset[str] = frozenset()
    currency: str | None = None
    product_line: str | None = None


@dataclass(frozen=True, slots=True)
class ProductLine:
    """Articles that are sold and booked alike: patterns of their skus, such as SVC-*."""

    name: str
    skus: tuple[str, ...]

    def holds(self, sku: str) -> bool:
        """Whether the article is of this line."""
        return any(fnmatchcase(sku, pattern) for pattern in self.skus)


@dataclass(frozen=True, slots=True)
class ExceptionRule:
    """Who looks after exceptions that fit, and until when; what is left empty fits everything."""

    owner: str
    category: ProblemCategory | None = None
    system: str | None = None
    legal_entity: str | None = None
    due_minutes: float | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class OrderRules:
    """How orders are taken in.

    `onboarding`: whether an ERP that does not know a customer yet may be given it. `register_in_crm`: whether an order
    that was not born in the CRM is put there too. `credit`: whether an order beyond the credit limit is refused here or
    booked for the ERP to hold. A submission that is not settled after `stuck_minutes` is shown to a person; one that
    waits for a system is given up after `give_up_hours`. `answer_days`: how long the answer of a key is kept whole.
    """

    onboarding: bool = True
    register_in_crm: bool = True
    credit: Literal["refuse", "hold"] = "refuse"
    stuck_minutes: float = 30.0
    give_up_hours: float = 24.0
    answer_days: int = 30


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them; of the routing and of the exceptions the first that fits is taken."""

    orders: OrderRules = OrderRules()
    product_lines: tuple[ProductLine, ...] = ()
    routing: tuple[RoutingRule, ...] = ()
    exceptions: tuple[ExceptionRule, ...] = ()

    def product_line(self, sku: str) -> str | None:
        """The first product line that the article is of."""
        return next((line.name for line in self.product_lines if line.holds(sku)), None)
