"""Global ids: opaque words that say the concept, the system a record is anchored in, and its key there.

An id needs no table and always resolves. It does not change when an order is booked, since the anchor of what was born
in the CRM stays the CRM.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from binascii import b2a_base64

from canonical.errors import Mistake
from canonical.refs import Ref

_MARK = "1"
_SEPARATOR = "\x1f"
_URLSAFE = bytes.maketrans(b"+/", b"-_")


def global_id(concept: str, ref: Ref) -> str:
    """The id of a record of a concept ('Order', 'Invoice', ...)."""
    words = f"{_MARK}{_SEPARATOR}{concept}{_SEPARATOR}{ref.system}{_SEPARATOR}{ref.key}"
    # A page makes hundreds: this is what urlsafe_b64encode does, in one step less.
    return b2a_base64(words.encode(), newline=False).translate(_URLSAFE, b"=").decode("ascii")


def parse_global_id(text: str) -> tuple[str, Ref]:
    """The concept and record that an id names; a Mistake with code BAD_ID when it is not one of ours."""
    try:
        words = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(_SEPARATOR)
    except (NotBase64, UnicodeDecodeError, ValueError):
        words = []
    if len(words) != 4 or words[0] != _MARK or not all(words[1:]) or len(text) > 400:  # noqa: PLR2004 - its four words
        raise Mistake("BAD_ID", f"{text[:60]!r} is not an id of this gateway: ids are given by its answers, not made.")
    return words[1], Ref(words[2], words[3])


def expect_id(text: str, concept: str) -> Ref:
    """The record of this concept that an id names; a Mistake with code BAD_ID when it names another concept."""
    found, ref = parse_global_id(text)
    if found != concept:
        raise Mistake("BAD_ID", f"This id names one {found}, where the id of one {concept} was expected.")
    return ref
