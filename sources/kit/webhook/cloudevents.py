"""CloudEvents 1.0 as they come over HTTP: one in binary or structured mode, or several as a JSON batch.

"HTTP Protocol Binding for CloudEvents" 1.0.2, section 3, and "JSON Event Format", sections 3 and 4. What cannot be read
as an event comes back as such, so that one broken event of a batch takes none of the others along.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

import msgspec
from msgspec import Struct

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
MOST_EVENTS: Final = 1000
LONGEST_NAME: Final = 200

_VERSION: Final = "1."
_EMPTY: Final = msgspec.Raw()
_ATTRIBUTES: Final = frozenset({"specversion", "id", "source", "type", "subject", "time"})


class CloudEvent(Struct, frozen=True, kw_only=True):
    """One event; `data` is its JSON value, None where it has none or another form. `time` is UTC, `raw` as it came."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime | None = None
    data: object = None
    raw: bytes = b""

    @property
    def name(self) -> str:
        """What names it once for ever: source and id together, in at most 200 characters."""
        return named(f"{self.source} {self.id}")

    def text(self, field: str) -> str | None:
        """A field of its data, as text; None where it has none of that name, or one that is no text or number."""
        found = self.data.get(field) if isinstance(self.data, Mapping) else None
        if isinstance(found, str):
            return found or None
        return str(found) if isinstance(found, int) and not isinstance(found, bool) else None


class NotAnEvent(Struct, frozen=True, kw_only=True):
    """What came instead of one, and why it is none."""

    name: str
    why: str
    raw: bytes


class _Envelope(Struct, frozen=True, kw_only=True):
    specversion: str
    id: str
    source: str
    type: str
    subject: str | None = None
    time: str | None = None
    data: msgspec.Raw = _EMPTY
    data_base64: str | None = None


_BATCH: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_ANYTHING: Final = msgspec.json.Decoder(object)


def events_of(headers: Mapping[str, str], body: bytes) -> list[CloudEvent | NotAnEvent]:
    """What a delivery carries, in its order; never an error. Header names are in lower case."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == BATCH:
        return _batch(body)
    if media == STRUCTURED or "ce-specversion" not in headers:
        return [_structured(body)]
    return [_binary(headers, body)]


def named(text: str) -> str:
    """The text where it can be a name, else a digest of it."""
    return text if len(text) <= LONGEST_NAME and text.isprintable() else f"sha256:{sha256(text.encode()).hexdigest()}"


def _batch(body: bytes) -> list[CloudEvent | NotAnEvent]:
    try:
        parts = _BATCH.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_not(body, "It is no batch of CloudEvents: its body is no JSON array.")]
    if len(parts) > MOST_EVENTS:
        return [_not(body, f"It is a batch of {len(parts)} events; at most {MOST_EVENTS} are taken at once.")]
    return [_structured(bytes(part)) for part in parts]


def _structured(body: bytes) -> CloudEvent | NotAnEvent:
    try:
        envelope = _ENVELOPE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _not(body, "It is no CloudEvent: specversion, id, source and type are needed, in JSON.")
    data = bytes(envelope.data)
    if envelope.data_base64 is not None:
        data = _unpacked(envelope.data_base64)
    return _event(envelope, data, body)


def _binary(headers: Mapping[str, str], body: bytes) -> CloudEvent | NotAnEvent:
    # Section 3.1.3.2: values of attributes are percent-encoded in headers.
    told = {name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    shown = msgspec.json.encode(told) + b"\n" + body
    try:
        envelope = msgspec.convert({name: told[name] for name in told if name in _ATTRIBUTES}, _Envelope)
    except msgspec.ValidationError:
        return _not(shown, "It is no CloudEvent: the headers ce-specversion, ce-id, ce-source and ce-type are needed.")
    return _event(envelope, body, shown)


def _event(envelope: _Envelope, data: bytes, shown: bytes) -> CloudEvent | NotAnEvent:
    if not envelope.specversion.startswith(_VERSION):
        return _not(shown, "It is a CloudEvent of another version than 1.0.")
    if not (envelope.id and envelope.source and envelope.type):
        return _not(shown, "It is a CloudEvent whose id, source or type is empty.")
    return CloudEvent(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject,
        time=_instant(envelope.time),
        data=_value(data),
        raw=shown,
    )


def _value(data: bytes) -> object:
    try:
        return _ANYTHING.decode(data) if data else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _unpacked(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _instant(text: str | None) -> datetime | None:
    """RFC 3339's instant in UTC; None for other text, and where it has no zone."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _not(body: bytes, why: str) -> NotAnEvent:
    return NotAnEvent(name=f"sha256:{sha256(body).hexdigest()}", why=why, raw=body)
