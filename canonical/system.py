"""The health of a configured system."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class SystemHealth(Enum):
    """Whether a system answers."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


class SystemCheck(Struct, frozen=True, kw_only=True):
    """What a look at one system found. `latency_ms` and `calls_remaining` are None where there is none to tell."""

    name: str
    kind: str
    roles: tuple[str, ...]
    status: SystemHealth
    latency_ms: int | None = None
    calls_remaining: int | None = None
    checked_at: datetime | None = None
    message: str | None = None


class SourceGap(Struct, frozen=True, kw_only=True):
    """A system whose part could not be read just now: what is missing, and why in words."""

    system: str
    missing: tuple[str, ...]
    reason: str
    served_from_last_known: bool = False
    retry_after_seconds: int | None = None
