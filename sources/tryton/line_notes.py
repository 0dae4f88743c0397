"""What a sale's line says of where it comes from, in a line of its note: Tryton has no fields for it.

    Revgraph: source=802xx, parent=1, segment=2, from=2026-01-01, to=2026-12-31, deliver=2026-02-01

`parent` is the number (sequence) of the bundle's line. People may write around it; what cannot be read is not told.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final
from urllib.parse import quote, unquote

from msgspec import Struct

from canonical.intake import LineRequest

_MARK: Final = "Revgraph: "
_NOTE: Final = re.compile(rf"^{_MARK}(.*)$", re.MULTILINE)


class Structure(Struct, frozen=True, kw_only=True):
    """What is known of a line beside what Tryton keeps itself."""

    source: str | None = None
    parent: int | None = None
    segment: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    deliver_on: date | None = None


def structure_of(asked: LineRequest, first: int = 1) -> Structure:
    """Of a line that is asked for, where the request's first line has this number."""
    return Structure(
        source=asked.source_key,
        parent=None if asked.parent is None else asked.parent + first,
        segment=asked.segment,
        starts_on=asked.starts_on,
        ends_on=asked.ends_on,
        deliver_on=asked.requested_delivery_date,
    )


def to_note(structure: Structure, note: str | None = None) -> str | None:
    """The note with this structure in it, in the place of the one before; None for an empty one."""
    pairs = {
        "source": structure.source and quote(structure.source, safe=""),
        "parent": structure.parent,
        "segment": structure.segment,
        "from": structure.starts_on,
        "to": structure.ends_on,
        "deliver": structure.deliver_on,
    }
    told = ", ".join(f"{name}={value}" for name, value in pairs.items() if value is not None)
    around = _NOTE.sub("", note or "").strip("\n")
    return "\n".join(part for part in (around, told and _MARK + told) if part) or None


def from_note(note: str | None) -> Structure:
    """The structure that a note tells."""
    found = _NOTE.search(note or "")
    if found is None:
        return Structure()
    pairs = dict(part.partition("=")[::2] for part in found[1].strip().split(", "))
    return Structure(
        source=unquote(pairs.get("source", "")) or None,
        parent=_number(pairs.get("parent")),
        segment=_number(pairs.get("segment")),
        starts_on=_day(pairs.get("from")),
        ends_on=_day(pairs.get("to")),
        deliver_on=_day(pairs.get("deliver")),
    )


def _number(told: str | None) -> int | None:
    return int(told) if told and told.isascii() and told.isdigit() else None


def _day(told: str | None) -> date | None:
    try:
        return date.fromisoformat(told or "")
    except ValueError:
        return None
