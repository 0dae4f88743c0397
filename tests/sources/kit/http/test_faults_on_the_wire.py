"""Each thing that goes wrong on a real socket, and the fault of our own tree that it becomes."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import replace

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from canonical.errors import ContractBroken, OutcomeUnknown, Refused, Throttled, Unavailable
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.client import SystemClient
from sources.kit.http.statuses import not_json
from sources.kit.sandbox.faults import Fault, FaultKind
from sources.landscape import Limits
from tests.sources.kit.http.pretend import AskAs, Clock, OpenClient, System, until

READ = Ask(path="/orders", query=(("q", "a b&c"),), operation="read orders")
WRITE = Ask(method="POST", path="/orders", content=b"{}", operation="book order", safety="write")
REPLAYABLE = Ask(method="PUT", path="/orders/1", content=b"{}", operation="upsert order", safety="replayable")
ONE_TRY = Limits(attempts=1)
HASTY = Limits(attempts=1, timeout_seconds=0.2)


async def test_a_question_gets_its_answer_and_is_written_down(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    call = ask_as()

    answer = await open_client().send(call, READ)
    answer.tell_rows(7)

    assert (answer.status, answer.content, answer.media_type) == (200, b'{"call": 1}', "application/json")
    assert [(one.system, one.operation, one.rows, one.outcome) for one in call.record.calls] == [
        ("northwind", "read orders", 7, "ok")
    ]
    assert [asked.line for asked in system.log.asked()] == ["GET /orders?q=a+b%26c"]


async def test_the_correlation_id_and_the_trace_go_out(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    call = ask_as()

    await open_client().send(call, READ)

    assert system.seen[0]["x-correlation-id"] == call.correlation_id
    assert system.seen[0]["traceparent"] == "00-aa-bb-01"
    assert system.seen[0]["accept-encoding"] == "gzip, deflate"


async def test_a_slow_system_is_unavailable_for_a_read(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    system.gate.clear()

    with pytest.raises(Unavailable, match="did not answer in time"):
        await open_client(HASTY).send(ask_as(), READ)


async def test_a_slow_system_leaves_the_outcome_of_a_write_unknown(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.gate.clear()

    with pytest.raises(OutcomeUnknown, match="did not answer in time"):
        await open_client(HASTY).send(ask_as(), WRITE)


async def test_a_call_ends_with_its_deadline_even_where_the_system_may_take_longer(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.gate.clear()

    with pytest.raises(Unavailable):
        async with asyncio.timeout(2):
            await open_client(Limits(attempts=1, timeout_seconds=60)).send(ask_as(seconds=0.2), READ)


async def test_an_expired_deadline_sends_nothing(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    with pytest.raises(Unavailable, match="no time left"):
        await open_client().send(ask_as(seconds=0), READ)

    assert system.log.total == 0


async def test_a_throttled_read_waits_as_long_as_it_was_told(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    system.faults.add(Fault(kind="throttle", seconds=2, times=1))

    answer = await open_client().send(ask_as(), READ)

    assert (answer.status, clock.slept) == (200, [2.0])


async def test_a_wait_that_does_not_fit_the_deadline_is_told_at_once(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    system.faults.add(Fault(kind="throttle", seconds=60))

    with pytest.raises(Throttled) as caught:
        await open_client().send(ask_as(seconds=4), READ)

    assert (caught.value.retry_after, clock.slept, system.log.total) == (60.0, [], 1)


async def test_a_429_without_retry_after_is_retried_with_growing_waits(
    system: System, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    system.faults.add(Fault(kind="status", status=429, times=2))

    answer = await open_client().send(ask_as(), READ)

    assert answer.status == 200
    assert clock.slept == pytest.approx([0.075, 0.15])


async def test_a_throttled_write_was_not_applied_and_is_not_repeated(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind="throttle", seconds=1))

    with pytest.raises(Throttled):
        await open_client().send(ask_as(), WRITE)

    assert system.log.total == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_survives_two_server_errors_and_not_three(
    status: int, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind="status", status=status, times=5))

    with pytest.raises(Unavailable):
        await open_client().send(ask_as(), READ)
    answer = await open_client().send(ask_as(), READ)

    assert (answer.status, system.log.total) == (200, 6)


async def test_a_server_error_leaves_the_outcome_of_a_write_unknown(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind="status", status=500))

    with pytest.raises(OutcomeUnknown):
        await open_client().send(ask_as(), WRITE)

    assert system.log.total == 1


async def test_a_question_may_be_given_more_time_than_is_usual(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(timeout_seconds=0.05, attempts=1))
    system.faults.add(Fault(kind="latency", seconds=0.2))

    with pytest.raises(OutcomeUnknown):
        await client.send(ask_as(), WRITE)
    answer = await client.send(ask_as(), replace(WRITE, patience=5.0))

    assert answer.status == 200


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
async def test_a_broken_connection_is_unavailable_for_a_read(
    kind: FaultKind, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind=kind))

    with pytest.raises(Unavailable, match="broke off"):
        await open_client(ONE_TRY).send(ask_as(), READ)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_broken_connection_never_sends_a_write_twice(
    kind: FaultKind, method: str, system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client()
    write = Ask(method=method, path="/orders", content=b"{}", operation="write", safety="write")
    await client.send(ask_as(), write)
    system.faults.add(Fault(kind=kind))

    with pytest.raises(OutcomeUnknown):
        await client.send(ask_as(), write)

    assert system.log.total == 2


async def test_a_broken_connection_is_retried_for_a_read(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind="reset_after", times=2))

    answer = await open_client().send(ask_as(), READ)

    assert (answer.status, system.log.total) == (200, 3)


async def test_a_replayable_write_is_repeated(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    system.faults.add(Fault(kind="reset_after", times=2))

    answer = await open_client().send(ask_as(), REPLAYABLE)

    assert (answer.status, system.log.total) == (200, 3)


async def test_a_write_that_may_have_acted_once_stays_unknown_whatever_follows(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.faults.add(Fault(kind="status", status=500, times=1))
    system.answers = lambda _: (429, b"{}")

    with pytest.raises(OutcomeUnknown):
        await open_client().send(ask_as(), REPLAYABLE)


async def test_a_system_that_is_not_there_is_unavailable_even_for_a_write(
    open_client: OpenClient, ask_as: AskAs, unused_port: int
) -> None:
    client = open_client(base_url=f"http://127.0.0.1:{unused_port}")

    with pytest.raises(Unavailable, match="cannot be reached"):
        await client.send(ask_as(), WRITE)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_a_page_where_records_were_promised_is_a_system_out_of_reach(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    def translate(answer: Answer) -> Unavailable | None:
        return not_json("northwind", answer)

    system.faults.add(Fault(kind="content_type"))

    with pytest.raises(Unavailable, match="page instead of records"):
        await open_client(translate=translate).send(ask_as(), READ)
    with pytest.raises(OutcomeUnknown):
        await open_client(translate=translate).send(ask_as(), WRITE)


async def test_an_answer_larger_than_allowed_is_a_broken_contract(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    system.answers = lambda _: (200, b" " * 5000)

    with pytest.raises(ContractBroken, match="more than we take"):
        await open_client(largest_answer=4096).send(ask_as(), READ)


async def test_a_link_to_another_host_is_not_followed(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    with pytest.raises(ContractBroken, match="another address"):
        await open_client().send(ask_as(), Ask(path="http://127.0.0.2:1/next", operation="next page"))

    assert system.log.total == 0


async def test_an_absolute_link_on_the_same_host_is_followed(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    await open_client().send(ask_as(), Ask(path=f"{system.url}/next?a=%27b%27", operation="next page"))

    assert system.log.asked()[0].line.startswith("GET /next?a=")


async def test_a_refusal_is_not_repeated(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    system.faults.add(Fault(kind="status", status=400))

    with pytest.raises(Refused):
        await open_client().send(ask_as(), READ)

    assert system.log.total == 1


async def test_a_cancelled_question_ends_at_once_and_frees_its_place(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    client: SystemClient = open_client(Limits(concurrency=1))
    system.gate.clear()
    asking = asyncio.create_task(client.send(ask_as(), READ))
    await until(lambda: system.seen)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    system.gate.set()

    assert (await client.send(ask_as(), READ)).status == 200


async def test_secrets_are_in_no_error_and_no_log(
    system: System, open_client: OpenClient, ask_as: AskAs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = '{"access_token":"abc.def","note":"Bearer tok-3f9a-very-secret","password": "hunter2"} tok-3f9a-very-secret'
    system.faults.add(Fault(kind="status", status=400, body=body))

    with pytest.raises(Refused) as caught:
        await open_client().send(ask_as(), READ)

    told = f"{caught.value.detail} {caught.value} {caplog.text}"
    assert "northwind: read orders failed" in caplog.text
    assert [secret for secret in ("tok-3f9a-very-secret", "abc.def", "hunter2") if secret in told] == []
    assert len(caught.value.detail or "") <= 500


async def test_a_compressed_answer_is_read(system: System, open_client: OpenClient, ask_as: AskAs) -> None:
    system.compressed = True

    answer = await open_client().send(ask_as(), READ)

    assert answer.content == b'{"call": 1}'


async def test_the_system_s_spans_hang_below_the_call_s_own(
    system: System, open_client: OpenClient, ask_as: AskAs
) -> None:
    above = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1)))

    with use_span(above):
        await open_client().send(ask_as(), READ)

    assert system.seen[0]["traceparent"] == "00-00000000000000000000000000000abc-0000000000000def-01"
