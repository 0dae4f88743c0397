"""Records that somebody else holds: a fault that only the vendor's own code can word."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

HOLDER: Final = "MUELLER"
"""Who is said to hold a record, where the vendor names somebody."""

_held: Final[ContextVar[bool]] = ContextVar("held", default=False)


def held() -> bool:
    """Whether what this request wants to change is held by somebody else."""
    return _held.get()


def hold(*, yes: bool) -> None:
    """Say for the request that is served in this context whether its records are held."""
    _held.set(yes)
