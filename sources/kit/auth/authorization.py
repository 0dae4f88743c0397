"""What the HTTP client needs of a way to authorize."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask

Send: TypeAlias = Callable[[Call, Ask], Awaitable[Answer]]
"""Sends one question as it stands: to any absolute address, without authorization, retry or breaker."""


class Authorization(Protocol):
    """A way to authorize; whoever writes one keeps secrets out of `identity` and out of faults."""

    @property
    def identity(self) -> str:
        """Whose rights these are, without any secret: reads are shared only within one identity."""

    @abstractmethod
    async def headers(self, call: Call, send: Send) -> Mapping[str, str]:
        """The headers to send, fetching a token first where needed. Raises a Fault when there is none to be had."""

    @abstractmethod
    async def renew(self, stale: Mapping[str, str]) -> bool:
        """These headers were refused: forget what they came from, so that the next `headers` are new.

        False when there is nothing newer to be had. Headers that were replaced meanwhile change nothing.
        """
