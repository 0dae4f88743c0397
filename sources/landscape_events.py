"""The company's own rules for events: how systems are listened to, how long events are kept, who is told outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from canonical.order import OrderStatus
from canonical.timeline import TimelineKind

if TYPE_CHECKING:
    from sources.landscape import Secret


@dataclass(frozen=True, slots=True)
class Feed:
    """How one system is listened to. `poll_seconds`: between two looks at what was changed; `stream`: kept open.

    A system that has no such way is not asked in it. Its webhook is open as soon as its credentials are there.
    """

    poll_seconds: float = 30.0
    stream: bool = True


@dataclass(frozen=True, slots=True)
class Bulletins:
    """What of an order's status is shown on the CRM's own screens at once: nothing, unless `on`.

    At most `a_day` in 24 hours, of one order no more often than every `coalesce_seconds`.
    """

    on: bool = False
    a_day: int = 20_000
    coalesce_seconds: float = 5.0
    statuses: frozenset[OrderStatus] = frozenset(
        {
            OrderStatus.BOOKED,
            OrderStatus.ON_HOLD,
            OrderStatus.IN_FULFILLMENT,
            OrderStatus.FULFILLED,
            OrderStatus.COMPLETED,
            OrderStatus.CANCELLED,
        }
    )


@dataclass(frozen=True, slots=True)
class Receiver:
    """A program outside that is sent events: signed CloudEvents, one a request, in the order of the log for each order.

    None for `kinds` or `legal_entities` means all. `secrets` are the key that signs, and the one before or after it.
    """

    name: str
    url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    kinds: frozenset[TimelineKind] | None = None
    legal_entities: frozenset[str] | None = None
    timeout_seconds: float = 10.0
    give_up_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class EventRules:
    """All of them. What is older than `keep_days` is dropped from the log, and nobody resumes from before it."""

    keep_days: float = 30.0
    bulletins: Bulletins = Bulletins()
    receivers: tuple[Receiver, ...] = ()
