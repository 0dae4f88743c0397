"""Where a collector is configured, a request and every call it makes are one trace there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import dedent

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

ROOT = Path(__file__).parents[2]
PROGRAM = dedent(
    """
    import asyncio, os, sys
    from contextlib import asynccontextmanager

    import httpx
    from pydantic import SecretStr

    from gateway.app import create_app
    from gateway.settings import Settings
    from gateway.wiring import furnish
    from sources.catalog import Sources
    from sources.kit.http.recording import Recorded
    from sources.kit.http.clockwork import Clockwork
    from sources.kit.http.ask import Answer, Ask
    from tests.gateway import pretend

    async def main():
        chosen = Settings(jwt_secret=SecretStr(pretend.SECRET), otel_endpoint=os.environ["COLLECTOR"])

        class Below:
            async def ask(self, call, ask):
                return Answer(200, httpx.Headers(), b"[]"), False

        recorded = Recorded("books", Clockwork(), Below())

        async def asks(info):
            await recorded(info.context.call, Ask(path="/", operation="read orders"))
            return "asked"

        @asynccontextmanager
        async def open_house():
            graph = pretend.schema()
            graph.query_type.fields["asks"].resolve = lambda _, info: asks(info)
            yield furnish(chosen, pretend.LANDSCAPE, Sources({}), pretend.AUTHENTICATOR, graph)

        app = create_app(chosen, open_house)
        async with app.router.lifespan_context(app):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
                print(await pretend.ask(client, "{ asks }"))
                for address in sys.argv[1:]:
                    await client.get(address, headers={"Accept": "text/event-stream"})

    asyncio.run(main())
    """
)


class Collector(HTTPServer):
    """Takes what an OTLP/HTTP exporter sends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.bodies: list[bytes] = []


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def told_of(*addresses: str, **environment: str) -> list[Span]:
    """What a collector is told of a query, and of a GET of each of these addresses behind it."""
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        told = {"COLLECTOR": f"http://127.0.0.1:{collector.server_port}/v1/traces", **environment}
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, *addresses],
            cwd=ROOT,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        collector.shutdown()
        thread.join(5)
        collector.server_close()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "{'data': {'asks': 'asked'}}\n"
    return [
        span
        for body in collector.bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_request_and_its_calls_reach_the_collector_as_one_trace() -> None:
    spans = told_of()

    assert "books: read orders" in [span.name for span in spans]
    assert len({span.trace_id for span in spans}) == 1


@pytest.mark.parametrize("convention", ["", "http", "http/dup"])
def test_what_stands_in_the_query_of_an_address_reaches_no_collector(convention: str) -> None:
    addresses = ("/webhooks/books?secret=THE-SECRET&more=1", "/graphql/stream?token=THE%2DSECRET")

    spans = told_of(*addresses, OTEL_SEMCONV_STABILITY_OPT_IN=convention)

    assert {"GET /webhooks/{system}", "GET /graphql/stream"} <= {span.name for span in spans}
    assert [span for span in spans if re.search("SECRET|more=", str(span))] == []
    said = {one.value.string_value for span in spans for one in span.attributes if one.key in {"http.url", "url.path"}}
    assert {address.partition("?")[0] for address in addresses} <= {url.removeprefix("http://gateway") for url in said}
