"""Kept records as they are served: no more than was asked for, and told to be stale where they are."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from msgspec import UNSET, Struct, structs

from canonical.lineage import Stamp
from canonical.wanted import Wanted

S = TypeVar("S", bound=Struct)


def narrowed(record: S, wanted: Wanted) -> S:
    """The record as a system tells it that is asked for these fields alone: what else is held becomes UNSET.

    Else a child that came along for another question could stand for itself here, and lack what is read of it.
    """
    changes: dict[str, object] = {}
    tellable = _tellable(type(record))
    for name in record.__struct_fields__:
        if name in tellable and name not in wanted:
            changes[name] = UNSET
        elif (below := wanted.below(name)).fields:
            held = getattr(record, name)
            if isinstance(held, Struct):
                changes[name] = narrowed(held, below)
            elif isinstance(held, tuple):
                changes[name] = tuple(narrowed(one, below) if isinstance(one, Struct) else one for one in held)
    return structs.replace(record, **changes) if changes else record


@lru_cache(maxsize=256)
def _tellable(kind: type[Struct]) -> frozenset[str]:
    return frozenset(field.name for field in structs.fields(kind) if field.default is UNSET)


def as_stale(record: S) -> S:
    """The same record, its stamp and those of all records in it marked stale."""
    changes: dict[str, object] = {}
    for name in record.__struct_fields__:
        held = getattr(record, name)
        if isinstance(held, Stamp):
            changes[name] = structs.replace(held, stale=True)
        elif isinstance(held, Struct):
            changes[name] = as_stale(held)
        elif isinstance(held, tuple) and held and isinstance(held[0], Struct):
            changes[name] = tuple(as_stale(one) for one in held)
    return structs.replace(record, **changes) if changes else record
