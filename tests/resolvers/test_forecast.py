"""What fields say they will ask becomes one sum, in which what is loaded together counts once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from canonical.errors import Mistake
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers import forecast_fields as fields
from resolvers.collecting import ROUNDS
from resolvers.context import Context
from resolvers.cursors import encode
from resolvers.forecast import Ask, Asking, Line, Shared, add_up
from resolvers.naming import CustomerNamed, DocumentNamed, OrderFilterAsked, OrderNamed
from sources.kit.forecast import Calls, Need, Question, exactly
from tests.fakes.company import Company

EVERYTHING = Wanted()


def ten_a_call(_: str, needs: Sequence[Need]) -> Calls:
    return exactly(-(-sum(need.keys for need in needs) // 10))


def once_a_question(_: str, needs: Sequence[Need]) -> Calls:
    return exactly(len(needs))


def load(keys: int, shared: Shared, system: str = "erp-eu", name: str = "bills") -> Ask:
    need = Need(question=Question.FETCH_INVOICES, keys=keys)
    return Ask(system=system, needs=(need,), load=name, shared=shared)


def told(lines: list[list[Line]]) -> list[list[tuple[int, int | None]]]:
    return [[(line.calls.calls, line.along) for line in held] for held in lines]


def asked(context: Context, *held: Sequence[Ask]) -> dict[str, tuple[int, int]]:
    """Calls as a rule and at most by system, where each question is a call, and all fields have the same objects."""
    sums: dict[str, Calls] = {}
    for line in (line for one in add_up([Asking(h, 1, "home") for h in held], once_a_question) for line in one):
        sums[line.ask.system] = sums.get(line.ask.system, Calls()) + line.calls
    return {name: (sums[name].calls, sums[name].most) for name in context.landscape.instances if name in sums}


def test_the_same_keys_are_loaded_once_and_whoever_counts_fewest_is_right() -> None:
    asks = [Asking([load(250, Shared.SAME_KEYS)], 1, "page"), Asking([load(50, Shared.SAME_KEYS)], 2, "page")]

    assert told(add_up(asks, ten_a_call)) == [[(5, None)], [(0, 0)]]


def test_the_same_keys_of_other_objects_are_other_keys() -> None:
    asks = [Asking([load(50, Shared.SAME_KEYS)], 1, "page"), Asking([load(50, Shared.SAME_KEYS)], 2, "other page")]

    assert told(add_up(asks, ten_a_call)) == [[(5, None)], [(5, None)]]


def test_keys_that_are_named_in_the_same_turn_go_in_one_question() -> None:
    turn = [Asking([load(4, Shared.SAME_TURN)], 1, "root") for _ in range(5)]
    later = Asking([load(4, Shared.SAME_TURN)], 2, "root")

    assert told(add_up([*turn, later], ten_a_call)) == [[(2, None)], *[[(0, 0)]] * 4, [(1, None)]]


def test_what_is_loaded_once_an_operation_counts_once_wherever_it_is_asked() -> None:
    asks = [Asking([load(3, Shared.OPERATION)], place, place) for place in range(3)]

    assert told(add_up(asks, ten_a_call)) == [[(1, None)], [(0, 0)], [(0, 0)]]


def test_other_systems_and_other_loads_never_go_along() -> None:
    asks = [load(1, Shared.SAME_TURN), load(1, Shared.SAME_TURN, "erp-us"), load(1, Shared.SAME_TURN, name="goods")]

    assert told(add_up([Asking(asks, 1, "root")], ten_a_call)) == [[(1, None)] * 3]


def test_what_goes_through_no_load_counts_each_time() -> None:
    ask = Ask(system="crm", needs=(Need(question=Question.LIST_ORDERS, keys=1),), times=2, most=4)

    [[line], [other]] = add_up([Asking([ask], 1, "root"), Asking([ask], 1, "root")], ten_a_call)

    assert (line.calls, other.calls) == (Calls(2, 4), Calls(2, 4))


def test_an_order_by_the_crms_key_takes_one_call_of_each_system_and_a_second_where_records_are_odd() -> None:
    context = Company().context()

    by_key = asked(context, fields.order(context, OrderNamed(reference=Ref("crm", "sale1"))))
    by_booking = asked(context, fields.order(context, OrderNamed(reference=Ref("erp-eu", "1"))))

    assert by_key == {"crm": (1, 2), "erp-eu": (1, 2), "erp-us": (1, 2)}
    assert by_booking == {"crm": (1, 1), "erp-eu": (2, 2), "erp-us": (1, 1)}


def test_a_number_is_looked_up_everywhere_and_so_are_its_partners() -> None:
    context = Company().context()

    found = asked(context, fields.order(context, OrderNamed(document=DocumentNamed(value="7"))))

    assert found == {"crm": (2, 2), "erp-eu": (2, 2), "erp-us": (2, 2)}


def test_a_status_and_the_documents_it_is_computed_from_are_read_once() -> None:
    context = Company().context()
    status, shipments, lines = (
        tell(context, EVERYTHING, parents)
        for tell, parents in (
            (fields.status_of_orders, 50),
            (fields.shipments_of_orders, 50),
            (fields.shipments_of_lines, 250),
        )
    )

    assert asked(context, status, shipments, lines) == {"erp-eu": (2, 2), "erp-us": (2, 2)}


def test_customers_come_along_with_their_orders_unless_every_systems_record_is_read() -> None:
    plain, whole = Company().context(), Company().context()
    whole.learn({"Customer": Wanted.of("references")})

    assert asked(plain, fields.customers_of_orders(plain, EVERYTHING, 50)) == {
        "crm": (0, 1),
        "erp-eu": (0, 1),
        "erp-us": (0, 1),
    }
    assert asked(whole, fields.customers_of_orders(whole, EVERYTHING, 50)) == {
        "crm": (1, 1),
        "erp-eu": (1, 1),
        "erp-us": (1, 1),
    }


def test_a_page_is_one_round_and_a_status_that_no_system_knows_is_every_round() -> None:
    context = Company().context()

    page = asked(context, fields.orders(context, 50, None, None))
    booked = asked(context, fields.orders(context, 50, None, OrderFilterAsked(legal_entity="US01")))
    assert page == {"crm": (2, 2 * ROUNDS), "erp-eu": (1, 2 * ROUNDS), "erp-us": (1, 2 * ROUNDS)}
    assert booked == {"crm": (2, 2 * ROUNDS), "erp-eu": (1, ROUNDS), "erp-us": (2, 2 * ROUNDS)}

    by_status = asked(context, fields.orders(context, 50, None, OrderFilterAsked(status=())))
    assert by_status["erp-us"] == (2 * ROUNDS, 3 * ROUNDS)
    assert context.wants_of("Order").any_of("payment_facts")


def test_whoever_sees_some_accounts_only_costs_every_round_and_a_look_at_their_numbers() -> None:
    context = Company().context(accounts=frozenset({"acc1"}))

    page = asked(context, fields.orders(context, 10, None, None))
    invoices = asked(context, fields.invoices(context, 10, None, None))

    assert page == {"crm": (2 * ROUNDS, 2 * ROUNDS), **dict.fromkeys(("erp-eu", "erp-us"), (2 * ROUNDS, 2 * ROUNDS))}
    assert invoices == {"crm": (1, 1), "erp-eu": (2, 1 + ROUNDS), "erp-us": (2, 1 + ROUNDS)}


def test_children_are_a_question_for_each_of_at_most_as_many_families_as_are_answered() -> None:
    context = Company().context()

    assert asked(context, fields.children_of_customers(context, 200, 5, None)) == {"crm": (25, 25)}


def test_a_page_after_an_outage_looks_for_the_bookings_that_were_hidden() -> None:
    context = Company().context()
    day = ["2026-11-01T00:00:00+00:00", "1"]
    after = encode(["orders", {"crm": day}, {}, {"erp-us": {"crm": [[None, day]]}}, [], {}])

    assert asked(context, fields.orders(context, 10, after, None))["erp-eu"] == (2, 2 * ROUNDS)


@pytest.mark.parametrize(
    "tell, code",
    [
        (lambda context: fields.orders(context, 500, None, None), "BAD_PAGE_SIZE"),
        (lambda context: fields.orders(context, 5, "made up", None), "BAD_CURSOR"),
        (lambda context: fields.invoices(context, 5, "made up", None), "BAD_CURSOR"),
        (lambda context: fields.products(context, 5, "made up", None), "BAD_CURSOR"),
        (lambda context: fields.customer(context, CustomerNamed(id="made up")), "BAD_ID"),
        (lambda context: fields.order(context, OrderNamed(reference=Ref("wiki", "1"))), "UNKNOWN_SYSTEM"),
        (lambda context: fields.orders(context, 5, None, OrderFilterAsked(legal_entity="XX")), "UNKNOWN_LEGAL_ENTITY"),
    ],
)
def test_what_the_field_would_refuse_is_refused_beforehand(tell: object, code: str) -> None:
    assert callable(tell)

    with pytest.raises(Mistake) as refused:
        tell(Company().context())

    assert refused.value.code == code


def test_without_its_scope_a_field_asks_nobody() -> None:
    reader = Company().context(scopes=frozenset({"orders:read"}))

    with pytest.raises(Mistake, match="invoices:read"):
        fields.invoices_of_orders(reader, EVERYTHING, 5)
    assert asked(reader, fields.timelines_of_orders(reader, EVERYTHING, 5)) == {
        "crm": (1, 1),  # the contracts, which are told with the orders
        "erp-eu": (1, 1),
        "erp-us": (1, 1),
    }
    assert asked(reader, fields.subjects(reader, EVERYTHING, 5)) == {
        "crm": (2, 2),
        "erp-eu": (3, 3),
        "erp-us": (3, 3),
    }
