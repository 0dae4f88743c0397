from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from canonical.audit import AuditEntry
from canonical.errors import ProblemCategory, Refused, Unavailable
from canonical.events import Event, EventKind, Happening
from canonical.integration_exception import (
    Correction,
    ExceptionResolution,
    ExceptionStatus,
    IntegrationException,
    Severity,
)
from canonical.intent import CancelOrder
from canonical.kpi import KpiInterval
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.submission import SubmissionState
from canonical.timeline import TimelineArea, TimelineKind
from sources.landscape_rules import ExceptionRule, OrderRules, Rules
from tests.fakes.intake import raising
from tests.fakes.postgres import Databases
from tests.workflows.house import ANN, House, line, order
from workflows.audit import AuditFilter
from workflows.binding import Given, bind
from workflows.desk import Desk
from workflows.durable import Started
from workflows.durable.enqueueing import enqueue
from workflows.exception_queue import ExceptionFilter
from workflows.ledger import SubmissionFilter
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store
from workflows.upkeep import look_after, tidy

KEY = "key-of-sixteen-letters"
OTHER = Principal("eve", "acme", "portal", frozenset())
ELSEWHERE = Principal("ann", "globex", "quoting", frozenset())


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    house.customer()
    house.known_in(house.eu, "C-77")


async def test_the_same_key_and_input_give_the_same_submission_at_any_time(house: House) -> None:
    first = await house.submit(order(), KEY)
    during = await house.submit(order(), KEY)
    await house.work()
    after = await house.submit(order(line("P-1", unit_price=None)), KEY)
    spelled = await house.submit(order(replace(line(), quantity=Decimal("2.00"))), KEY)

    assert first.submission is not None
    assert (first.replayed, first.submission.state) == (False, SubmissionState.IN_PROGRESS)
    for again, state in (
        (during, SubmissionState.IN_PROGRESS),
        (after, SubmissionState.COMPLETED),
        (spelled, SubmissionState.COMPLETED),
    ):
        assert again.submission is not None
        assert (again.replayed, again.submission.id, again.submission.state) == (True, first.submission.id, state)
    assert len(house.eu.requests) == 1


async def test_the_same_key_with_another_input_does_nothing_and_says_so(house: House) -> None:
    await house.submit(order(), KEY)

    reused = await house.submit(order(line(quantity=3)), KEY)
    cancelled = await house.submit(CancelOrder(order=Ref("crm", "sale1"), reason="twice"), KEY)

    for answer in (reused, cancelled):
        assert answer.submission is None
        assert [problem.code for problem in answer.problems] == ["IDEMPOTENCY_KEY_REUSED"]
    assert len(await house.waiting()) == 1


async def test_a_key_belongs_to_one_client_of_one_tenant(house: House) -> None:
    mine = await house.submit(order(), KEY)
    theirs = await house.submit(order(), KEY, OTHER)
    elsewhere = await house.submit(order(), KEY, ELSEWHERE)

    answers = [answer.submission for answer in (mine, theirs, elsewhere)]
    assert len({answer.id for answer in answers if answer}) == 3
    [found, none] = await house.desk.submissions_by_key(OTHER, [KEY, "key-that-nobody-gave"])
    assert found == answers[1]
    assert none is None


async def test_fifty_at_once_with_one_key_are_one_order(house: House) -> None:
    answers = await asyncio.gather(*(house.submit(order(), KEY) for _ in range(50)))
    await house.work()

    assert len({answer.submission.id for answer in answers if answer.submission}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, *[True] * 49]
    assert len(house.eu.requests) == 1


@pytest.mark.parametrize(
    "intent,field",
    [
        (order(lines=()), ("lines",)),
        (order(line(quantity=0)), ("lines", "0", "quantity")),
        (order(line(sku=" ")), ("lines", "0", "sku")),
        (order(currency_code="euro"), ("currency_code",)),
        (order(customer=Ref("nowhere", "1")), ("customer",)),
        (order(line(parent_source=Ref("crm", "l9"))), ("lines", "0", "parent_source")),
        (order(line(discount_percent=Decimal(101))), ("lines", "0", "discount_percent")),
        (CancelOrder(order=Ref("crm", "sale1"), reason=" "), ("reason",)),
    ],
)
async def test_an_input_that_is_wrong_binds_nothing(house: House, intent: CancelOrder, field: tuple[str, ...]) -> None:
    answer = await house.submit(intent, KEY)

    assert answer.submission is None
    assert [(problem.field, problem.category) for problem in answer.problems] == [
        (field, ProblemCategory.INVALID_INPUT)
    ]
    right = await house.submit(order(), KEY)
    assert right.submission is not None


async def test_a_key_that_cannot_be_one_is_refused(house: House) -> None:
    answer = await house.submit(order(), "short")

    assert answer.submission is None
    assert answer.problems[0].code == "IDEMPOTENCY_KEY_INVALID"


async def test_a_submission_that_ends_in_time_is_answered_finished(store: Store) -> None:
    house = House(store)
    _usual_for(house)

    async def run_meanwhile(seconds: float) -> None:
        house.now += seconds
        await house.work()

    desk = Desk(store, house.landscape, wait=1.8, sleep=run_meanwhile, clock=lambda: house.now)
    answer = await desk.submit(ANN, order(), KEY, "corr-1")

    assert answer.submission is not None
    assert answer.submission.state is SubmissionState.COMPLETED


async def test_a_full_queue_takes_nothing_and_says_when_to_come_back(house: House) -> None:
    house.desk = Desk(house.store, house.busy(waiting=2), wait=0.0)
    taken = [await house.submit(order(ship_to=None, legal_entity="DE01")) for _ in range(2)]

    refused = await house.submit(order(legal_entity="DE01"), KEY)
    elsewhere = await house.submit(order(legal_entity="US01"))
    replayed = await house.submit(order(legal_entity="DE01"), "key-of-sixteen-0001")
    await house.work()
    later = await house.submit(order(legal_entity="DE01"), KEY)

    assert all(answer.submission for answer in taken)
    assert refused.submission is None
    [problem] = refused.problems
    assert (problem.code, problem.category, problem.retryable) == ("QUEUE_FULL", ProblemCategory.THROTTLED, True)
    assert problem.retry_after_seconds == 5
    assert elsewhere.submission is not None
    assert replayed.replayed
    assert later.submission is not None


async def test_nothing_is_accepted_that_cannot_be_stored(house: House) -> None:
    gone = Store("postgresql://postgres@/revgraph?host=/nowhere")
    desk = Desk(gone, house.landscape)

    answer = await desk.submit(ANN, order(), KEY, "corr-1")
    await gone.close()

    assert answer.submission is None
    [problem] = answer.problems
    assert (problem.code, problem.retryable) == ("STORE_UNAVAILABLE", True)


async def test_a_store_that_was_never_migrated_says_what_to_run_and_not_to_ask_again(databases: Databases) -> None:
    empty = Store(databases.cluster.ensure_database("never_migrated"))
    desk = Desk(empty, House(empty).landscape)

    answer = await desk.submit(ANN, order(), KEY, "corr-1")
    await empty.close()

    assert answer.submission is None
    [problem] = answer.problems
    assert (problem.code, problem.retryable) == ("STORE_NOT_MIGRATED", False)
    assert "run `revgraph migrate`" in problem.message


async def test_the_key_and_the_workflow_are_bound_together_or_not_at_all(house: House) -> None:
    given = Given(principal=ANN, intent=order(), key=KEY, correlation_id="corr-1", urgency=1)

    async def bound_and_broken() -> None:
        async with house.store.transaction() as transaction:
            await bind(transaction, given)
            raise KeyError

    with pytest.raises(KeyError):
        await bound_and_broken()

    assert await house.waiting() == []
    assert await house.ask("select 1 from submission") == []
    assert (await house.submit(order(), KEY)).replayed is False


async def test_lists_go_on_where_they_were_left_and_count_everything(house: House) -> None:
    ids = [answer.submission.id for answer in [await house.submit(order()) for _ in range(5)] if answer.submission]

    first = await house.desk.list_submissions(ANN, SubmissionFilter(), 2)
    last = first.items[-1]
    await house.submit(order())
    second = await house.desk.list_submissions(ANN, SubmissionFilter(), 9, (last.submitted_at, last.id))

    assert [one.id for one in (*first.items, *second.items)] == ids[::-1]
    assert (first.more, second.more) == (True, False)
    assert (first.total, second.total) == (5, 6)


async def test_a_list_is_narrowed_by_its_filter(house: House) -> None:
    done = await house.done(order())
    waiting = await house.submit(order())
    assert waiting.submission is not None

    async def found(wanted: SubmissionFilter) -> list[str]:
        return [one.id for one in (await house.desk.list_submissions(ANN, wanted, 9)).items]

    completed = frozenset({SubmissionState.COMPLETED})
    assert await found(SubmissionFilter(states=completed)) == [done.id]
    assert await found(SubmissionFilter(submitted_since=waiting.submission.submitted_at)) == [waiting.submission.id]
    assert await found(SubmissionFilter(correlation_id="corr-2")) == []
    assert len(await found(SubmissionFilter(correlation_id="corr-1"))) == 2


async def test_whoever_may_see_some_books_or_accounts_sees_their_submissions(house: House) -> None:
    done = await house.done(order())

    async def sees(**rights: object) -> bool:
        principal = replace(ANN, **rights)
        [found] = await house.desk.submissions(principal, [done.id])
        listed = await house.desk.list_submissions(principal, SubmissionFilter(), 9)
        assert [one.id for one in listed.items] == ([done.id] if found else [])
        return found is not None

    assert await sees(legal_entities=frozenset({"DE01"}))
    assert not await sees(legal_entities=frozenset({"US01"}))
    assert await sees(accounts=frozenset({"acc1"}))
    assert not await sees(accounts=frozenset({"acc2"}))
    assert not await sees(tenant="globex")


async def test_the_submissions_and_exceptions_of_an_order_are_found_by_any_of_its_records(house: House) -> None:
    failed = await house.done(order(line("P-9")))
    done = await house.done(order())

    [by_sale, by_booking, none] = await house.desk.submissions_of_orders(
        ANN, [[Ref("crm", "sale1"), Ref("erp-eu", "4001")], [Ref("erp-eu", "4001")], [Ref("crm", "sale2")]]
    )
    [raised, other] = await house.desk.exceptions.of_records(ANN, [[Ref("crm", "sale1")], [Ref("crm", "sale2")]])

    assert [one.id for one in by_sale] == [done.id, failed.id]
    assert [one.id for one in by_booking] == [done.id]
    assert none == []
    assert [one.submission_id for one in raised] == [failed.id]
    assert other == []


async def raised(house: House) -> IntegrationException:
    """An exception: an article that is not sold."""
    failed = await house.done(order(line("P-9")))
    [found] = await house.desk.exceptions.fetch(ANN, list(failed.exception_ids))
    assert found is not None
    return found


async def test_an_exception_has_words_an_owner_and_a_time_by_the_landscapes_rules(store: Store) -> None:
    rules = (
        ExceptionRule("nobody", system="erp-us"),
        ExceptionRule("article desk", ProblemCategory.PRODUCT, due_minutes=90, severity=Severity.CRITICAL),
    )
    house = House(store, Rules(OrderRules(register_in_crm=False), exceptions=rules))
    _usual_for(house)

    found = await raised(house)

    assert (found.owner, found.severity, found.status) == ("article desk", Severity.CRITICAL, ExceptionStatus.OPEN)
    assert found.due_at is not None
    assert found.due_at - found.raised_at == timedelta(minutes=90)
    assert found.title == "An article cannot be sold"
    assert found.explanation == "P-9 is not sold here."
    assert found.suggested_action
    assert found.system == "erp-eu"


async def test_a_wrong_correction_changes_nothing(house: House) -> None:
    found = await raised(house)

    answers = [
        await house.desk.exceptions.retry(ANN, found.id, [Correction(field, value)], None, "corr-2")
        for field, value in (
            (("lines", "7", "sku"), "P-1"),
            (("lines", "0", "quantity"), "many"),
            (("lines", "0", "quantity"), "-1"),
            (("type",), "CANCEL_ORDER"),
        )
    ]

    assert [answer.problems[0].code for answer in answers] == [
        "CORRECTION_INVALID",
        "CORRECTION_INVALID",
        "INVALID_INPUT",
        "CORRECTION_INVALID",
    ]
    assert await house.waiting() == []
    assert (await house.look(found.submission_id or "")).state is SubmissionState.REFUSED


async def test_what_is_booked_in_part_is_not_corrected(house: House) -> None:
    house.crm.mood.always["write_back"] = raising(Refused("crm", "Locked."))
    done = await house.done(order())

    answer = await house.desk.exceptions.retry(
        ANN, done.exception_ids[0], [Correction(("lines", "0", "quantity"), "3")], None, "corr-2"
    )

    assert answer.problems[0].code == "NOT_CORRECTABLE"


async def test_every_act_is_audited_with_who_when_what_before_and_after(house: House) -> None:
    found = await raised(house)

    await house.desk.exceptions.assign(replace(ANN, subject="eve"), [found.id], "bob", "corr-2")
    await house.desk.exceptions.retry(
        replace(ANN, subject="bob"), found.id, [Correction(("lines", "0", "sku"), "P-1")], "typo", "corr-3"
    )
    [told] = await house.desk.exceptions.fetch(ANN, [found.id])

    assert told is not None
    assert [(entry.actor, entry.action, entry.detail) for entry in told.history] == [
        ("revgraph", "RAISE_EXCEPTION", "P-9 is not sold here."),
        ("eve", "ASSIGN_EXCEPTION", None),
        ("bob", "RETRY_EXCEPTION", "typo"),
    ]
    assert told.history[1].after == '"bob"'
    assert '"P-9"' in (told.history[2].before or "")
    assert '"P-1"' in (told.history[2].after or "")
    assert told.status is ExceptionStatus.RETRYING


async def test_an_exception_is_resolved_once_and_with_a_note(house: House) -> None:
    found = await raised(house)

    first = await house.desk.exceptions.resolve(ANN, found.id, ExceptionResolution.DUPLICATE, "see 4711", "corr-2")
    second = await house.desk.exceptions.resolve(ANN, found.id, ExceptionResolution.ACCEPTED, "again", "corr-2")
    unknown = await house.desk.exceptions.resolve(ANN, "none", ExceptionResolution.ACCEPTED, "x", "corr-2")
    hidden = await house.desk.exceptions.resolve(ELSEWHERE, found.id, ExceptionResolution.ACCEPTED, "x", "corr-2")

    assert first.integration_exception is not None
    assert first.integration_exception.resolved_at is not None
    assert first.integration_exception.resolution is ExceptionResolution.DUPLICATE
    assert [answer.problems[0].code for answer in (second, unknown, hidden)] == [
        "ALREADY_RESOLVED",
        "NOT_FOUND",
        "NOT_FOUND",
    ]


async def test_cancelling_an_exception_ends_what_was_still_waiting(house: House) -> None:
    house.eu.mood.always["quote_order"] = raising(Unavailable("erp-eu", "It is down."))
    waiting = await house.done(order())

    await house.desk.exceptions.resolve(ANN, waiting.exception_ids[0], ExceptionResolution.CANCELLED, "no", "corr-2")

    assert (await house.look(waiting.id)).state is SubmissionState.FAILED


async def test_exceptions_are_listed_by_what_people_look_for(house: House) -> None:
    found = await raised(house)
    await house.desk.exceptions.assign(ANN, [found.id], "bob", "corr-2")

    async def listed(wanted: ExceptionFilter) -> int | None:
        return (await house.desk.exceptions.list_exceptions(ANN, wanted, 9)).total

    assert await listed(ExceptionFilter(owner="bob", categories=frozenset({ProblemCategory.PRODUCT}))) == 1
    assert await listed(ExceptionFilter(statuses=frozenset({ExceptionStatus.ASSIGNED}), system="erp-eu")) == 1
    assert await listed(ExceptionFilter(statuses=frozenset({ExceptionStatus.OPEN}))) == 0
    assert await listed(ExceptionFilter(owner="eve")) == 0


async def test_the_audit_is_a_list_of_the_tenants_own_acts(house: House) -> None:
    done = await house.done(order())

    everything = await house.desk.list_audit(ANN, AuditFilter(), 100)
    first = await house.desk.list_audit(ANN, AuditFilter(), 1)
    second = await house.desk.list_audit(ANN, AuditFilter(), 100, int(first.items[-1].id))
    booked = await house.desk.list_audit(ANN, AuditFilter(action="BOOK_ORDER", subject=f"Submission {done.id}"), 9)

    def acts(entries: tuple[AuditEntry, ...]) -> list[str]:
        return [entry.action for entry in entries]

    assert acts(everything.items) == ["WRITE_BACK", "BOOK_ORDER", "SUBMIT_ORDER"]
    assert acts(first.items) + acts(second.items) == acts(everything.items)
    assert [entry.actor for entry in booked.items] == ["revgraph"]
    assert (await house.desk.list_audit(ELSEWHERE, AuditFilter(), 9)).items == ()


async def test_numbers_are_counted_in_all_by_span_by_system_and_by_category(house: House) -> None:
    await house.done(order(line("P-9")))
    await house.done(order(), KEY)
    await house.submit(order(), KEY)
    since = datetime.now(UTC) - timedelta(hours=2)

    told = await house.desk.kpis(ANN, since, interval=KpiInterval.HOUR)

    assert (told.total.orders_submitted, told.total.orders_booked, told.total.duplicates_prevented) == (2, 1, 1)
    assert (told.total.exceptions_raised, told.total.exceptions_open) == (1, 1)
    assert told.total.acceptance_seconds_median is not None
    assert len(told.series) == 3
    assert sum(point.kpis.orders_submitted for point in told.series) == 2
    assert [(one.system, one.kpis.orders_booked) for one in told.by_system] == [("erp-eu", 1), ("erp-us", 0)]
    assert [(one.category, one.count) for one in told.by_category] == [(ProblemCategory.PRODUCT, 1)]
    nothing = await house.desk.kpis(ELSEWHERE, since)
    assert nothing.total.orders_submitted == 0


async def test_how_long_an_order_waits_for_its_first_invoice_is_counted_from_the_log(house: House) -> None:
    now = datetime.now(UTC)
    told = [("a", "ORDER_BOOKED", 90), ("a", "INVOICE_GENERATED", 30), ("a", "INVOICE_GENERATED", 10)]
    told += [("b", "ORDER_BOOKED", 20), ("b", "INVOICE_GENERATED", 15), ("c", "INVOICE_GENERATED", 5)]
    async with house.store.transaction() as transaction:
        await put(transaction, *(_happened(name, kind, now - timedelta(minutes=ago)) for name, kind, ago in told))
    await Relay(house.store, "acme").move()

    counted = await house.desk.kpis(ANN, now - timedelta(hours=2), interval=KpiInterval.HOUR)

    # Of a an hour, of b five minutes; when c was booked is not known.
    assert counted.total.invoice_latency_seconds_median == (60 + 5) * 60 / 2
    assert [one.kpis.invoice_latency_seconds_median for one in counted.by_system] == [1950.0, None]
    nothing = await house.desk.kpis(ELSEWHERE, now - timedelta(hours=2))
    assert nothing.total.invoice_latency_seconds_median is None


def _happened(order_key: str, kind: str, at: datetime) -> Event:
    what = Happening(kind=TimelineKind(kind), area=TimelineArea.ORDER, title=kind, system="erp-eu")
    key, ref = f"{order_key}:{kind}:{at}", Ref("crm", order_key)
    return Event(key=key, tenant="acme", kind=EventKind.HAPPENING, at=at, order=ref, happening=what)


async def test_what_is_stuck_is_shown_to_a_person_once(store: Store) -> None:
    house = House(store, Rules(OrderRules(stuck_minutes=0.0001)))
    _usual_for(house)
    await house.submit(order())

    await look_after(house.shop)
    await look_after(house.shop)

    listed = await house.desk.exceptions.list_exceptions(ANN, ExceptionFilter(), 9)
    assert [one.code for one in listed.items] == ["STUCK"]


async def test_a_round_whose_end_could_not_be_written_is_run_again(house: House) -> None:
    submitted = await house.submit(order())
    assert submitted.submission is not None
    await house.say("update dbos.workflow_status set status = 'ERROR'")
    await house.say("update submission set submitted_at = submitted_at - interval '1 hour'")

    await look_after(house.shop)
    await house.reconciled()
    await house.work()

    assert (await house.look(submitted.submission.id)).state is SubmissionState.COMPLETED


async def test_what_ends_its_worker_again_and_again_is_given_up_and_shown(house: House) -> None:
    submitted = await house.submit(order())
    assert submitted.submission is not None
    await house.say("update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'")
    await house.say("update submission set submitted_at = submitted_at - interval '1 hour'")

    await look_after(house.shop)

    done = await house.look(submitted.submission.id)
    assert done.state is SubmissionState.FAILED
    assert len(done.exception_ids) == 1


async def test_what_is_given_up_is_told_of_only_when_nothing_of_it_can_be_written_any_more(house: House) -> None:
    submitted = await house.submit(order())
    assert submitted.submission is not None
    submission = submitted.submission.id
    await house.say("update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'")
    await house.say("update submission set submitted_at = submitted_at - interval '1 hour'")
    async with house.store.transaction() as transaction:
        await enqueue(transaction, "writes.erp-eu", Started("carry_out", "a booking", "RG1"))
    owned = "update dbos.workflow_status set parent_workflow_id = :id where workflow_uuid = 'a booking'"
    await house.say(owned, id=f"{submission}:1")

    await look_after(house.shop)
    waiting = await house.look(submission)
    await house.say("update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = 'a booking'")
    await look_after(house.shop)

    assert (waiting.state, waiting.settled_at) == (SubmissionState.IN_PROGRESS, None)
    assert (await house.look(submission)).state is SubmissionState.FAILED


async def test_however_many_answers_are_over_all_of_them_are_emptied(house: House) -> None:
    for number in range(3):
        await house.done(order(), f"{KEY}-{number}")
    await house.say("update submission set settled_at = settled_at - interval '31 days'")

    await tidy(house.shop, part=1)

    assert await house.ask("select 1 from submission where input is not null") == []


async def test_after_its_time_an_answer_is_emptied_and_its_key_still_makes_no_second_order(house: House) -> None:
    done = await house.done(order(), KEY)
    await house.say("update submission set settled_at = settled_at - interval '31 days'")

    await tidy(house.shop)
    again = await house.submit(order(), KEY)
    await house.work()

    assert again.submission is not None
    assert (again.replayed, again.submission.id) == (True, done.id)
    assert again.submission.record_refs == done.record_refs
    assert again.submission.steps == ()
    assert await house.ask("select 1 from submission where input is not null") == []
    assert len(house.eu.requests) == 1


def _usual_for(house: House) -> None:
    house.customer()
    house.known_in(house.eu, "C-77")
