"""The last step: one request on the wire, one answer read to its end within bounds."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Final

import aiohttp
import httpx

from canonical.errors import ContractBroken, Fault, OutcomeUnknown, Refused, Unavailable
from sources.kit.call import Call
from sources.kit.http.addressing import UNCALLABLE, Addresses
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.heading import Pairs, heading
from sources.kit.http.transport import StaleConnectionError
from sources.kit.http.within import Within
from sources.landscape import Instance

LARGEST_ANSWER: Final = 32 * 1024 * 1024
_CONNECT_SHARE: Final = 0.9


class Wire:
    """Sends one request over a pool of kept connections; knows nothing of rights, repeats or vendors.

    An answer larger than `largest_answer` (decompressed) is ContractBroken. What fails before an answer stands is
    Unavailable when nothing can have happened, and for writes that may have arrived OutcomeUnknown.
    """

    def __init__(
        self, instance: Instance, transport: httpx.AsyncBaseTransport, largest_answer: int = LARGEST_ANSWER
    ) -> None:
        self._system = instance.name
        self._timeout = instance.limits.timeout_seconds
        self._addresses = Addresses(instance.name, instance.base_url)
        self._transport = transport
        self._largest_answer = largest_answer

    async def send(self, call: Call, ask: Ask, authorization: Pairs) -> Answer:
        """One request to this system, with these headers beside the standing ones."""
        return await self._exchange(call, ask, self._addresses.of(ask), self._addresses.host, authorization)

    async def send_anywhere(self, call: Call, ask: Ask) -> Answer:
        """One request to the absolute address in `ask.path`, as it stands: for token endpoints."""
        url = self._addresses.anywhere(ask)
        return await self._exchange(call, ask, url, url.netloc, ())

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.aclose()

    async def _exchange(self, call: Call, ask: Ask, url: httpx.URL, host: bytes, authorization: Pairs) -> Answer:
        seconds = min(ask.patience or self._timeout, call.deadline.left())
        request = httpx.Request(
            ask.method,
            url,
            headers=heading(call, ask, host, authorization),
            stream=httpx.ByteStream(ask.content or b""),
            extensions={"timeout": {"connect": seconds * _CONNECT_SHARE}},
        )
        request.read()
        try:
            with Within(seconds):
                return await self._answer(request, ask)
        except TimeoutError as late:
            raise self._fault(ask, f"{self._system} did not answer in time.", late, sent=True) from late
        except aiohttp.ClientResponseError as broken:
            # Its repr holds the request's headers, secrets and all: it must not travel along as a cause.
            raise self._fault(ask, _UNREADABLE.format(self._system), broken, sent=True) from None
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as broken:
            raise self._broken(ask, broken) from broken

    async def _answer(self, request: httpx.Request, ask: Ask) -> Answer:
        response = await self._respond(request, ask)
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport answers with an asynchronous stream")
        try:
            parts = response.aiter_bytes() if _encoded(response) else stream
            return Answer(response.status_code, response.headers, await self._read(parts))
        finally:
            await stream.aclose()

    async def _respond(self, request: httpx.Request, ask: Ask) -> httpx.Response:
        """The answer's head. A read on a connection that had gone stale is sent again, until one is new or holds.

        RFC 9112 9.3.1 allows this for what is safe to repeat, and says nothing about the system, so the breaker need
        not know. Each round takes one connection out of the pool: it ends.
        """
        while True:
            try:
                return await self._transport.handle_async_request(request)
            except StaleConnectionError:
                if ask.safety != "read":
                    raise

    async def _read(self, stream: AsyncIterable[bytes]) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in stream:
            size += len(part)
            if size > self._largest_answer:
                sentence = f"{self._system} sent more than we take at once."
                raise ContractBroken(self._system, sentence, detail=f"more than {self._largest_answer} bytes")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _broken(self, ask: Ask, broken: Exception) -> Fault:
        if _never_left(broken):
            return self._fault(ask, f"{self._system} cannot be reached.", broken, sent=False)
        if isinstance(broken, httpx.TimeoutException) and not isinstance(broken, httpx.ConnectTimeout):
            return self._fault(ask, f"{self._system} did not answer in time.", broken, sent=True)
        if isinstance(broken, httpx.UnsupportedProtocol | httpx.InvalidURL):
            return Refused(self._system, UNCALLABLE.format(self._system))
        if isinstance(broken, httpx.DecodingError):
            return self._fault(ask, _UNREADABLE.format(self._system), broken, sent=True)
        return self._fault(ask, f"{self._system} broke off the connection.", broken, sent=True)

    def _fault(self, ask: Ask, sentence: str, why: BaseException, *, sent: bool) -> Fault:
        detail = f"{ask.operation}: {type(why.__cause__ or why).__name__}"
        if sent and ask.safety != "read":
            return OutcomeUnknown(self._system, sentence, detail=detail)
        return Unavailable(self._system, sentence, detail=detail)


_UNREADABLE: Final = "{0} sent an answer that cannot be read."


def _never_left(broken: BaseException) -> bool:
    """Whether the request certainly did not leave; the transport words most failures as ConnectTimeout, so ask why."""
    cause = broken.__cause__
    if isinstance(cause, aiohttp.ClientError):
        return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return isinstance(broken, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _encoded(response: httpx.Response) -> bool:
    return any(name.lower() == b"content-encoding" for name, _ in response.headers.raw)
