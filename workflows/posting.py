"""Sends one signed event to a program outside, and says what it answered."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx
from msgspec import Struct

from sources.kit.http.redaction import Redactor
from sources.kit.http.statuses import seconds_asked
from sources.kit.webhook.signing import signed_headers
from sources.landscape_events import Receiver
from workflows.store.opening import in_json

AT_ONCE: Final = 8
"""Requests to one receiver."""
KEPT: Final = 200
"""Characters of an answer."""
LONGEST_REST: Final = 3_600.0
"""Seconds: a receiver that asks for a longer rest is asked again then."""
_READ: Final = 2_000
_SIGNING: Final = "secret"
_PATIENT: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_HEADERS: Final = {
    "content-type": "application/cloudevents+json; charset=utf-8",
    "user-agent": "revgraph",
    # What is read of an answer is bounded; packed, it could be anything.
    "accept-encoding": "identity",
}


class Answer(Struct, frozen=True, kw_only=True):
    """What a receiver said; `status` is None where it said nothing. `words` tell no secret."""

    status: int | None
    words: str
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver has it now."""
        return self.status is not None and httpx.codes.is_success(self.status)

    @property
    def hopeless(self) -> bool:
        """Whether sending the same again would be answered the same."""
        return self.status is not None and httpx.codes.is_client_error(self.status) and self.status not in _PATIENT


@dataclass(frozen=True)
class Post:
    """The way to one receiver."""

    receiver: Receiver
    client: httpx.AsyncClient
    clock: Callable[[], float] = time.time

    async def send(self, body: Mapping[str, object]) -> Answer:
        """Send it once, signed as of now with every key that is valid; never longer than the receiver is given."""
        content = in_json(body).encode()
        headers = _HEADERS | signed_headers(self._secrets(), int(self.clock()), content)
        try:
            async with asyncio.timeout(self.receiver.timeout_seconds):
                return await self._send(content, headers)
        except (TimeoutError, httpx.TimeoutException):
            seconds = f"{self.receiver.timeout_seconds:g} seconds"
            return Answer(status=None, words=f"No answer within {seconds}.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(status=None, words=self._plain(f"No answer ({type(error).__name__}: {error})"))

    async def _send(self, content: bytes, headers: Mapping[str, str]) -> Answer:
        request = self.client.stream("POST", self.receiver.url, content=content, headers=headers)
        async with request as response:
            said = b""
            async for part in response.aiter_raw():
                said += part
                if len(said) >= _READ:
                    break
        words = said[:_READ].decode("utf-8", "replace").strip()
        return Answer(
            status=response.status_code,
            words=self._plain(f"{response.status_code} {words}".strip()),
            retry_after=_rest(response.headers.get("retry-after", "")),
        )

    def _secrets(self) -> list[str]:
        """What `secret` names signs first; whoever verifies takes any."""
        given = self.receiver.secrets
        return [given[name].reveal() for name in sorted(given, key=lambda name: (name != _SIGNING, name))]

    def _plain(self, words: str) -> str:
        # A null character is no text for the store.
        return Redactor(self._secrets()).clean(words).replace("\0", "")[:KEPT]


@asynccontextmanager
async def open_post(receiver: Receiver) -> AsyncIterator[Post]:
    """The way to a receiver until the block ends; nothing is connected before the first event."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    # Neither proxies nor netrc of the environment, and no redirects: an event goes where the landscape says.
    client = httpx.AsyncClient(
        verify=ssl.create_default_context(),
        limits=limits,
        timeout=receiver.timeout_seconds,
        follow_redirects=False,
        trust_env=False,
    )
    async with client:
        yield Post(receiver, client)


def _rest(header: str) -> float | None:
    asked = seconds_asked(header)
    return None if asked is None else min(asked, LONGEST_REST)
