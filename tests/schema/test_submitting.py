"""Orders handed in through the graph: accepted once a key, carried out, refused in words, and never half."""

from __future__ import annotations

import asyncio
from dataclasses import replace as with_values
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.errors import ProblemCategory, Refused, Unavailable
from canonical.intake import Refusal
from canonical.order import Hold, HoldKind
from sources.landscape_rules import Writes
from tests.fakes.intake import DownForReading, lost, never_arrived, raising
from tests.schema.asking import SUBMIT, Graph, line_input, order_input, said
from tests.workflows.house import House
from workflows.desk import Desk
from workflows.reconcile import reconcile
from workflows.store.opening import Store

KEY = "key-of-sixteen-letters"


async def rows(house: House) -> int:
    """How many submissions there are."""
    [row] = await house.ask("select count(*) from submission")
    return int(row[0])


@pytest.mark.parametrize("engine", ["loom", "core"])
async def test_an_order_is_accepted_carried_out_and_told_step_by_step(graph: Graph, engine: str) -> None:
    graph.engine = engine

    accepted = await graph.submit(purchaseOrderNumber="PO-1")
    await graph.house.work()
    done = await graph.submission(accepted["submission"]["id"])

    assert (accepted["replayed"], accepted["problems"]) == (False, [])
    assert (accepted["submission"]["state"], accepted["submission"]["operation"]) == ("IN_PROGRESS", "SUBMIT_ORDER")
    assert accepted["submission"]["idempotencyKey"] == KEY
    assert done["state"] == "COMPLETED"
    assert [(step["name"], step["state"], step["legalEntity"]) for step in done["steps"]][-2:] == [
        ("booking", "DONE", "DE01"),
        ("write-back", "DONE", None),
    ]
    [request] = graph.house.eu.requests
    assert (request.reference, request.purchase_order_number) == (done["externalReference"], "PO-1")


async def test_the_structure_of_a_deal_reaches_the_erp_to_its_last_field(graph: Graph) -> None:
    bundle, part = ({"system": "crm", "key": key} for key in ("l1", "l2"))
    address = {"street": "Kai 3", "city": "Hamburg", "postalCode": "20457", "country": "DE"}

    await graph.done(
        lines=[
            line_input("P-1", "2.50", source=bundle, unitPrice="95.50", discountPercent="10"),
            line_input("P-2", source=part, parentSource=bundle, requestedDeliveryDate="2027-02-01"),
            line_input("SVC-1", startsOn="2027-01-01", endsOn="2027-12-31", segment=1),
        ],
        shipTo=address,
        requestedDeliveryDate="2027-01-15",
    )

    [request] = graph.house.eu.requests
    first, second, third = request.lines
    assert (str(first.quantity), str(first.unit_price), str(first.discount_percent)) == ("2.50", "95.50", "10")
    assert (second.parent, str(second.requested_delivery_date)) == (0, "2027-02-01")
    assert (str(third.starts_on), str(third.ends_on), third.segment) == ("2027-01-01", "2027-12-31", 1)
    assert request.ship_to
    assert (request.ship_to.city, str(request.requested_delivery_date)) == ("Hamburg", "2027-01-15")


async def test_the_same_key_and_input_is_the_same_submission_at_any_time_and_however_it_is_spelled(
    graph: Graph,
) -> None:
    first = await graph.submit(order_input(line_input("P-1", "2.0"), legalEntity=None))
    running = await graph.submit(order_input(line_input("P-1", 2)))
    await graph.house.work()
    finished = await graph.submit(order_input(line_input("P-1", "2")))

    assert (first["replayed"], running["replayed"], finished["replayed"]) == (False, True, True)
    assert len({one["submission"]["id"] for one in (first, running, finished)}) == 1
    assert (running["submission"]["state"], finished["submission"]["state"]) == ("IN_PROGRESS", "COMPLETED")
    assert len(graph.house.eu.requests) == 1


async def test_fifty_at_once_with_one_key_are_one_order(graph: Graph) -> None:
    answers = await asyncio.gather(*[graph.submit() for _ in range(50)])
    await graph.house.work()

    assert len({one["submission"]["id"] for one in answers}) == 1
    assert sum(not one["replayed"] for one in answers) == 1
    assert len(graph.house.eu.requests) == 1


async def test_the_same_key_for_something_else_is_a_problem_and_does_nothing(graph: Graph) -> None:
    first = await graph.submit()
    other = await graph.submit(order_input(line_input("P-1", 3)))
    text = 'mutation($key: String!) { cancelOrder(order: {crmId: "sale1"}, reason: "no", idempotencyKey: $key) {'
    cancel = await graph(text + " replayed problems { code field } submission { id } } }", key=KEY)

    assert other["submission"] is None
    assert said(other) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    assert other["problems"][0]["category"] == "IDEMPOTENCY"
    assert said(cancel["cancelOrder"]) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    assert await rows(graph.house) == 1
    assert (await graph.submission(first["submission"]["id"]))["state"] == "IN_PROGRESS"


async def test_another_client_application_has_keys_of_its_own(graph: Graph) -> None:
    mine = await graph.submit()
    theirs = await graph.narrowed(client="portal").submit()

    assert theirs["replayed"] is False
    assert mine["submission"]["id"] != theirs["submission"]["id"]


@pytest.mark.parametrize(
    "input,problem",
    [
        (order_input(line_input(quantity=-1)), ("INVALID_INPUT", "input.lines.0.quantity")),
        (order_input(line_input(), line_input(unitPrice="-0.01")), ("INVALID_INPUT", "input.lines.1.unitPrice")),
        ({**order_input(), "lines": []}, ("INVALID_INPUT", "input.lines")),
        (order_input(*[line_input()] * 10_000), ("INVALID_INPUT", "input.lines")),
        (order_input(currencyCode="euro"), ("INVALID_INPUT", "input.currencyCode")),
        (order_input(currencyCode="QQQ"), ("INVALID_INPUT", "input.currencyCode")),
        (order_input(purchaseOrderNumber="PO \N{ROCKET}"), ("INVALID_INPUT", "input.purchaseOrderNumber")),
        (order_input(legalEntity="XX99"), ("UNKNOWN_LEGAL_ENTITY", "input.legalEntity")),
        (order_input(customer={"id": "nonsense"}), ("BAD_ID", "input.customer")),
        (order_input(customer={"crmId": "nonsense"}), ("BAD_ID", "input.customer")),
        (order_input(source={"system": "nowhere", "key": "1"}), ("UNKNOWN_SYSTEM", "input.source")),
        (order_input(shipTo={"country": "Germany"}), ("INVALID_INPUT", "input.shipTo.country")),
        (order_input(line_input("P-1\x00")), ("INVALID_INPUT", "input.lines.0.sku")),
    ],
)
async def test_what_is_wrong_with_an_input_is_named_by_its_path_and_binds_nothing(
    graph: Graph, input: dict[str, Any], problem: tuple[str, str]
) -> None:
    refused = await graph.submit(input)

    assert refused["submission"] is None
    assert said(refused) == [problem]
    assert refused["problems"][0]["outcome"] == "NOT_APPLIED"
    assert refused["problems"][0]["correlationId"] == "c-1"
    assert await rows(graph.house) == 0
    assert (await graph.submit())["replayed"] is False


@pytest.mark.parametrize("price", ["NaN", "Infinity", "1e3", 0.5])
async def test_a_price_that_is_no_number_does_not_get_past_the_door(graph: Graph, price: object) -> None:
    result = await graph.execute(SUBMIT, input=order_input(line_input(unitPrice=price)), key=KEY)

    assert result.data is None
    assert result.errors
    assert "unitPrice" in result.errors[0].message
    assert await rows(graph.house) == 0


@pytest.mark.parametrize("key", ["short", "x" * 129, "sixteen letters!"])
async def test_a_key_that_cannot_be_one_is_a_problem(graph: Graph, key: str) -> None:
    refused = await graph.submit(key=key)

    assert said(refused) == [("IDEMPOTENCY_KEY_INVALID", "idempotencyKey")]


@pytest.mark.parametrize(
    "facts,problem,category",
    [
        ({"lines": [line_input(), line_input("P-9")]}, ("PRODUCT_REFUSED", "input.lines.1.sku"), "PRODUCT"),
        ({"lines": [line_input(unitPrice="0.50")]}, ("PRICE_DIFFERS", "input.lines.0.unitPrice"), "PRICING"),
        ({"customer": {"crmId": "acc9"}}, ("SOURCE_REFUSED", "input.customer"), "CUSTOMER_MASTER"),
        ({"source": {"system": "crm", "key": "0069"}}, ("SOURCE_REFUSED", "input.source"), "INVALID_INPUT"),
    ],
)
async def test_what_only_the_systems_know_to_be_wrong_is_refused_by_its_path_and_books_nothing(
    graph: Graph, facts: dict[str, Any], problem: tuple[str, str], category: str
) -> None:
    done = await graph.done(**facts)

    assert done["state"] == "REFUSED"
    assert said(done) == [problem]
    assert (done["problems"][0]["category"], done["problems"][0]["outcome"]) == (category, "NOT_APPLIED")
    assert graph.house.eu.requests == []


@pytest.mark.parametrize(
    "refusal,problem,owner",
    [
        (Refusal("Tax could not be determined.", ProblemCategory.TAX), ("TAX_REFUSED", None), "tax"),
        (Refusal("Beyond the limit.", ProblemCategory.CREDIT), ("CREDIT_EXCEEDED", None), "credit desk"),
        (
            Refusal("The books have no currency EUR.", ProblemCategory.INVALID_INPUT, "currency_code"),
            ("VALUE_REFUSED", "input.currencyCode"),
            "whoever asked",
        ),
    ],
)
async def test_what_an_erp_has_against_an_order_is_told_as_the_kind_of_thing_that_it_is(
    graph: Graph, refusal: Refusal, problem: tuple[str, str | None], owner: str
) -> None:
    graph.house.eu.refusals = (refusal,)

    done = await graph.done()

    assert (done["state"], said(done)) == ("REFUSED", [problem])
    assert done["problems"][0]["category"] == refusal.category.value
    assert done["problems"][0]["owner"] == owner


async def test_a_currency_that_a_company_does_not_sell_in_is_refused_wherever_that_turns_out(house: House) -> None:
    books = replace(house.landscape.entities["DE01"], currencies=("GBP",))
    house.landscape = with_values(house.landscape, entities={**house.landscape.entities, "DE01": books})
    house.shop = house.worker(house.durable)
    graph = Graph(house, Desk(house.store, house.landscape, wait=0.0, clock=lambda: house.now))

    at_the_door = await graph.submit(currencyCode="USD", legalEntity="DE01")
    foreign = await graph.done(key="key-of-an-order-in-pounds", currencyCode="GBP", legalEntity="DE01")
    routed = await graph.done(
        key="key-of-a-routed-order", currencyCode="USD", source=None, shipTo={"country": "DE"}, legalEntity=None
    )

    assert (at_the_door["submission"], said(at_the_door)) == (None, [("CURRENCY_NOT_TAKEN", "input.currencyCode")])
    assert at_the_door["problems"][0]["message"] == "DE01 does not sell in USD; it sells in EUR, GBP."
    assert foreign["state"] == "COMPLETED"
    assert (routed["state"], said(routed)) == ("REFUSED", [("CURRENCY_NOT_TAKEN", "input.currencyCode")])


async def test_a_missing_right_is_a_problem_that_binds_nothing(graph: Graph) -> None:
    reader = graph.narrowed(scopes=frozenset({"orders:read"}))

    refused = await reader.submit()

    assert said(refused) == [("FORBIDDEN", None)]
    assert refused["problems"][0]["category"] == "PERMISSION"
    assert "scope orders:write" in refused["problems"][0]["message"]
    assert await rows(graph.house) == 0


async def test_books_and_customers_beyond_the_rights_are_refused_at_the_door(graph: Graph) -> None:
    american = graph.narrowed(legal_entities=frozenset({"US01"}))
    of_another = graph.narrowed(accounts=frozenset({"acc2"}))
    by_erp = {"reference": {"system": "erp-eu", "key": "C-77"}}

    named = await american.submit(legalEntity="DE01")
    foreign = await of_another.submit()
    by_number = await of_another.submit(customer=by_erp)

    assert said(named) == [("FORBIDDEN", "input.legalEntity")]
    assert said(foreign) == [("FORBIDDEN", "input.customer")]
    assert said(by_number) == [("CUSTOMER_NOT_FOUND", "input.customer")]
    assert await rows(graph.house) == 0


async def test_whoever_has_one_account_submits_for_it_and_sees_what_became_of_it(graph: Graph) -> None:
    mine = graph.narrowed(accounts=frozenset({"acc1"}))

    by_key = await mine.done(key="key-of-the-crms-customer")
    of_the_erp = {"reference": {"system": "erp-eu", "key": "C-77"}}
    by_erp = await mine.done(key="key-of-the-erps-customer", customer=of_the_erp, source=None)

    assert (by_key["state"], by_erp["state"]) == ("COMPLETED", "COMPLETED")
    assert await graph.narrowed(accounts=frozenset({"acc2"})).submission(by_key["id"]) is None


async def test_a_lost_reply_counts_as_booked_and_a_lost_request_is_uncertain_until_it_is_known(graph: Graph) -> None:
    graph.house.eu.mood.will("book_order", lost)
    found = await graph.done(key="key-of-the-lost-reply")
    graph.house.eu.mood.will("book_order", never_arrived)
    unsure = await graph.done(key="key-of-the-lost-request", source=None)
    again = await graph.submit(key="key-of-the-lost-request", source=None)

    assert found["state"] == "COMPLETED"
    assert (unsure["state"], again["submission"]["state"], again["replayed"]) == ("UNCERTAIN", "UNCERTAIN", True)
    assert [(one["category"], one["outcome"]) for one in again["problems"]] == [("UNCERTAIN_OUTCOME", "UNCERTAIN")]
    await graph.house.settle()
    await graph.house.due()
    await reconcile(graph.house.shop)
    await graph.house.work()
    assert (await graph.submission(unsure["id"]))["state"] == "COMPLETED"
    assert len(graph.house.eu.requests) == 2


async def test_while_the_erp_cannot_be_asked_nothing_is_sent_again(graph: Graph) -> None:
    graph.house.eu.mood.will("book_order", lost)
    with DownForReading(graph.house.eu, Unavailable("erp-eu", "erp-eu does not answer.")):
        unsure = await graph.done()

    assert unsure["state"] == "UNCERTAIN"
    assert len(graph.house.eu.requests) == 1


async def test_a_deal_of_which_a_part_is_refused_is_taken_back_whole(graph: Graph) -> None:
    graph.house.us.mood.will("book_order", raising(Refused("erp-us", "Period closed.", detail="FI 201")))

    done = await graph.done(lines=[line_input(), line_input("P-2", legalEntity="US01")], legalEntity="DE01")

    assert done["state"] == "FAILED"
    assert [(one["message"], one["system"]) for one in done["problems"]] == [("Period closed.", "erp-us")]
    assert ("booking", "COMPENSATED") in [(step["name"], step["state"]) for step in done["steps"]]
    assert graph.house.eu.standing == graph.house.us.standing == []


async def test_an_order_that_is_held_for_credit_shows_the_hold_until_the_erp_releases_it(graph: Graph) -> None:
    text = '{ order(by: {crmId: "sale1"}) { status holds { kind reason } submissions { state } } }'
    await graph.done()
    books = graph.house.eu.books
    books.orders[0] = replace(
        books.orders[0], holds=(Hold(kind=HoldKind.CREDIT, system="erp-eu", reason="Over limit"),)
    )
    held = await graph(text)
    books.orders[0] = replace(books.orders[0], holds=())
    free = await graph(text)

    assert held["order"]["status"] == "ON_HOLD"
    assert held["order"]["holds"] == [{"kind": "CREDIT", "reason": "Over limit"}]
    assert (free["order"]["status"], free["order"]["holds"]) == ("BOOKED", [])
    assert free["order"]["submissions"] == [{"state": "COMPLETED"}]


async def test_a_full_queue_says_when_to_come_back_and_binds_nothing(house: House) -> None:
    instances = {name: with_values(one, writes=Writes(waiting=1)) for name, one in house.landscape.instances.items()}
    desk = Desk(house.store, with_values(house.landscape, instances=instances), wait=0.0, clock=lambda: 0.0)
    graph = Graph(house, desk)
    await graph.submit(key="key-of-the-first-order", legalEntity="DE01")

    full = await graph.submit(key="key-of-the-second-order", legalEntity="DE01")
    replayed = await graph.submit(key="key-of-the-first-order", legalEntity="DE01")

    assert said(full) == [("QUEUE_FULL", None)]
    assert (full["problems"][0]["category"], full["problems"][0]["retryable"]) == ("THROTTLED", True)
    assert full["problems"][0]["retryAfterSeconds"] >= 5
    assert replayed["replayed"] is True


async def test_without_a_store_the_graph_reads_on_and_says_what_to_do(house: House) -> None:
    reader = Graph(house, None)

    refused = await reader.submit()
    answer = await reader.execute('{ customer(by: {crmId: "acc1"}) { name } submissions { totalCount } }')
    read = await reader('{ customer(by: {crmId: "acc1"}) { name } }')

    assert said(refused) == [("NO_STORE", None)]
    assert "Set DATABASE_URL" in refused["problems"][0]["message"]
    assert answer.errors
    assert "Set DATABASE_URL" in answer.errors[0].message
    assert read == {"customer": {"name": "Acme"}}


async def test_with_a_store_that_is_away_the_graph_reads_on_and_accepts_nothing(house: House) -> None:
    store = Store("postgresql://postgres@/nothing?host=/nowhere")
    graph = Graph(house, Desk(store, house.landscape, wait=0.0))

    refused = await graph.submit()
    answer = await graph.execute('{ order(by: {crmId: "sale1"}) { id } exceptions { totalCount } }')
    read = await graph('{ customer(by: {crmId: "acc1"}) { name } }')
    await store.close()

    assert said(refused) == [("STORE_UNAVAILABLE", None)]
    assert (refused["problems"][0]["retryable"], refused["problems"][0]["outcome"]) == (True, "NOT_APPLIED")
    assert answer.errors
    assert [str(error.original_error) for error in answer.errors] == ["Revgraph's own store does not answer just now."]
    assert read == {"customer": {"name": "Acme"}}


async def test_what_a_mutation_changed_is_not_read_from_before_by_the_next_field(graph: Graph) -> None:
    text = """
    mutation($one: SubmitOrderInput!, $key: String!) {
      first: submitOrder(input: $one, idempotencyKey: $key) { submission { customer { name } } }
      second: submitOrder(input: $one, idempotencyKey: $key) { replayed submission { customer { name } } }
    }
    """
    asked_before = len(graph.house.crm.asked)

    answer = await graph(text, one=order_input(), key=KEY)

    assert answer["second"] == {"replayed": True, "submission": {"customer": {"name": "Acme"}}}
    assert graph.house.crm.questions()[asked_before:] == ["fetch_customers", "fetch_customers"]


async def test_an_order_that_gets_there_in_time_is_answered_finished_and_one_that_does_not_as_it_stands(
    house: House,
) -> None:
    waits: list[float] = []

    async def busy(seconds: float) -> None:
        waits.append(seconds)
        await house.work()

    desk = Desk(house.store, house.landscape, sleep=busy, clock=lambda: sum(waits))
    graph = Graph(house, desk)

    quick = await graph.submit(key="key-of-the-quick-order")
    house.eu.mood.always["quote_order"] = raising(Unavailable("erp-eu", "erp-eu does not answer."))
    slow = await graph.submit(key="key-of-the-slow-order", source=None)

    assert quick["submission"]["state"] == "COMPLETED"
    assert slow["submission"]["state"] == "IN_PROGRESS"
    assert sum(waits[1:]) <= desk.wait
