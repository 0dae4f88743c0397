"""What a schema's values look like in Python, beyond what GraphQL itself says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Inline:
    """How a custom scalar is written without a call: for values `v` of exactly this class, where the guard holds.

    `write` and `guard` are expressions of `v` and of the given names; all other values go through the scalar itself.
    """

    kind: type
    write: str
    guard: str = ""
    names: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect:
    """`absent`: what an attribute holds that nobody told, and that is answered as null. `inline`: by scalar name."""

    absent: object = None
    inline: Mapping[str, Inline] = field(default_factory=dict)


PLAIN = Dialect()
