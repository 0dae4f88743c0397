from __future__ import annotations

import io
import json
import logging

import httpx
import pytest

from gateway import correlation, telemetry
from tests.gateway.pretend import HEADERS, gateway


async def test_the_callers_correlation_id_comes_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"X-Correlation-Id": "deal-4711:a.b_c"})

    assert answer.headers["x-correlation-id"] == "deal-4711:a.b_c"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "-begins-with-a-sign"])
async def test_a_correlation_id_that_does_not_fit_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/healthz", headers={"X-Correlation-Id": given})

    assert len(answer.headers["x-correlation-id"]) == 32
    assert answer.headers["x-correlation-id"] != given


def test_a_trace_context_is_passed_on_only_when_it_is_well_formed() -> None:
    good = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    assert correlation.traceparent(good) == good.decode()
    assert correlation.traceparent(b"00-nonsense") is None
    assert correlation.traceparent(None) is None


async def test_every_answer_forbids_sniffing_and_keeping(client: httpx.AsyncClient) -> None:
    for path in ("/", "/graphql", "/healthz", "/readyz", "/nowhere"):
        answer = await client.get(path)

        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


async def test_the_gateway_tells_whether_it_lives_and_is_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready", "systems": []}


async def test_the_front_page_says_what_this_is_and_what_to_try(client: httpx.AsyncClient) -> None:
    page = await client.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "This one serves <b>acme</b>" in page.text
    assert "books (ledger)" in page.text
    assert "timeline" in page.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_no_machinery_is_shown_unless_asked_for(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_the_docs_are_there_when_asked_for() -> None:
    async with gateway(docs=True) as client:
        assert (await client.get("/openapi.json")).status_code == 200


async def test_the_editor_is_shown_only_when_asked_for(client: httpx.AsyncClient) -> None:
    browser = {"Accept": "text/html"}

    async with gateway(graphiql=True) as with_editor:
        shown = await with_editor.get("/graphql", headers=browser)

    assert "graphiql" in shown.text.lower()
    assert (await client.get("/graphql", headers={**browser, **HEADERS})).status_code == 406


@pytest.mark.parametrize(
    "text,kept",
    [
        ("Authorization: Bearer abcdefghijk.lmnop", "Authorization: Bearer [redacted]"),
        ('{"client_secret": "hunter2", "a": 1}', '{"client_secret": "[redacted]", "a": 1}'),
        ("grant?assertion=xyz123&b=2", "grant?assertion=[redacted]&b=2"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln back", "got [redacted] back"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_taken_out_of_what_is_logged(text: str, kept: str) -> None:
    assert telemetry.redacted(text) == kept


def test_a_log_line_is_one_json_object() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(telemetry.JsonLines())
    record = logging.LogRecord("revgraph", logging.INFO, "", 1, "password=%s", ("hunter2",), None)
    record.fields = {"status": 200}

    handler.emit(record)

    said = json.loads(stream.getvalue())
    assert (said["level"], said["message"], said["status"]) == ("info", "password=[redacted]", 200)
