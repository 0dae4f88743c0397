"""The process dies at every point at which it can, and whatever runs the workflow next books one order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace as with_values

from canonical.refs import Ref
from canonical.submission import Submission, SubmissionState
from tests.fakes.durable import DiedError, Straight
from tests.workflows.house import House, line, order
from workflows.reconcile import reconcile
from workflows.store.opening import Store

ACROSS = order(
    line("P-1", source=Ref("crm", "l1")), line("P-2", source=Ref("crm", "l2"), legal_entity="US01"), legal_entity="DE01"
)
WRITES = ("book_order", "create_customer", "write_back", "carry out, not kept")


async def through(house: House, engine: Straight, name: str) -> Submission:
    """One buyer's order: let the worker die, and let others take over until it is settled."""
    house.customer(name)
    house.known_in(house.eu, f"C-{name}", name)
    theirs = with_values(ACROSS, customer=Ref("crm", name), source=Ref("crm", f"sale of {name}"))
    submitted = await house.submit(theirs, f"key-of-the-buyer-{name}")
    assert submitted.submission is not None
    for system in (house.eu, house.us, house.crm):
        system.mood.watch = engine.point
    try:
        await house.work(engine)
    except DiedError:
        engine.die_at = None
    for _ in range(6):
        # Another worker: it has what was kept, and nothing else.
        await house.work(engine)
        done = await house.look(submitted.submission.id)
        if done.settled_at:
            return done
        await house.settle()
        await house.due()
        await reconcile(house.shop)
    return await house.look(submitted.submission.id)


async def died_at(house: House, at: int) -> tuple[object, ...]:
    """What there is in the end of an order whose worker died at this point."""
    for erp in (house.eu, house.us):
        erp.orders.clear()
        erp.created.clear()
    house.crm.told.clear()
    engine = Straight(die_at=at)
    house.worker(engine)
    done = await through(house, engine, f"buyer{at}")
    return (
        done.state.value,
        len(house.eu.standing),
        len(house.us.standing),
        len(house.us.created),
        len(house.crm.told),
        await told_once(house, done.id),
    )


async def told_once(house: House, submission: str) -> bool:
    """Whether the outbox, the inbox and the audit hold each booking once, and the end once."""
    ended = "coalesce(body->>'submission_state', 'COMPLETED') = 'COMPLETED'"
    asked = f"select split_part(key, ':', 1) from event_out where body->>'submission_id' = :id and {ended} order by id"
    events = [row[0] for row in await house.ask(asked, id=submission)]
    mine = "select 'BOOK_ORDER:' || reference from effect where submission_id = :id"
    changes = await house.ask(f"select event_id from change_in where event_id in ({mine})", id=submission)
    acts = await house.ask(
        "select count(*) from audit_entry where action = 'BOOK_ORDER' and subject = :of", of=f"Submission {submission}"
    )
    told = [name for name in events if not name.startswith("EXCEPTION")]
    return told == ["ORDER_SUBMITTED", "SUBMISSION_UPDATED"] and len(changes) == 2 and acts[0][0] == 2


async def points_of(house: House) -> list[str]:
    """Every point at which a worker can die, in order."""
    alive = Straight()
    house.worker(alive)
    whole = await through(house, alive, "nobody")
    assert whole.state is SubmissionState.COMPLETED
    return list(alive.points)


ONE_OF_EACH = ("COMPLETED", 1, 1, 1, 1, True)


# Where the settling takes no time, whoever comes next gets the claim at once and must look before it acts; where it
# takes long, nobody gets the claim, and all depends on looking without one.
AT_ONCE, LONG = 0.0, 600.0


@pytest.mark.parametrize("settle,words", [(AT_ONCE, WRITES), (LONG, ("book_order", "create_customer"))])
async def test_one_order_each_wherever_death_comes_around_a_write(
    store: Store, settle: float, words: tuple[str, ...]
) -> None:
    house = House(store, settle=settle)
    points = await points_of(house)
    around = [at for at, name in enumerate(points) if any(word in name for word in words)]

    found = {f"{at} {points[at]}": await died_at(house, at) for at in around}

    assert {"before book_order", "after book_order", "before create_customer", "after create_customer"} <= set(points)
    assert {name: one for name, one in found.items() if one != ONE_OF_EACH} == {}


@pytest.mark.proof
@pytest.mark.parametrize("settle", [AT_ONCE, LONG])
async def test_one_order_each_at_every_point_of_death(store: Store, settle: float) -> None:
    house = House(store, settle=settle)
    points = await points_of(house)

    found = {f"{at} {name}": await died_at(house, at) for at, name in enumerate(points)}

    assert len(points) > 50
    assert {name: one for name, one in found.items() if one != ONE_OF_EACH} == {}
