"""Where a value came from, and where systems disagree on it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Stamp(Struct, frozen=True):
    """One reading of one record: which record, and when it was fetched (aware, UTC)."""

    system: str
    record_type: str
    key: str
    fetched_at: datetime
    stale: bool = False


class FieldLineage(Struct, frozen=True, kw_only=True):
    """Where one field's value came from; `value` is its text, `age_seconds` the time since it was fetched."""

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


class SystemValue(Struct, frozen=True):
    """What one system says of a field."""

    system: str
    value: str | None
    system_of_record: bool


class FieldConflict(Struct, frozen=True):
    """A field on which at least two systems disagree, with what each says."""

    field: str
    values: tuple[SystemValue, ...]
