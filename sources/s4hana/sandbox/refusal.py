"""How this system says no: a status, a message class and number, a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

RUNTIME: Final = "/IWBEP/CM_MGW_RT"
NOT_FOUND: Final = f"{RUNTIME}/020"
BAD_SYNTAX: Final = f"{RUNTIME}/021"
PRECONDITION: Final = f"{RUNTIME}/158"

Severity = Literal["error", "warning", "info", "success"]


@dataclass(frozen=True)
class Message:
    """One message: class and number, text, severity, and the property or entity it points at."""

    code: str
    text: str
    severity: Severity = "error"
    target: str = ""


@dataclass
class Refusal(Exception):
    """An answer that is not a success."""

    status: int
    code: str
    text: str
    details: tuple[Message, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code} {self.text}"


def not_found(what: str) -> Refusal:
    """The entity or segment is not there."""
    return Refusal(404, NOT_FOUND, what)


def bad_request(what: str) -> Refusal:
    """The request is not understood."""
    return Refusal(400, BAD_SYNTAX, what)
