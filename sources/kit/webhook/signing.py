"""How a webhook is signed, ours and those that are sent to us: HMAC-SHA256 over a timestamp and the raw body.

A sender adds two headers: `Revgraph-Timestamp`, in whole seconds since 1970 (UTC), and `Revgraph-Signature`, one or
several `v1=<64 hexadecimal digits>` parted by commas, one for each of its secrets that is valid (while keys change).
What is signed: the timestamp, a point, and the body as it is sent, byte for byte. Where CloudEvents attributes stand in
headers (binary mode), they come before the body: each as `name:value` and a line feed, names in lower case and sorted,
and one more line feed behind the last.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from sources.feeds import DeliveryRefusedError

TIMESTAMP: Final = "revgraph-timestamp"
SIGNATURE: Final = "revgraph-signature"
TOLERANCE_SECONDS: Final = 300
"""How far a timestamp may be from our clock, either way: what is older is a replay."""

_SCHEME: Final = "v1="
_ATTRIBUTE: Final = "ce-"
_LONGEST_TIMESTAMP: Final = 12
_MOST_SIGNATURES: Final = 5
_NONE: Final[Mapping[str, str]] = {}


def sign(secret: str, timestamp: int, body: bytes, attributes: Mapping[str, str] = _NONE) -> str:
    """The signature of one delivery; `attributes` are its headers that begin with `ce-`, if it has any."""
    lines = [f"{name.lower()}:{attributes[name]}\n" for name in sorted(attributes, key=str.lower)]
    signed = "".join([f"{timestamp}.", *lines, *(["\n"] if lines else [])]).encode() + body
    return _SCHEME + hmac.new(secret.encode(), signed, sha256).hexdigest()


def signed_headers(
    secrets: Sequence[str], timestamp: int, body: bytes, attributes: Mapping[str, str] = _NONE
) -> dict[str, str]:
    """Both headers, signed with each of the secrets."""
    signatures = ",".join(sign(secret, timestamp, body, attributes) for secret in secrets)
    return {TIMESTAMP: str(timestamp), SIGNATURE: signatures}


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether a delivery claims to be signed."""
    return SIGNATURE in headers or TIMESTAMP in headers


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, received_at: datetime) -> None:
    """Nothing, where one of the secrets signed just this, lately; DeliveryRefusedError (401) for everything else."""
    timestamp = _timestamp(headers.get(TIMESTAMP, ""))
    if abs(received_at.timestamp() - timestamp) > TOLERANCE_SECONDS:
        sentence = f"The delivery was signed more than {TOLERANCE_SECONDS} seconds before or after it arrived."
        raise DeliveryRefusedError(401, sentence)
    given = [part.strip().encode() for part in headers.get(SIGNATURE, "").split(",")]
    if len(given) > _MOST_SIGNATURES:
        raise DeliveryRefusedError(401, f"The delivery has more than {_MOST_SIGNATURES} signatures.")
    attributes = {name: value for name, value in headers.items() if name.startswith(_ATTRIBUTE)}
    expected = [sign(secret, timestamp, body, attributes).encode() for secret in secrets]
    # Every pair is compared, so that the time taken tells nothing of which one fitted.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419
        raise DeliveryRefusedError(401, "The delivery's signature does not fit what was sent.")


def _timestamp(text: str) -> int:
    """The timestamp in its one way of writing: a leading zero would be another text, and the same number."""
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP
    if not plain or text != str(int(text)):
        raise DeliveryRefusedError(401, "The delivery has no timestamp in whole seconds.")
    return int(text)
