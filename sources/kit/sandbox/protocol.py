"""A uvicorn connection that the application may break: reset it, or close it in mid-answer."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from typing import Final, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

RESET: Final = "sandbox.reset"
CLOSE: Final = "sandbox.close"


class BreakableProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose scope carries the two ways to break the connection under `extensions`."""

    def on_message_begin(self) -> None:
        """Start a request as uvicorn does, and hand the application the means to break its connection."""
        super().on_message_begin()
        extensions = {RESET: {"call": self._reset}, CLOSE: {"call": self._close}}
        cast("Scope", self.scope)["extensions"] = extensions

    def _reset(self) -> None:
        # A socket that lingers for zero seconds sends RST on close instead of FIN, and drops what is still queued.
        # The descriptor is duplicated because uvloop's stand-in socket does not always set options.
        with socket.socket(fileno=os.dup(self.transport.get_extra_info("socket").fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _close(self) -> None:
        self.transport.close()


def reset_connection(scope: Scope) -> None:
    """Break the request's connection with a TCP reset; ConnectionResetError where no real socket is underneath."""
    _breaker(scope, RESET)()


def close_connection(scope: Scope) -> None:
    """Close the request's connection after what was written so far; ConnectionResetError without a real socket."""
    _breaker(scope, CLOSE)()


def _breaker(scope: Scope, name: str) -> Callable[[], None]:
    extension = scope.get("extensions", {}).get(name)
    if extension is None:
        raise ConnectionResetError("the sandbox broke the connection")
    return cast("Callable[[], None]", extension["call"])
