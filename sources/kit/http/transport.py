"""httpx's transport over aiohttp's kept connections, at little more than aiohttp's own cost."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Final

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import map_aiohttp_exceptions
from yarl import URL

from sources.landscape import Instance

_KEPT_ALIVE: Final = 30.0
_SPARE: Final = 2
"""Connections beside those of the calls that have a place: one that was given up may still be closing."""


class StaleConnectionError(httpx.RemoteProtocolError):
    """A kept connection broke before an answer began: most often the other side had closed it as idle."""


class KeptConnections(AiohttpTransport):
    """Any httpx request in, an httpx response out whose body is read as it comes; no redirects, no cookies.

    Raises what httpx-aiohttp's own transport raises, and StaleConnectionError for what that one cannot tell apart.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the connection is free again when the body was read to its end, or closed."""
        try:
            content = request.content
        except httpx.RequestNotRead:
            # A body that is yet to be streamed; ours never is.
            return await super().handle_async_request(request)
        _kept.set(True)
        try:
            answered = await self._ask(request, content)
        except Exception as broken:
            if _kept.get() and isinstance(broken, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
                raise StaleConnectionError(str(broken)) from broken
            with map_aiohttp_exceptions():
                raise
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": (answered.reason or "").encode()}
        body = _Body(answered)
        return httpx.Response(
            answered.status, headers=answered.raw_headers, stream=body, request=request, extensions=extensions
        )

    async def _ask(self, request: httpx.Request, content: bytes) -> aiohttp.ClientResponse:
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        return await self.client.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=content or None,
            allow_redirects=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(sock_connect=request.extensions.get("timeout", {}).get("connect")),
        )


class _Body(httpx.AsyncByteStream):
    """What comes, as it comes. No generator: one that is left halfway would be closed by a task of the loop's own."""

    def __init__(self, answered: aiohttp.ClientResponse) -> None:
        self._answered = answered

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            part = await self._answered.content.readany()
        except Exception:
            with map_aiohttp_exceptions():
                raise
        if not part:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        # Where the body was read to its end, that has given the connection back.
        if self._answered.connection is not None:
            self._answered.release()
            await self._answered.wait_for_close()


def open_transport(instance: Instance, ca_file: str | None = None) -> KeptConnections:
    """A pool of kept connections to one system, without cookies; opened in the loop that first sends."""

    def session() -> aiohttp.ClientSession:
        secure: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
        connector = _Connector(limit=instance.limits.concurrency + _SPARE, keepalive_timeout=_KEPT_ALIVE, ssl=secure)
        opened = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # It would send PUT and DELETE twice on a broken connection without telling; repeats are decided above.
        opened._retry_connection = False  # noqa: SLF001 - there is no public switch
        return opened

    # verify=False spares building a second TLS context: the session's connector has its own, which does verify.
    return KeptConnections(client=session, verify=False)


_kept: ContextVar[bool] = ContextVar("revgraph_connection_was_kept", default=False)
"""Whether the request that this task sends has gone out on a connection that was there before."""


class _Connector(aiohttp.TCPConnector):
    """Tells a new connection from a kept one, which aiohttp's errors do not."""

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the connector's own interface
    ) -> ResponseHandler:
        _kept.set(False)
        return await super()._create_connection(req, traces, timeout)
