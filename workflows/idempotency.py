"""Idempotency keys, and whether two inputs mean the same."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Final

import msgspec
from msgspec import NODEFAULT, Struct

from canonical.errors import Mistake, ProblemCategory
from canonical.intent import Intent

_KEY = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
_SCHEME: Final = "1"
"""Raised when the way to normalise changes; fingerprints of different schemes are never equal."""


def check_key(key: str) -> str:
    """The key itself; a Mistake with code IDEMPOTENCY_KEY_INVALID when it cannot be one."""
    if not _KEY.fullmatch(key):
        raise Mistake(
            "IDEMPOTENCY_KEY_INVALID",
            "An idempotency key has 16 to 128 characters, each a letter, a digit or one of _ - : and a full stop. "
            "Make one for each intent, such as a UUID, and send it again with every repetition.",
            ProblemCategory.IDEMPOTENCY,
        )
    return key


def key_reused() -> Mistake:
    """The mistake of giving a key a second time for something else."""
    return Mistake(
        "IDEMPOTENCY_KEY_REUSED",
        "This idempotency key was given before, with another input. Nothing was done. Give the first input to see what "
        "became of it, or make a new key for a new intent.",
        ProblemCategory.IDEMPOTENCY,
    )


def fingerprint(intent: Intent) -> str:
    """Equal for inputs that mean the same: spelling of numbers, order of keys and what is usual anyway do not count."""
    tag = intent.__struct_config__.tag
    words = json.dumps([_SCHEME, tag, _plain(intent)], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        told = {field.name: _told(value, field) for field in _fields(type(value))}
        return {name: _plain(held) for name, held in told.items() if held is not None}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        # "3", "3.0" and "3e0" are one number, and so are 0 and -0.
        return format(value.normalize() + 0, "f")
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | bool) else str(value)


@cache
def _fields(kind: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Reading them of a class takes far longer than reading a value's."""
    return msgspec.structs.fields(kind)


def _told(value: Struct, field: msgspec.structs.FieldInfo) -> object:
    """The field's value; None where it is what it would be without being told."""
    held = getattr(value, field.name)
    usual = None if field.default is NODEFAULT else field.default
    return None if held is None or held == usual else held
