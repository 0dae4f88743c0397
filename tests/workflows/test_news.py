from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from canonical.events import Event, EventKind, StatusChange
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineEntry, TimelineKind
from tests.fakes.company import NOW
from workflows.looking import Seen, Whose
from workflows.news import Reason, Told, news_of, told_before

ORDER = Ref("crm", "sale1")
SINCE = NOW - timedelta(hours=1)
EARLIER = SINCE - timedelta(days=3)
HOLD = "HOLD_PLACED:crm:sale1:erp-eu/71/CREDIT"


def entry(kind: TimelineKind, at: datetime = NOW, key: str | None = None, system: str = "erp-eu") -> TimelineEntry:
    name = key or f"{kind.value}:crm:sale1:{system}/71"
    return TimelineEntry(key=name, at=at, area=TimelineArea.ORDER, kind=kind, title=kind.value.title(), system=system)


BOOKED = entry(TimelineKind.ORDER_BOOKED)
SHIPPED = entry(TimelineKind.SHIPMENT_POSTED, NOW + timedelta(minutes=5))
HELD = entry(TimelineKind.HOLD_PLACED, key=HOLD)


ACME = Whose(customer=Ref("crm", "acc1"), crm="acc1")


def seen(*entries: TimelineEntry, status: OrderStatus | None = OrderStatus.BOOKED, silent: Sequence[str] = ()) -> Seen:
    return Seen(
        order=ORDER,
        entries=entries,
        status=status,
        whose=ACME,
        legal_entities=("DE01",),
        silent=tuple(silent),
    )


LATE = Reason(dict.fromkeys(("crm", "erp-eu", "erp-us"), SINCE), NOW, lately=True)
"""A change since we listen, which we have done for an hour to each system."""
EARLY = replace(LATE, lately=False)


def look(order: Seen, told: Told | None = None, reason: Reason = LATE) -> tuple[Told | None, list[Event]]:
    return news_of("acme", order, told, reason, NOW)


def known(order: Seen, told: Told | None = None) -> Told:
    """What is kept of the order once this was told."""
    kept, _ = look(order, told)
    assert kept is not None
    return kept


def kinds(events: Sequence[Event]) -> list[TimelineKind | EventKind]:
    return [event.happening.kind if event.happening else event.kind for event in events]


def test_of_an_order_that_is_seen_for_the_first_time_only_what_happened_since_we_listen_is_told() -> None:
    created = entry(TimelineKind.ORDER_CREATED, EARLIER)

    kept, events = look(seen(created, BOOKED))

    assert kinds(events) == [TimelineKind.ORDER_BOOKED, EventKind.STATUS_CHANGED]
    assert events[1].status == StatusChange(status=OrderStatus.BOOKED, previous=None, cause=TimelineKind.ORDER_BOOKED)
    assert kept is not None
    assert set(kept.happenings) == {created.key, BOOKED.key}
    assert kept.status is OrderStatus.BOOKED


def test_what_is_known_by_its_day_is_judged_by_what_the_system_says_not_by_where_the_timeline_shows_it() -> None:
    day = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    amended = entry(TimelineKind.ORDER_AMENDED, day + timedelta(minutes=1))
    shown_early = replace(seen(BOOKED, amended), instants={amended.key: day})
    shown_later = replace(seen(BOOKED, entry(TimelineKind.ORDER_AMENDED, NOW)), instants={amended.key: day})

    told = known(shown_early)
    _, again = look(shown_later, told)

    assert TimelineKind.ORDER_AMENDED in kinds(look(shown_early)[1])
    assert again == []


def test_of_an_order_to_which_nothing_happened_since_we_listen_nothing_is_told_and_all_is_kept() -> None:
    kept, events = look(seen(entry(TimelineKind.ORDER_BOOKED, EARLIER)), reason=EARLY)

    assert events == []
    assert kept is not None
    assert kept.status is OrderStatus.BOOKED


@pytest.mark.parametrize("days,told", [(0, True), (1, False)])
def test_what_is_known_by_its_day_alone_is_news_on_the_day_on_which_we_began_to_listen(days: int, told: bool) -> None:
    midnight = datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC) - timedelta(days=days)

    _, events = look(seen(entry(TimelineKind.ORDER_BOOKED, midnight)), reason=EARLY)

    assert bool(events) == told


def test_an_event_says_whose_it_is_and_who_may_hear_of_it() -> None:
    _, [event, _] = look(seen(BOOKED))

    assert event.key == f"crm/sale1:{BOOKED.key}"
    assert (event.tenant, event.order, event.customer, event.crm_customer) == (
        "acme",
        ORDER,
        Ref("crm", "acc1"),
        "acc1",
    )
    assert event.legal_entities == ("DE01",)
    assert event.at == BOOKED.at
    assert event.happening is not None
    assert (event.happening.entry, event.happening.title) == (BOOKED.key, BOOKED.title)


def test_the_same_seen_again_tells_nothing_and_keeps_nothing_else() -> None:
    order = seen(BOOKED, HELD, entry(TimelineKind.ORDER_AMENDED))

    assert look(order, known(order)) == (None, [])


def test_a_status_that_is_another_is_told_with_its_cause_and_the_one_before() -> None:
    told = known(seen(BOOKED))

    kept, events = look(seen(BOOKED, SHIPPED, status=OrderStatus.FULFILLED), told)

    assert kinds(events) == [TimelineKind.SHIPMENT_POSTED, EventKind.STATUS_CHANGED]
    assert events[1].status == StatusChange(
        status=OrderStatus.FULFILLED, previous=OrderStatus.BOOKED, cause=TimelineKind.SHIPMENT_POSTED
    )
    assert events[1].at == SHIPPED.at
    assert kept is not None
    assert kept.version == told.version + 1


def test_a_status_that_is_another_without_anything_that_happened_is_told_as_of_now() -> None:
    _, [event] = look(seen(BOOKED, status=OrderStatus.CANCELLED), known(seen(BOOKED)))

    assert event.status == StatusChange(status=OrderStatus.CANCELLED, previous=OrderStatus.BOOKED, cause=None)
    assert event.at == NOW


def test_a_status_that_goes_there_and_back_is_told_each_time_under_another_key() -> None:
    told = known(seen(BOOKED))
    keys = []
    for status in (OrderStatus.ON_HOLD, OrderStatus.BOOKED, OrderStatus.ON_HOLD):
        kept, [event] = look(seen(BOOKED, status=status), told)
        assert kept is not None
        told = kept
        keys.append(event.key)

    assert len(set(keys)) == 3


def test_a_hold_that_is_gone_is_told_as_released_once_and_placed_again_is_told_again() -> None:
    told = known(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD))

    released, events = look(seen(BOOKED), told)
    assert released is not None
    nothing = look(seen(BOOKED), released)
    again, placed = look(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD), released)
    assert again is not None
    _, gone = look(seen(BOOKED), again)

    assert kinds(events) == [TimelineKind.HOLD_RELEASED, EventKind.STATUS_CHANGED]
    assert nothing == (None, [])
    assert kinds(placed) == [TimelineKind.HOLD_PLACED, EventKind.STATUS_CHANGED]
    assert kinds(gone) == [TimelineKind.HOLD_RELEASED, EventKind.STATUS_CHANGED]
    assert events[0].key != gone[0].key
    happening = events[0].happening
    assert happening is not None
    assert (happening.title, happening.area, happening.system) == (
        "The credit hold was released",
        TimelineArea.CREDIT,
        "erp-eu",
    )
    assert events[0].at == NOW
    assert events[1].status == StatusChange(
        status=OrderStatus.BOOKED, previous=OrderStatus.ON_HOLD, cause=TimelineKind.HOLD_RELEASED
    )


def test_one_hold_of_two_that_is_gone_is_the_one_that_is_told() -> None:
    delivery = entry(TimelineKind.HOLD_PLACED, key="HOLD_PLACED:crm:sale1:erp-us/72/DELIVERY", system="erp-us")
    told = known(seen(BOOKED, HELD, delivery, status=OrderStatus.ON_HOLD))

    _, [event] = look(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD), told)

    assert event.happening is not None
    assert (event.happening.title, event.happening.area, event.happening.system) == (
        "The delivery hold was released",
        TimelineArea.ORDER,
        "erp-us",
    )


@pytest.mark.parametrize("kind", [TimelineKind.ORDER_AMENDED, TimelineKind.HOLD_PLACED, TimelineKind.CONTRACT_AMENDED])
def test_what_may_happen_again_is_told_again_at_another_instant_and_not_at_the_same(kind: TimelineKind) -> None:
    first, second = entry(kind), entry(kind, NOW + timedelta(minutes=1))
    told = known(seen(first))

    _, [event] = look(seen(second), told)
    _, [before, _] = look(seen(first))

    assert event.key != before.key
    assert event.at == second.at
    assert event.happening is not None
    assert event.happening.entry is None
    assert look(seen(first), told) == (None, [])


def test_what_happens_once_is_not_told_again_though_its_instant_is_told_more_exactly_later() -> None:
    kept, events = look(seen(entry(TimelineKind.ORDER_BOOKED, NOW + timedelta(hours=2))), known(seen(BOOKED)))

    assert events == []
    assert kept is not None


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    amended = entry(TimelineKind.ORDER_AMENDED)
    zoned = entry(TimelineKind.ORDER_AMENDED, datetime.fromisoformat("2026-11-20T13:00:00+01:00"))

    assert look(seen(zoned), known(seen(amended))) == (None, [])


def test_what_a_silent_system_hides_is_not_told_as_gone_and_the_status_stays() -> None:
    told = known(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD))

    kept, events = look(seen(silent=["erp-eu"], status=None), told)

    assert events == []
    assert kept is None
    assert look(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD), told) == (None, [])


def test_what_is_seen_while_another_system_is_silent_is_told_and_nothing_of_it_twice() -> None:
    told = known(seen(BOOKED, HELD, status=OrderStatus.ON_HOLD))

    kept, events = look(seen(SHIPPED, silent=["erp-us"], status=None), told)
    assert kept is not None
    _, after = look(seen(BOOKED, HELD, SHIPPED, status=OrderStatus.ON_HOLD), kept)

    assert kinds(events) == [TimelineKind.SHIPMENT_POSTED]
    assert after == []


def test_a_status_that_could_not_be_known_at_first_is_told_when_it_can() -> None:
    told = known(seen(BOOKED, status=None, silent=["erp-us"]))

    _, [event] = look(seen(BOOKED), told)

    assert event.status == StatusChange(status=OrderStatus.BOOKED, previous=None, cause=None)


def test_the_past_of_a_system_that_was_silent_at_the_first_look_is_no_news_when_it_speaks() -> None:
    booked, shipped = entry(TimelineKind.ORDER_BOOKED, EARLIER), entry(TimelineKind.SHIPMENT_POSTED)
    told = known(seen(status=None, silent=["erp-eu"]))

    kept, events = look(seen(booked, shipped, status=OrderStatus.IN_FULFILLMENT), told)

    assert kinds(events) == [TimelineKind.SHIPMENT_POSTED, EventKind.STATUS_CHANGED]
    assert kept is not None
    assert set(kept.happenings) == {booked.key, shipped.key}
    assert kept.systems == {"crm", "erp-eu", "erp-us"}


def test_what_a_system_that_was_read_before_has_more_is_new_whenever_it_says_that_it_was() -> None:
    told = known(seen(BOOKED))
    told = known(seen(BOOKED, SHIPPED, status=None, silent=["erp-eu"]), told)

    _, events = look(seen(BOOKED, SHIPPED, entry(TimelineKind.INVOICE_GENERATED, EARLIER)), told)

    assert kinds(events) == [TimelineKind.INVOICE_GENERATED]


def test_the_past_of_a_system_that_was_added_later_is_no_news() -> None:
    before = replace(LATE, began={"crm": EARLIER, "erp-eu": EARLIER})
    after = replace(LATE, began={**before.began, "erp-us": SINCE})
    old = entry(TimelineKind.INVOICE_GENERATED, EARLIER, system="erp-us")
    new = entry(TimelineKind.SHIPMENT_POSTED, system="erp-us")
    told, _ = look(seen(BOOKED), reason=before)

    _, of_known = look(seen(BOOKED, old, new), told, after)
    _, of_unknown = look(seen(old, new), reason=after)

    assert kinds(of_known) == [TimelineKind.SHIPMENT_POSTED]
    assert kinds(of_unknown) == [TimelineKind.SHIPMENT_POSTED, EventKind.STATUS_CHANGED]


def test_where_an_order_stands_is_told_at_the_first_look_though_nothing_of_it_has_a_date_since() -> None:
    released = seen(entry(TimelineKind.ORDER_BOOKED, EARLIER))

    kept, [event] = look(released)

    assert event.status == StatusChange(status=OrderStatus.BOOKED, previous=None, cause=None)
    assert event.at == NOW
    assert look(released, kept) == (None, [])


def test_a_change_of_before_we_listened_tells_no_status_of_an_order_that_nobody_knew() -> None:
    silent = seen(status=None, silent=["erp-eu"])
    told, _ = look(silent, reason=EARLY)

    assert look(seen(entry(TimelineKind.ORDER_BOOKED, EARLIER)), told, EARLY)[1] == []


def test_a_change_that_is_older_than_our_listening_makes_news_of_what_happened_since_it() -> None:
    reason = replace(EARLY, changed_at=EARLIER - timedelta(minutes=1))

    _, events = look(seen(entry(TimelineKind.ORDER_BOOKED, EARLIER)), reason=reason)

    assert kinds(events) == [TimelineKind.ORDER_BOOKED, EventKind.STATUS_CHANGED]


BOOKING, OTHER = Ref("erp-eu", "71"), Ref("erp-us", "90")


def unlinked(booking: Ref, *kinds: str, status: OrderStatus | None = OrderStatus.BOOKED) -> Told:
    """What was told of an order that only an ERP had, version 3 of it, and of a shipment."""
    mine = f"{booking.system}:{booking.key}:{booking.system}/{booking.key}"
    keys = [f"{kind.partition('/')[0]}:{mine}{kind[kind.find('/') :] if '/' in kind else ''}" for kind in kinds]
    happenings = dict.fromkeys([*keys, "SHIPMENT_POSTED:erp-eu:S1"], NOW.isoformat())
    return Told(status, happenings, 3, frozenset({"crm", booking.system}))


def test_an_order_that_the_crm_learns_of_is_not_told_anew_under_its_new_name() -> None:
    left = entry(TimelineKind.SHIPMENT_POSTED, key="SHIPMENT_POSTED:erp-eu:S1")
    made = entry(TimelineKind.ORDER_CREATED, EARLIER, "ORDER_CREATED:crm:sale1:sale1", "crm")
    order = replace(seen(made, BOOKED, HELD, left, status=OrderStatus.IN_FULFILLMENT), names=(BOOKING,))

    before = told_before(order, {BOOKING: unlinked(BOOKING, "ORDER_BOOKED", "HOLD_PLACED/CREDIT")})
    kept, events = look(order, before)

    assert kinds(events) == [TimelineKind.ORDER_CREATED, EventKind.STATUS_CHANGED]
    assert events[1].status == StatusChange(
        status=OrderStatus.IN_FULFILLMENT, previous=OrderStatus.BOOKED, cause=TimelineKind.ORDER_CREATED
    )
    assert {(event.order, event.order_names) for event in events} == {(ORDER, (BOOKING,))}
    assert kept is not None
    assert (kept.version, set(kept.happenings)) == (4, {made.key, BOOKED.key, HELD.key, left.key})


def test_a_hold_that_was_told_under_the_old_name_is_released_under_the_new_one() -> None:
    order = replace(seen(BOOKED), names=(BOOKING,))

    before = told_before(order, {BOOKING: unlinked(BOOKING, "ORDER_BOOKED", "HOLD_PLACED/CREDIT")})

    [released] = look(order, before)[1]
    assert released.happening is not None
    assert (released.happening.kind, released.happening.system) == (TimelineKind.HOLD_RELEASED, "erp-eu")
    assert released.order == ORDER


def test_a_part_that_an_order_is_joined_by_brings_what_was_told_of_it() -> None:
    theirs = entry(TimelineKind.ORDER_BOOKED, key="ORDER_BOOKED:crm:sale1:erp-us/90", system="erp-us")
    order = replace(seen(BOOKED, theirs, status=OrderStatus.BOOKED), names=(BOOKING, OTHER))
    mine = known(seen(BOOKED))

    before = told_before(order, {ORDER: mine, OTHER: unlinked(OTHER, "ORDER_BOOKED", status=OrderStatus.ON_HOLD)})

    assert before is not None
    assert (before.status, before.version) == (OrderStatus.BOOKED, 3)
    assert look(order, before)[1] == []


def test_parts_that_stood_differently_have_no_status_together_and_what_nobody_told_of_was_not_told() -> None:
    order = replace(seen(BOOKED), names=(BOOKING, OTHER))
    parts = {
        BOOKING: unlinked(BOOKING, "ORDER_BOOKED"),
        OTHER: unlinked(OTHER, "ORDER_BOOKED", status=OrderStatus.ON_HOLD),
    }

    both = told_before(order, parts)

    assert both is not None
    assert (both.status, both.systems) == (None, frozenset({"crm"}))
    assert told_before(order, {}) is None


def test_what_stands_in_the_books_of_one_company_is_told_to_that_one_and_where_the_order_stands_to_both() -> None:
    theirs = replace(BOOKED, legal_entity="US01")
    order = replace(seen(theirs, SHIPPED), legal_entities=("DE01", "US01"))

    _, events = look(order)

    books = {event.happening.kind if event.happening else event.kind: event.legal_entities for event in events}
    assert books == {
        TimelineKind.ORDER_BOOKED: ("US01",),
        TimelineKind.SHIPMENT_POSTED: ("DE01", "US01"),
        EventKind.STATUS_CHANGED: ("DE01", "US01"),
    }


def test_a_hold_is_released_in_the_books_of_its_booking() -> None:
    order = replace(seen(BOOKED, HELD), legal_entities=("DE01", "US01"), books={BOOKING: "DE01", OTHER: "US01"})

    [released] = look(replace(order, entries=(BOOKED,)), known(order))[1]

    assert released.legal_entities == ("DE01",)


def test_of_an_order_of_which_nobody_knows_whose_it_is_nothing_is_told_and_nothing_is_kept() -> None:
    assert look(replace(seen(BOOKED), whose=None, silent=("crm",))) == (None, [])


def test_whose_an_order_is_is_remembered_while_nobody_can_be_asked() -> None:
    before = known(seen(BOOKED))

    kept, events = look(replace(seen(BOOKED, SHIPPED), whose=None, silent=("crm",)), before)

    assert kinds(events) == [TimelineKind.SHIPMENT_POSTED]
    assert [(event.customer, event.crm_customer) for event in events] == [(Ref("crm", "acc1"), "acc1")]
    assert kept is not None
    assert kept.whose == ACME


def test_what_was_taken_back_and_happened_again_is_told_again_and_once() -> None:
    planned = entry(TimelineKind.SHIPMENT_PLANNED, EARLIER)
    posted = known(seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT))

    reversed_, back = look(seen(BOOKED, planned), posted)
    again, forth = look(seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT), reversed_)
    _, nothing = look(seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT), again)

    assert kinds(back) == [TimelineKind.SHIPMENT_PLANNED, EventKind.STATUS_CHANGED]
    assert kinds(forth) == [TimelineKind.SHIPMENT_POSTED, EventKind.STATUS_CHANGED]
    assert forth[0].key not in {event.key for event in look(seen(BOOKED, SHIPPED))[1]}
    assert nothing == []


def test_what_a_silent_system_does_not_tell_was_not_taken_back() -> None:
    posted = known(seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT))
    meanwhile, _ = look(replace(seen(BOOKED, status=None), silent=("erp-eu",)), posted)

    _, events = look(seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT), meanwhile or posted)

    assert events == []


def test_what_happened_within_the_second_in_which_we_began_to_listen_is_told() -> None:
    began = SINCE.replace(microsecond=800_000)
    reason = Reason({"erp-eu": began}, NOW, lately=True)

    assert look(seen(entry(TimelineKind.ORDER_BOOKED, began.replace(microsecond=0))), reason=reason)[1]
    assert kinds(look(seen(entry(TimelineKind.ORDER_BOOKED, SINCE - timedelta(seconds=1))), reason=reason)[1]) == [
        EventKind.STATUS_CHANGED
    ]


def test_what_a_system_that_was_taken_out_of_the_landscape_has_of_the_past_is_no_news_when_it_comes_back() -> None:
    both, without = LATE, replace(LATE, began={"crm": SINCE})
    shipped = seen(BOOKED, SHIPPED, status=OrderStatus.IN_FULFILLMENT)
    told = look(shipped, None, both)[0]

    out = look(seen(status=OrderStatus.SUBMITTED), told, without)[0]
    back, events = look(shipped, out or told, both)
    _, later = look(shipped, back, both)

    assert kinds(events) == [EventKind.STATUS_CHANGED]
    assert later == []
