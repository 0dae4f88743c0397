"""A short notation for entity sets, so that a service reads as a list.

Properties: "Name:kind" and marks. Kinds: t10 text, a10 text shown without leading zeros, n6 digits, d16.3 decimal
(precision and scale), int, day, moment, clock, flag, guid. Marks: * key, @ entity tag, ~ set by the system only,
^ not filterable, # indexed, + newer releases only.
Navigations: "name:cardinality Target Own=Theirs,..." with cardinality 1, ? or *; a single name joins equal names.
"""

from __future__ import annotations

import re
from typing import Final, cast

from sources.s4hana.sandbox.model.edm import Cardinality, EntitySet, Kind, Navigation, Property

_PROPERTY: Final = re.compile(r"(\w+):(int|day|moment|clock|flag|guid|[tand])([\d.]*)([*@~^#+]*)")


def entity(name: str, properties: str, *navigations: str, newer: bool = False) -> EntitySet:
    """The entity set that the notation describes; ValueError where it is wrong."""
    parsed = tuple(_property(word) for word in properties.split())
    return EntitySet(name, parsed, tuple(_navigation(line) for line in navigations), newer)


def _property(word: str) -> Property:
    found = _PROPERTY.fullmatch(word)
    if found is None:
        raise ValueError(f"not a property: {word}")
    name, kind, size, marks = found.groups()
    length, _, scale = size.partition(".")
    return Property(
        name,
        Kind(kind),
        length=int(length) if length else None,
        scale=int(scale or 0),
        key="*" in marks,
        etag="@" in marks,
        computed="~" in marks,
        filterable="^" not in marks,
        indexed="#" in marks,
        newer="+" in marks,
    )


def _navigation(line: str) -> Navigation:
    head, target, joins = line.split()
    name, _, cardinality = head.partition(":")
    pairs = (pair.partition("=") for pair in joins.split(","))
    on = tuple((own, theirs or own) for own, _, theirs in pairs)
    return Navigation(name, target, cast(Cardinality, cardinality.rstrip("+")), on, cardinality.endswith("+"))
