"""Where values came from, and where systems disagree."""

from __future__ import annotations

from datetime import datetime

import strawberry


@strawberry.type(description="Where one field's value came from; masked where the field is masked.")
class FieldLineage:
    """One field's origin."""

    field: str
    value: str | None
    system: str
    record_type: str
    record_key: str
    source_field: str
    fetched_at: datetime
    age_seconds: float
    stale: bool
    system_of_record: bool


@strawberry.type
class SystemValue:
    """What one system says of a field."""

    system: str
    value: str | None
    system_of_record: bool


@strawberry.type
class FieldConflict:
    """A field on which systems disagree."""

    field: str
    values: list[SystemValue]
