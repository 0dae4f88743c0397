"""What runs beside the org's HTTP: the event bus under TLS on a port of its own, and the outbound messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc

from sources.kit.sandbox.serving import HOST
from sources.salesforce.sandbox.bus import PubSub
from sources.salesforce.sandbox.certificates import certify
from sources.salesforce.sandbox.outbound import Outbox

FINISH_WITHIN = 0.5


class Beside:
    """The bus and the outbox of one org while they run. `folder` takes the authority that clients have to trust."""

    def __init__(self, service: PubSub, outbox: Outbox, folder: Path, name: str) -> None:
        self.endpoint: str | None = None
        self.ca_file = folder / f"{name}-ca.pem"
        self._service = service
        self._outbox = outbox

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve until the block ends; open streams are cut then."""
        certified = certify(HOST)
        self.ca_file.write_bytes(certified.authority)
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((self._service.handlers(),))
        shown = [(certified.private_key, certified.certificate)]
        port = server.add_secure_port(f"{HOST}:0", grpc.ssl_server_credentials(shown))
        await server.start()
        self.endpoint = f"{HOST}:{port}"
        sending = asyncio.ensure_future(self._outbox.run())
        try:
            yield
        finally:
            self.endpoint = None
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            await server.stop(FINISH_WITHIN)

    def settings(self) -> dict[str, str]:
        """Where it answers and what to trust, while it runs."""
        if self.endpoint is None:
            return {}
        return {"pubsub_endpoint": self.endpoint, "pubsub_ca_file": str(self.ca_file.absolute())}
