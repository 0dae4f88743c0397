"""The last step: one request on the wire, one answer read to its end within bounds."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlencode

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from canonical.errors import ContractBroken, Fault, OutcomeUnknown, Refused, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.landscape import Instance

LARGEST_ANSWER: Final = 32 * 1024 * 1024
_KEPT_ALIVE: Final = 30.0
_CONNECT_SHARE: Final = 0.9
_STANDING_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": "revgraph",
}


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
        self._base = httpx.URL(instance.base_url)
        self._address = instance.base_url
        self._transport = transport
        self._largest_answer = largest_answer

    async def send(self, call: Call, ask: Ask, authorization: tuple[tuple[str, str], ...]) -> Answer:
        """One request to this system, with these headers beside the standing ones."""
        return await self._exchange(call, ask, httpx.URL(self.url(ask)), authorization)

    async def send_anywhere(self, call: Call, ask: Ask) -> Answer:
        """One request to the absolute address in `ask.path`, as it stands: for token endpoints."""
        return await self._exchange(call, ask, httpx.URL(_with_query(ask.path, ask)), ())

    def url(self, ask: Ask) -> str:
        """The address of a question. ContractBroken when it is absolute and names another host than the instance's."""
        if "://" not in ask.path:
            return _with_query(self._address + ask.path, ask)
        there = httpx.URL(ask.path)
        if (there.scheme, there.host, there.port) != (self._base.scheme, self._base.host, self._base.port):
            raise ContractBroken(self._system, f"{self._system} sent us on to another address.", detail=str(there.host))
        return _with_query(ask.path, ask)

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.aclose()

    async def _exchange(
        self, call: Call, ask: Ask, url: httpx.URL, authorization: tuple[tuple[str, str], ...]
    ) -> Answer:
        seconds = min(self._timeout, call.deadline.left())
        request = httpx.Request(
            ask.method,
            url,
            headers=_headers(call, ask, authorization),
            content=ask.content,
            extensions={"timeout": {"connect": seconds * _CONNECT_SHARE}},
        )
        try:
            async with asyncio.timeout(seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    return Answer(response.status_code, response.headers, await self._read(response))
                finally:
                    await response.aclose()
        except TimeoutError as late:
            raise self._fault(ask, f"{self._system} did not answer in time.", late, sent=True) from late
        except aiohttp.ClientResponseError as broken:
            # Its repr holds the request's headers, secrets and all: it must not travel along as a cause.
            raise self._fault(ask, _UNREADABLE.format(self._system), broken, sent=True) from None
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as broken:
            raise self._broken(ask, broken) from broken

    async def _read(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._largest_answer:
                sentence = f"{self._system} sent more than we take at once."
                raise ContractBroken(self._system, sentence, detail=f"more than {self._largest_answer} bytes")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _broken(self, ask: Ask, broken: Exception) -> Fault:
        if isinstance(broken, httpx.TimeoutException) and not isinstance(broken, httpx.ConnectTimeout):
            return self._fault(ask, f"{self._system} did not answer in time.", broken, sent=True)
        if isinstance(broken, httpx.UnsupportedProtocol | httpx.InvalidURL):
            return Refused(self._system, f"{self._system} is configured with an address that cannot be called.")
        if isinstance(broken, httpx.DecodingError):
            return self._fault(ask, _UNREADABLE.format(self._system), broken, sent=True)
        if _never_left(broken):
            return self._fault(ask, f"{self._system} cannot be reached.", broken, sent=False)
        return self._fault(ask, f"{self._system} broke off the connection.", broken, sent=True)

    def _fault(self, ask: Ask, sentence: str, why: BaseException, *, sent: bool) -> Fault:
        detail = f"{ask.operation}: {type(why.__cause__ or why).__name__}"
        if sent and ask.safety != "read":
            return OutcomeUnknown(self._system, sentence, detail=detail)
        return Unavailable(self._system, sentence, detail=detail)


_UNREADABLE: Final = "{0} sent an answer that cannot be read."


def open_transport(instance: Instance, ca_file: str | None = None) -> AiohttpTransport:
    """A pool of kept connections to one system, without cookies; opened in the loop that first sends."""

    def session() -> aiohttp.ClientSession:
        secure: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
        connector = aiohttp.TCPConnector(
            limit=instance.limits.concurrency + 2, keepalive_timeout=_KEPT_ALIVE, ssl=secure
        )
        opened = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # It would send PUT and DELETE twice on a broken connection without telling; repeats are decided above.
        opened._retry_connection = False  # noqa: SLF001 - there is no public switch
        return opened

    # verify=False spares building a second TLS context: the session's connector has its own, which does verify.
    return AiohttpTransport(client=session, verify=False)


def _never_left(broken: BaseException) -> bool:
    """Whether the request certainly did not leave; the transport words most failures as ConnectTimeout, so ask why."""
    cause = broken.__cause__
    if isinstance(cause, aiohttp.ClientError):
        return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return isinstance(broken, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _headers(call: Call, ask: Ask, authorization: tuple[tuple[str, str], ...]) -> dict[str, str]:
    headers = {**_STANDING_HEADERS, "x-correlation-id": call.correlation_id}
    traceparent = _traceparent() or call.traceparent
    if traceparent:
        headers["traceparent"] = traceparent
    headers.update((name.lower(), value) for name, value in ask.headers)
    headers.update((name.lower(), value) for name, value in authorization)
    return headers


def _traceparent() -> str | None:
    """The span of this call (W3C), so that the system's own spans hang below it; None where nobody traces."""
    span = get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{format_trace_id(span.trace_id)}-{format_span_id(span.span_id)}-{span.trace_flags:02x}"


def _with_query(address: str, ask: Ask) -> str:
    query = ask.query if isinstance(ask.query, str) else urlencode(ask.query)
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{query}"
