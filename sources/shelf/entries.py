"""One kept answer as bytes: what was told for one name, of which fields, and when it was asked."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from canonical.wanted import Wanted
from sources.shelf.questions import Mark, Question

R = TypeVar("R", bound=Struct)

LARGEST: Final = 500_000
"""Bytes; a larger answer is not kept."""


class Kept(Struct, frozen=True, array_like=True):
    """What was told for one name; `values` are the records as bytes of their own.

    `whose` repeats the address: bytes that came from another one, however that happened, are nobody's. `began` is the
    number of the last change that was announced before the question was sent, `at` that instant (UTC, in seconds).
    `marks` are the records it hangs on. `final`: no record that is new can add to it.
    """

    whose: str
    began: int
    at: float
    wanted: Wanted
    marks: tuple[Mark, ...]
    final: bool
    values: msgspec.Raw


_DECODER: Final = msgspec.msgpack.Decoder(Kept)
_ENCODER: Final = msgspec.msgpack.Encoder()


def values_of(records: tuple[Struct, ...]) -> msgspec.Raw:
    """Records as bytes."""
    return msgspec.Raw(_ENCODER.encode(records))


def records_of(question: Question[R], kept: Kept) -> tuple[R, ...] | None:
    """The records of a kept answer; None where its bytes are none."""
    try:
        return question.decoder.decode(kept.values)
    except (ValueError, RecursionError):
        return None


def pack(kept: Kept) -> bytes | None:
    """A kept answer as bytes; None where it is too large."""
    packed = _ENCODER.encode(kept)
    return packed if len(packed) <= LARGEST else None


def unpack(packed: bytes | str | None, whose: str) -> Kept | None:
    """The kept answer of bytes; None for no bytes, for bytes that are none, and for those of another address."""
    try:
        kept = _DECODER.decode(packed) if isinstance(packed, bytes) else None
    except (ValueError, RecursionError):
        return None
    return kept if kept is not None and kept.whose == whose else None


def holds(kept: Kept, wanted: Wanted) -> bool:
    """Whether everything wanted was asked for when this was kept."""
    return kept.wanted == wanted or _covers(kept.wanted, wanted)


def _covers(held: Wanted, wanted: Wanted) -> bool:
    return all(
        held.any_of(name) and (below is None or _covers(held.below(name), below)) for name, below in wanted.fields
    )
