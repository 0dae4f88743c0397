"""Avro schemas of the org's events, and rows in them, as the Pub/Sub API hands both out.

The shape of a platform event's schema was recorded; that of a change event is published (Change Data Capture guide,
"Change Event Schema"; a field's position counts in bitmaps).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, Final

import fastavro
import orjson

from sources.salesforce.sandbox.model import ADDRESS_PARTS, Field, SObject, address_columns
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import Column, read_moment

Schema = dict[str, Any]

NAMESPACE: Final = "com.sforce.eventbus"
CHANGE_TYPES: Final = (
    "CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW",
    "SNAPSHOT",
)  # fmt: skip
_NOT_TOLD: Final = frozenset({"Id", "IsDeleted", "SystemModstamp"})
_TYPES: Final = {"boolean": "boolean", "int": "int", "double": "double", "currency": "double", "percent": "double"}
_TEXTS: Final[Schema] = {"type": "array", "items": "string"}
_HEADER: Final[Schema] = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": _TEXTS},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": list(CHANGE_TYPES)}},
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": _TEXTS},
        {"name": "diffFields", "type": _TEXTS},
        {"name": "changedFields", "type": _TEXTS},
    ],
}


class EventType:
    """One kind of event: its topic, its schema with the schema's id, and the object whose fields it has."""

    def __init__(self, topic: str, one: SObject, schema: Schema) -> None:
        self.topic = topic
        self.one = one
        self.schema = schema
        self.json = orjson.dumps(schema).decode()
        self.schema_id = base64.urlsafe_b64encode(hashlib.md5(self.json.encode(), usedforsecurity=False).digest())[
            :22
        ].decode()
        self._parsed = fastavro.parse_schema(schema)
        self.fields: tuple[str, ...] = tuple(str(field["name"]) for field in schema["fields"])

    def encode(self, values: Mapping[str, object]) -> bytes:
        """A payload; fields left out are null."""
        held = BytesIO()
        fastavro.schemaless_writer(held, self._parsed, {name: values.get(name) for name in self.fields})
        return held.getvalue()

    def decode(self, payload: bytes) -> dict[str, Any]:
        """What a payload holds; empty for one that is none."""
        try:
            held = fastavro.schemaless_reader(BytesIO(payload), self._parsed, None)
        except (EOFError, IndexError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}


def change_event(one: SObject) -> EventType:
    """The change event of an object."""
    name = f"{one.name.removesuffix('__c')}__ChangeEvent" if one.name.endswith("__c") else f"{one.name}ChangeEvent"
    parts = {column for field in one.fields.values() if not field.stored for column in address_columns(field)}
    shown = [field for field in one.fields.values() if field.name not in _NOT_TOLD | parts]
    header: Schema = {"name": "ChangeEventHeader", "type": _HEADER}
    return EventType(f"/data/{name}", one, _record(name, [header, *_fields(shown)]))


def platform_event(one: SObject) -> EventType:
    """A platform event's kind, from the fields that an administrator gave it."""
    born: list[Schema] = [
        {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
        {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
    ]
    own = _fields([field for field in one.fields.values() if field.custom])
    return EventType(f"/event/{one.name}", one, _record(one.name, [*born, *own]))


def told(one: SObject, row: Row, names: Sequence[str]) -> dict[str, object]:
    """Those columns of a row as an event carries them; parts of an address inside it."""
    values: dict[str, object] = {}
    for field in one.fields.values():
        if not field.stored:
            columns = dict(zip(_parts(), address_columns(field), strict=True))
            held = {part: row[column] if column in names else None for part, column in columns.items()}
            if any(column in names for column in columns.values()):
                values[field.name] = held
        elif field.name in names and field.name not in _NOT_TOLD:
            values[field.name] = _value(field, row[field.name])
    return values


def bitmaps(kind: EventType, names: Sequence[str]) -> list[str]:
    """Which fields are meant: one bitmap of the schema's own, and one for each compound field."""
    own = sum(1 << place for place, name in enumerate(kind.fields) if name in names and name not in _NOT_TOLD)
    marked = [_hex(own)] if own else []
    for place, name in enumerate(kind.fields):
        field = kind.one.fields.get(name)
        if field is None or field.stored:
            continue
        inner = sum(1 << at for at, column in enumerate(address_columns(field)) if column in names)
        if inner:
            marked.append(f"{place}-{_hex(inner)}")
    return marked


def millis(stored: Column) -> int | None:
    """A stored day or instant in milliseconds since 1970."""
    if not isinstance(stored, str):
        return None
    if "T" in stored:
        return round(read_moment(stored).timestamp() * 1000)
    return round(datetime(*date.fromisoformat(stored).timetuple()[:3], tzinfo=UTC).timestamp() * 1000)


def _record(name: str, fields: list[Schema]) -> Schema:
    return {"type": "record", "name": name, "namespace": NAMESPACE, "fields": fields}


def _fields(shown: Sequence[Field]) -> list[Schema]:
    defined: set[str] = set()
    return [{"name": field.name, "type": ["null", _type(field, defined)], "default": None} for field in shown]


def _type(field: Field, defined: set[str]) -> str | Schema:
    if field.stored:
        return "long" if field.type in {"date", "datetime"} else _TYPES.get(field.type, "string")
    if "Address" in defined:
        return f"{NAMESPACE}.Address"
    defined.add("Address")
    parts = [{"name": part, "type": ["null", "string"], "default": None} for part in _parts()]
    return {"type": "record", "name": "Address", "fields": parts}


def _parts() -> list[str]:
    return [f"{part[0].upper()}{part[1:]}" for part in ADDRESS_PARTS]


def _value(field: Field, stored: Column) -> object:
    if stored is None:
        return None
    if field.type in {"date", "datetime"}:
        return millis(stored)
    if field.type == "boolean":
        return bool(stored)
    return int(stored) if field.type == "int" else float(stored) if field.type in _TYPES else str(stored)


def _hex(bits: int) -> str:
    digits = f"{bits:X}"
    return "0x" + digits.rjust(len(digits) + len(digits) % 2, "0")
