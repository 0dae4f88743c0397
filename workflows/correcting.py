"""What may be corrected in an input before a retry, and the input with the corrections made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from canonical.errors import Mistake
from canonical.integration_exception import CorrectableField, Correction
from canonical.intent import Intent


def correctable(intent: Intent, field: Sequence[str]) -> tuple[CorrectableField, ...]:
    """The value that a problem named, if it is one that a person can type; none where it named none."""
    found, value = _walk(_plain(intent), field)
    if not field or not found or isinstance(value, dict | list):
        return ()
    return (CorrectableField(tuple(field), label(field), None if value is None else str(value)),)


def label(field: Sequence[str]) -> str:
    """A path as people say it: ("lines", "0", "unit_price") is "Line 1: unit price"."""
    words = [part.replace("_", " ") for part in field]
    if len(words) > 2 and words[0] == "lines" and words[1].isdigit():  # noqa: PLR2004 - the line, and what of it
        return f"Line {int(words[1]) + 1}: {' '.join(words[2:])}"
    return " ".join(words).capitalize()


def corrected(intent: Intent, corrections: Sequence[Correction]) -> Intent:
    """The input with these values; a Mistake with code CORRECTION_INVALID where one names no value, or does not fit."""
    plain = _plain(intent)
    for correction in corrections:
        _put(plain, correction)
    try:
        fixed: Intent = msgspec.convert(plain, Intent, strict=False)
    except msgspec.ValidationError as error:
        raise Mistake("CORRECTION_INVALID", f"A corrected value does not fit: {error}.") from None
    return fixed


def _plain(intent: Intent) -> Any:
    return msgspec.json.decode(msgspec.json.encode(intent))


def _put(plain: Any, correction: Correction) -> None:
    *way, last = correction.field or ("",)
    found, holder = _walk(plain, way)
    known, value = _walk(holder, (last,)) if found else (False, None)
    if not known or isinstance(value, dict | list) or last == "type":
        raise Mistake("CORRECTION_INVALID", f"There is no value {'.'.join(correction.field)!r} to correct.")
    holder[int(last) if isinstance(holder, list) else last] = correction.value


def _walk(value: Any, field: Sequence[str]) -> tuple[bool, Any]:
    for part in field:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False, None
    return True, value
