"""Payloads as the real server answered them, and a reading to map them in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from canonical.deadline import Deadline
from canonical.legal_entity import LegalEntity
from canonical.principal import Principal, View
from sources.kit.call import Call
from sources.landscape import EntityAt, Instance, Limits, Secret
from sources.tryton.reading import Reading
from sources.tryton.settings import Entities, settings_of

R = TypeVar("R")
FETCHED_AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_PAYLOADS = Path(__file__).with_name("payloads")


def instance(
    base_url: str = "http://tryton.example", key: str = "a-key-of-tests", **settings: str | int | bool
) -> Instance:
    entity = LegalEntity("US01", "Brightwell Systems, Inc.", "US", "USD", "erp-us")
    return Instance(
        name="erp-us",
        kind="tryton",
        role="erp",
        base_url=base_url,
        settings={"database": "erp", **settings},
        credentials={"key": Secret(key)},
        entities=(EntityAt(entity, {"company": "1"}),),
        limits=Limits(timeout_seconds=20, attempts=1),
    )


def reading(**settings: str | int | bool) -> Reading:
    held = instance(**settings)  # type: ignore[arg-type]
    return Reading("erp-us", settings_of(held), Entities(held), FETCHED_AT, company=1)


def rows(name: str, kind: type[R]) -> list[R]:
    return msgspec.json.decode((_PAYLOADS / f"{name}.json").read_bytes(), type=list[kind])  # type: ignore[valid-type]


def raw(name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((_PAYLOADS / f"{name}.json").read_text("utf-8"))
    return found


def call(legal_entities: frozenset[str] | None = None, seconds: float = 30) -> Call:
    view = View(legal_entities=legal_entities)
    return Call(Principal("ann", "brightwell", "tests", frozenset()), view, Deadline.after(seconds), "tests")
