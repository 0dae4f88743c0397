"""Where a record lives: the configured system and that system's own key."""

from __future__ import annotations

from msgspec import Struct


class Ref(Struct, frozen=True, order=True, cache_hash=True):
    """One record of one concept: the configured name of its system, and the key that system gave it."""

    system: str
    key: str


class SystemReference(Struct, frozen=True):
    """A record as people look it up: the system, its word for the kind, the key, and a link if there is one."""

    system: str
    record_type: str
    key: str
    url: str | None = None
