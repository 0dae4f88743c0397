"""How uvicorn speaks with our clients: its own protocols, with what ten thousand open sockets need beside."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from gateway.connections import ABORT
from gateway.corking import Corked
from gateway.settings import Settings


class Requests(HttpToolsProtocol):
    """Tells the app how to end a connection whose client reads nothing (gateway/connections.py).

    Uvicorn would wait until everything is read, which may be never. Its sockets are told the same, as they are given
    this protocol's state when they take over.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn types it
        """Begin a connection. Its sockets take the corked transport over."""
        super().connection_made(Corked(transport, self.loop))
        self.app_state = {**self.app_state, ABORT: self.transport.abort}

    def handle_websocket_upgrade(self) -> None:
        """Let a socket take over, and be gone: the parser knows this protocol, and only the collector would end it."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment] # as uvicorn does when a connection is lost


class Sockets(WebSocketsSansIOProtocol):
    """Forgets the headers of the handshake once they are read and it is accepted: a quarter of what a socket costs.

    A client that answers no ping is ended without a code. Uvicorn's 1011 would be there when a laptop wakes up, and the
    graphql-ws library takes it for a reason not to come back.
    """

    def handle_connect(self, event: Request) -> None:
        """Begin a handshake. Nobody reads the query of its address, and uvicorn would write it to the log as it is."""
        event.path = event.path.partition("?")[0]
        super().handle_connect(event)

    def start_keepalive(self) -> None:
        """Begin what begins with the acceptance."""
        super().start_keepalive()
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []

    def keepalive_timeout(self) -> None:
        """Whoever should have answered has not."""
        self.transport.abort()


class Protocols(TypedDict):
    """What uvicorn is told of how it speaks."""

    http: str
    ws: str
    ws_max_size: int
    ws_ping_interval: float
    ws_ping_timeout: float
    ws_per_message_deflate: bool


def protocols(settings: Settings) -> Protocols:
    """How uvicorn serves requests and sockets. Compression would cost each socket about 60 KB for its windows."""
    return {
        # By name: what a worker process is handed must not load the whole of this before it can say that it lives.
        "http": f"{__name__}:{Requests.__name__}",
        "ws": f"{__name__}:{Sockets.__name__}",
        "ws_max_size": settings.body_limit_bytes,
        "ws_ping_interval": settings.keepalive_seconds,
        "ws_ping_timeout": settings.keepalive_seconds,
        "ws_per_message_deflate": False,
    }
