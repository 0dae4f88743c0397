"""What the adapter's tests share: an instance, a call, payloads, and a reading that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from canonical.deadline import Deadline
from canonical.legal_entity import LegalEntity
from canonical.principal import Principal, View
from sources.kit.call import Call
from sources.kit.odata.payload import Collection
from sources.landscape import EntityAt, Instance, Limits, Secret, SettingValue
from sources.s4hana.adapter import S4Hana, open_source
from sources.s4hana.reading import Reading
from sources.s4hana.settings import Entities, Settings

T = TypeVar("T")

PAYLOADS = Path(__file__).with_name("payloads")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
US = EntityAt(
    LegalEntity("US01", "Inc.", "US", "USD", "erp-us"), {"company_code": "1710", "sales_organization": "1710, 1711"}
)
DE = EntityAt(
    LegalEntity("DE01", "GmbH", "DE", "EUR", "erp-us"), {"company_code": "1010", "sales_organization": "1010"}
)
CREDENTIALS = {"username": Secret("REVGRAPH"), "password": Secret("Welcome-1")}


def instance(base_url: str = "http://127.0.0.1:1", /, **settings: SettingValue) -> Instance:
    return Instance(
        name="sap",
        kind="s4hana",
        role="erp",
        base_url=base_url,
        settings=settings,
        credentials=CREDENTIALS,
        entities=(US, DE),
        limits=Limits(timeout_seconds=10.0, attempts=1),
    )


def reading(**settings: object) -> Reading:
    return Reading("sap", Settings.model_validate(settings), Entities(instance()), NOW)


def call(seconds: float = 20.0, entities: frozenset[str] | None = None) -> Call:
    return Call(
        Principal("anna", "brightwell", "test", frozenset()), View(entities), Deadline.after(seconds), "correlation-1"
    )


def rows(name: str, kind: type[T], part: str | None = None) -> list[T]:
    raw = (PAYLOADS / f"{name}.json").read_bytes()
    if part is not None:
        raw = bytes(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[part])
    return msgspec.json.decode(raw, type=Collection[kind]).d.results  # type: ignore[valid-type]


@asynccontextmanager
async def adapter(
    base_url: str, transport: httpx.AsyncBaseTransport | None = None, settings: Mapping[str, SettingValue] | None = None
) -> AsyncIterator[S4Hana]:
    source = open_source(instance(base_url, **(settings or {})), transport=transport)
    assert isinstance(source, S4Hana)
    try:
        yield source
    finally:
        await source.close()
