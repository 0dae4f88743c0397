"""The audit: who did what to what, when, and what it was before and after."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One act. `subject` is the concept and key of what was acted upon; `before` and `after` are texts in JSON."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str | None = None
    before: str | None = None
    after: str | None = None
    correlation_id: str | None = None
