"""How logged events look in the Redis stream that carries them between processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from canonical.events import Cursor, Event, Logged

Field = bytes | bytearray | memoryview | str | int | float
"""What Redis takes for a name or a value."""
_EPOCH: Final = b"epoch"
_POSITION: Final = b"position"
_BODY: Final = b"event"
_event = msgspec.json.Decoder(Event)


def stream_of(tenant: str) -> str:
    """The name of a tenant's stream."""
    return f"revgraph:{tenant}:events"


def to_wire(logged: Logged) -> dict[Field, Field]:
    """An entry of the stream."""
    body = msgspec.json.encode(logged.event)
    return {_EPOCH: logged.cursor.epoch, _POSITION: logged.cursor.position, _BODY: body}


def from_wire(entry: Mapping[bytes, bytes]) -> Logged:
    """The event of an entry; ValueError where it is none."""
    try:
        cursor = Cursor(entry[_EPOCH].decode(), int(entry[_POSITION]))
        return Logged(cursor, _event.decode(entry[_BODY]))
    except (KeyError, UnicodeDecodeError) as error:
        raise ValueError("not an event of ours") from error
