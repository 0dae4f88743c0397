"""Which fields a change event means: its lists of fields are bitmaps over its Avro schema.

Published with the Pub/Sub API ("Event Deserialization Considerations", python/util/ChangeEventHeaderUtility.py): an
entry "0x0C" has a bit for each field of the schema, the lowest for the first; an entry "4-0x03" likewise for the fields
of the record that is the schema's field 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
"""An Avro schema of a record, as JSON."""

_BITMAP: Final = re.compile(r"(?:(\d{1,4})-)?0x([0-9A-Fa-f]{1,512})")


def fields_in(bitmaps: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """The names of the fields, those of a compound one behind its own ("BillingAddress.City").

    ValueError where the bitmaps do not fit the schema.
    """
    return tuple(name for bitmap in bitmaps for name in _named(bitmap, schema))


def _named(bitmap: str, schema: Schema) -> Iterator[str]:
    found = _BITMAP.fullmatch(bitmap)
    if found is None:
        raise ValueError(f"{bitmap[:40]!r} is no bitmap of fields")
    place, bits = found[1], int(found[2], 16)
    if place is None:
        yield from _marked(bits, schema)
        return
    parent = _field(schema, int(place))
    for name in _marked(bits, _record_in(parent["type"], schema)):
        yield f"{parent['name']}.{name}"


def _marked(bits: int, record: Schema) -> Iterator[str]:
    for place in range(bits.bit_length()):
        if bits >> place & 1:
            yield str(_field(record, place)["name"])


def _field(record: Schema, place: int) -> Schema:
    fields: list[Schema] = record["fields"]
    if place >= len(fields):
        raise ValueError(f"there is no field {place} in {record['name']}")
    return fields[place]


def _record_in(kind: object, schema: Schema) -> Schema:
    """The record among a field's types; a record that was defined further up is named there only."""
    for each in kind if isinstance(kind, list) else [kind]:
        if isinstance(each, dict) and each.get("type") == "record":
            return each
        defined = _defined(schema).get(each.rpartition(".")[2]) if isinstance(each, str) else None
        if defined is not None:
            return defined
    raise ValueError("a bitmap goes into a field that has no fields")


def _defined(node: object) -> dict[str, Schema]:
    """Every record that a schema defines, by its name without its namespace."""
    if isinstance(node, list):
        return {name: record for each in node for name, record in _defined(each).items()}
    if not isinstance(node, Mapping):
        return {}
    own = {str(node["name"]): node} if node.get("type") == "record" else {}
    return own | _defined(node.get("fields")) | (_defined(node.get("type")) if not own else {})
