"""What comes from the event bus, decoded: Avro by the event's own schema, and of that the few things we read.

Fields as in the Change Data Capture guide, "ChangeEventHeader Fields".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import fastavro
import msgspec
from msgspec import Struct

from sources.salesforce.bitmaps import Schema

HEADER: Final = "ChangeEventHeader"
_ID: Final = "Id"


class Header(Struct, frozen=True, rename="camel"):
    """Of which records, and what became of them; the last two are bitmaps. `commit_timestamp`: ms since 1970."""

    entity_name: str
    record_ids: list[str]
    change_type: str
    commit_timestamp: int
    changed_fields: list[str] = []


class Event(Struct, frozen=True):
    """One decoded event: a record's change where it has a header, else a platform event."""

    id: str
    topic: str
    schema: Schema
    values: Mapping[str, Any]
    header: Header | None = None

    def text(self, field: str) -> str | None:
        """The text that a field holds; None where it holds none."""
        held = self.values.get(field)
        return held if isinstance(held, str) and held else None


class UndecodableError(Exception):
    """A payload that its schema does not fit; the text says why."""


def decode(event_id: str, topic: str, schema: Schema, payload: bytes) -> Event:
    """The event in a payload, which is Avro in binary without its schema. Raises UndecodableError."""
    source = BytesIO(payload)
    try:
        values = fastavro.schemaless_reader(source, dict(schema), None)
        if not isinstance(values, dict):
            raise UndecodableError("it holds no record")
        if source.tell() != len(payload):
            raise UndecodableError(f"{len(payload) - source.tell()} bytes are left over")
        held = values.get(HEADER)
        header = msgspec.convert(held, Header) if held is not None else None
    except UndecodableError:
        raise
    except Exception as error:
        raise UndecodableError(f"{type(error).__name__}: {error}"[:200]) from error
    return Event(event_id, topic, schema, values, header)


def parsed(schema_json: str) -> Schema:
    """An Avro schema as its system sent it. Raises UndecodableError."""
    try:
        schema: object = msgspec.json.decode(schema_json)
        if not isinstance(schema, dict) or "fields" not in schema:
            raise UndecodableError("its schema is of no record")
        fastavro.parse_schema(schema)
    except UndecodableError:
        raise
    except Exception as error:
        raise UndecodableError(f"its schema: {type(error).__name__}: {error}"[:200]) from error
    return schema


def texts(values: Sequence[str | None]) -> list[str]:
    """Those that are there, each once."""
    return list(dict.fromkeys(value for value in values if value))
