"""The systems of one company: which there are, whose books they keep, and who is asked about what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from canonical.errors import Mistake
from canonical.legal_entity import LegalEntity
from sources.landscape_events import EventRules, Feed
from sources.landscape_rules import Rules, Writes

SettingValue = str | int | float | bool | list[str] | dict[str, str]

OWNERSHIP: Mapping[str, str] = {
    "customer": "crm",
    "customer.billing_accounts": "erp",
    "quote": "crm",
    "product": "crm",
    "product.unit": "erp",
    "order": "erp",
    "order.ordered_at": "crm",
    "order.purchase_order_number": "crm",
    "order.quote": "crm",
    "order.customer": "crm",
    "shipment": "erp",
    "invoice": "erp",
    "payment": "erp",
}
"""Who is the system of record where the landscape says nothing: 'crm', 'erp' (of the legal entity), or an instance."""

CACHEABLE: Mapping[str, tuple[str, ...]] = {
    "customer": ("principal",),
    "customer.billing_accounts": ("principal",),
    "quote": ("principal",),
    "opportunity": ("principal",),
    "contract": ("principal",),
    "product": ("principal", "public"),
    "order": ("principal",),
    "order.shipments": ("principal",),
    "order.invoices": ("principal",),
    "shipment": ("principal",),
    "invoice": ("principal",),
    "credit_memo": ("principal",),
    "payment": ("principal",),
}
"""What may be kept for a while, and for whom: each is one question to a system. Only what no account owns is public."""
LONGEST_KEPT = 86_400.0
"""Seconds, of either kind; whoever wants an answer for longer wants a copy, which this is not."""
SHORTEST_SECRET = 16
"""Characters of a secret that proves who sent a message: a shorter one can be guessed."""


class Secret:
    """A credential that was read from the environment or a file; it never shows itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value for `reveal` alone."""
        self._value = value

    def reveal(self) -> str:
        """The value, for the one call that sends it."""
        return self._value

    def __repr__(self) -> str:
        """Stars instead of the value."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Equal to another secret of the same value."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """A hash that fits equality."""
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one system may be asked: calls at once, seconds a call, tries a read; and its breaker.

    `share_reads`: identical reads in flight, for the same rights, are sent once; off only to measure.
    `calls_per_operation`: the most calls that one operation may be forecast to make here; None: as many as it takes.
    """

    concurrency: int = 8
    timeout_seconds: float = 3.5
    attempts: int = 3
    breaker_failures: int = 8
    breaker_window_seconds: float = 20.0
    breaker_rest_seconds: float = 5.0
    share_reads: bool = True
    calls_per_operation: int | None = None


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long answers about one concept may be kept. A concept without a policy is always asked live.

    Up to `max_age_seconds` a kept answer is served as it is; for `stale_while_revalidate_seconds` after that it is
    served as stale, and read anew meanwhile. Scope 'principal' keeps answers apart by all of the reader's rights,
    'public' by legal entities alone.
    """

    max_age_seconds: float
    stale_while_revalidate_seconds: float = 0.0
    scope: str = "principal"


@dataclass(frozen=True, slots=True)
class Budgets:
    """The most calls that one operation may be forecast to make to all systems together; None: as many as it takes."""

    operation: int | None = None


@dataclass(frozen=True, slots=True)
class EntityAt:
    """A legal entity in its ERP: `codes` are the vendor's own names for it (company_code, sales_organization, ...)."""

    entity: LegalEntity
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Instance:
    """One configured system. `settings` are the vendor's own, checked by its folder; `base_url` ends without a slash.

    `freshness_seconds`: how old a kept answer of this system may be at most and still count as current, whatever its
    concept's policy says; None leaves it to the policy. `settle_seconds`: the longest time after which a write that was
    sent has certainly been done or not. `lines`: where in the landscape file its settings stand, by name, and it itself
    by the empty one.
    """

    name: str
    kind: str
    role: str
    base_url: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    credentials: Mapping[str, Secret] = field(default_factory=dict)
    entities: tuple[EntityAt, ...] = ()
    required: bool = True
    freshness_seconds: float | None = None
    settle_seconds: float = 660.0
    limits: Limits = field(default_factory=Limits)
    writes: Writes = field(default_factory=Writes)
    feed: Feed = field(default_factory=Feed)
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Landscape:
    """The whole configuration: instances and legal entities by name and code, and who owns what."""

    tenant: str
    instances: Mapping[str, Instance]
    entities: Mapping[str, LegalEntity]
    ownership: Mapping[str, str] = field(default_factory=lambda: OWNERSHIP)
    """By concept, 'concept.field', or either with '@LEGALENTITY' behind it; the most special entry wins."""
    cache: Mapping[str, CachePolicy] = field(default_factory=dict)
    """What may be kept, by one of CACHEABLE's names; everything else is asked live."""
    budgets: Budgets = field(default_factory=Budgets)
    rules: Rules = field(default_factory=Rules)
    events: EventRules = field(default_factory=EventRules)

    @cached_property
    def crm(self) -> str:
        """The name of the CRM instance (there is exactly one)."""
        return next(name for name, instance in self.instances.items() if instance.role == "crm")

    @property
    def erps(self) -> tuple[str, ...]:
        """The names of the ERP instances, in the order of the file."""
        return tuple(name for name, instance in self.instances.items() if instance.role == "erp")

    @property
    def tax(self) -> str | None:
        """The name of the tax engine; None where the ERPs calculate."""
        return next((name for name, instance in self.instances.items() if instance.role == "tax"), None)

    def owner(self, concept: str, field_name: str | None = None, entity: str | None = None) -> str:
        """The instance that is system of record, or 'erp' where that hangs on a legal entity that was not given."""
        asked = (concept, field_name, entity)
        if asked not in self._owners:
            self._owners[asked] = self._owner(*asked)
        return self._owners[asked]

    @cached_property
    def _owners(self) -> dict[tuple[str, str | None, str | None], str]:
        """Answers given so far: as many as there are concepts, fields and legal entities."""
        return {}

    def _owner(self, concept: str, field_name: str | None, entity: str | None) -> str:
        held = self._ownership(concept, field_name, entity)
        if held == "crm":
            return self.crm
        if held != "erp":
            return held
        at = self.entities.get(entity) if entity else None
        return at.erp if at and at.erp else "erp"

    def _ownership(self, concept: str, field_name: str | None, entity: str | None) -> str:
        names = [f"{concept}.{field_name}"] if field_name else []
        names.append(concept)
        tries = [f"{name}@{entity}" for name in names] if entity else []
        for name in [*tries, *names]:
            if name in self.ownership:
                return self.ownership[name]
        return OWNERSHIP.get(f"{concept}.{field_name}", OWNERSHIP.get(concept, "crm"))

    def entity(self, code: str) -> LegalEntity:
        """The legal entity of this code; a Mistake that lists the known ones when there is none."""
        found = self.entities.get(code)
        if found is None:
            raise Mistake("UNKNOWN_LEGAL_ENTITY", f"No legal entity {code!r} here; known: {', '.join(self.entities)}.")
        return found
