"""Masks whatever could open a door before a text is logged or told."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"
LONGEST_DETAIL: Final = 500
_READ_AT_MOST: Final = 8000
_SHORTEST_SECRET: Final = 4

_NAMES: Final = (
    r"(?:access_?token|refresh_?token|id_?token|auth_?token|security_?token|session_?id|sid|assertion|client_?secret|"
    r"client_?assertion|pass(?:word|wd|phrase)?|secret|api_?key|private_?key|signature|x-csrf-token|x-api-key|token)"
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL), MASK),
    # A whole header line: what follows its name is secret to the end of the line, or of the quoted value.
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|set-cookie|cookie)([\"']?\s*[:=,]\s*(?:b?[\"'])?)[^\r\n\"']+",
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/!=-]{4,}"), rf"\1 {MASK}"),
    (re.compile(rf"(?i)([\"']?\b{_NAMES}\b[\"']?\s*[:=]\s*[\"'])[^\"']*"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(\b{_NAMES}\b\s*[:=]\s*)[^\s\"'&,;<>}}]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(<(?:\w+:)?{_NAMES}>)[^<]*"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), MASK),
    (re.compile(r"(?i)(://)[^/\s:@]+:[^/\s@]+@"), rf"\1{MASK}@"),
)


def redact(text: str) -> str:
    """The text with everything masked that looks like a token, a password, a cookie or a key."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redactor:
    """`redact`, and beside it the secrets of one system by their very value; remembers the last 32 learnt."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._fixed = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        self._learnt: deque[str] = deque(maxlen=32)

    def learn(self, secret: str) -> None:
        """Mask this value too from now on: a token that was just given."""
        if len(secret) >= _SHORTEST_SECRET and secret not in self._learnt:
            self._learnt.append(secret)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in (*self._fixed, *self._learnt):
            text = text.replace(secret, MASK)
        return redact(text)

    def detail(self, text: str | None) -> str | None:
        """A fault's detail: without secrets, at most 500 characters."""
        if text is None:
            return None
        cleaned = self.clean(text[:_READ_AT_MOST])
        return cleaned if len(cleaned) <= LONGEST_DETAIL else cleaned[: LONGEST_DETAIL - 1] + "…"
