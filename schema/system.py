"""The connected systems and their health."""

from __future__ import annotations

from datetime import datetime

import strawberry

from schema.enums import SystemHealth


@strawberry.type
class System:
    """One configured system."""

    name: str
    kind: str
    roles: list[str]
    status: SystemHealth
    latency_ms: int | None
    calls_remaining: int | None
    checked_at: datetime | None
    message: str | None
