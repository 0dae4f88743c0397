"""What was changed, asked over HTTP: nothing is missed, and what is told again has the same event id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from canonical.changes import Change, Concept
from canonical.errors import Unavailable
from sources.feeds import PositionLostError
from sources.salesforce import polling
from sources.salesforce.adapter import Salesforce
from sources.salesforce.client import Org
from sources.salesforce.ids import long_id
from sources.salesforce.positions import look_in
from sources.salesforce.settings import settings_of
from sources.salesforce.signing_in import sign_in
from tests.sources.salesforce.asking import ScriptedOrg, Settings, adapter_on, asked, instance_of
from tests.sources.salesforce.conftest import ACCOUNT, BOOK, PUMP_PRICE, QUOTE, Shop

AT = datetime(2026, 11, 26, 10, tzinfo=UTC)


def order(shop: Shop) -> str:
    values = {"AccountId": ACCOUNT, "Pricebook2Id": BOOK, "Status": "Draft", "EffectiveDate": "2026-11-01"}
    return shop.box.make("Order", values)


def line(shop: Shop, of: str) -> str:
    return shop.box.make("OrderItem", {"OrderId": of, "PricebookEntryId": PUMP_PRICE, "Quantity": 2, "UnitPrice": 12.5})


def now(shop: Shop, at: datetime) -> None:
    shop.box.org.store.clock = lambda: at


def told(changes: tuple[Change, ...]) -> list[tuple[Concept, str]]:
    return [(one.concept, one.key) for one in changes]


async def all_behind(crm: Salesforce, position: str) -> list[Change]:
    found: list[Change] = []
    more = True
    while more:
        step = await crm.poll_changes(asked(), position)
        assert step.position
        found, position, more = [*found, *step.changes], step.position, step.more
    return found


async def test_what_was_saved_is_told_the_oldest_first(shop: Shop) -> None:
    crm = shop.open()
    later = datetime.now(UTC) + timedelta(hours=1)
    position = crm.position_at(later)
    now(shop, later)
    made = order(shop)
    now(shop, later + timedelta(seconds=1))
    shop.box.change("Quote", QUOTE, {"Status": "Approved"})
    now(shop, later + timedelta(seconds=2))
    shop.box.change("Account", ACCOUNT, {"Name": "Acme Two"})

    step = await crm.poll_changes(asked(), position)

    assert told(step.changes) == [(Concept.ORDER, made), (Concept.QUOTE, QUOTE), (Concept.CUSTOMER, ACCOUNT)]
    assert [one.changed_at for one in step.changes] == [
        moment.replace(microsecond=0) for moment in (later, later + timedelta(seconds=1), later + timedelta(seconds=2))
    ]
    assert not step.more


AMENDED: Settings = {"contract_amended_at_field": "Amended_At__c"}


@pytest.mark.parametrize("settings, heard", [(AMENDED, True), ({}, False)])
async def test_contracts_are_looked_at_where_they_say_when_they_were_amended(
    shop: Shop, settings: Settings, heard: bool
) -> None:
    contract = shop.box.make("Contract", {"AccountId": ACCOUNT, "ContractTerm": 12, "StartDate": "2026-11-01"})
    crm = shop.open(settings)
    later = datetime.now(UTC) + timedelta(hours=1)
    position = crm.position_at(later)
    now(shop, later)
    shop.box.change("Contract", contract, {"ContractTerm": 24, "Amended_At__c": "2026-11-26T10:00:00Z"})

    calls = len(shop.box.log.asked())
    step = await crm.poll_changes(asked(), position)

    assert told(step.changes) == ([(Concept.CONTRACT, contract)] if heard else [])
    assert len(shop.box.log.asked()) - calls <= 2  # the look, and signing in before it


async def test_a_look_is_one_call(shop: Shop) -> None:
    crm = shop.open()
    order(shop)
    position = crm.position_at(datetime.now(UTC))
    await crm.poll_changes(asked(), position)
    shop.sent()

    await crm.poll_changes(asked(), position)

    assert shop.sent() == ["POST /composite"]


async def test_looks_overlap_and_the_same_save_has_the_same_event_id(shop: Shop) -> None:
    crm = shop.open()
    now(shop, datetime.now(UTC) - timedelta(minutes=1))
    made = order(shop)
    first = await crm.poll_changes(asked(), crm.position_at(datetime.now(UTC)))
    assert first.position
    now(shop, datetime.now(UTC))

    again = await crm.poll_changes(asked(), first.position)
    shop.box.change("Order", made, {"PoNumber": "7"})
    changed = await crm.poll_changes(asked(), first.position)

    ids = {one.event_id for one in first.changes if one.key == made}
    assert {one.event_id for one in again.changes if one.key == made} == ids
    assert {one.event_id for one in changed.changes if one.key == made}.isdisjoint(ids)


async def test_a_transaction_that_took_as_long_as_the_platform_lets_it_is_not_missed(shop: Shop) -> None:
    crm = shop.open()
    begun = datetime.now(UTC)
    step = await crm.poll_changes(asked(), crm.position_at(begun))
    assert step.position
    now(shop, begun - timedelta(minutes=10))
    made = order(shop)

    found = await crm.poll_changes(asked(), step.position)

    assert (Concept.ORDER, made) in told(found.changes)


async def test_what_changed_long_ago_is_not_told_again(shop: Shop) -> None:
    now(shop, datetime.now(UTC) - timedelta(hours=1))
    order(shop)
    crm = shop.open()

    step = await crm.poll_changes(asked(), crm.position_at(datetime.now(UTC)))

    assert told(step.changes) == [(Concept.CUSTOMER, ACCOUNT), (Concept.QUOTE, QUOTE)]


async def test_rows_of_one_instant_are_paged_and_none_is_missed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "ROWS_A_STEP", 3)
    crm = shop.open()
    later = datetime.now(UTC) + timedelta(hours=1)
    now(shop, later)
    made = [order(shop) for _ in range(8)]

    found = await all_behind(crm, crm.position_at(later))

    assert sorted(one.key for one in found if one.concept is Concept.ORDER) == sorted(made)
    assert len({one.event_id for one in found}) == len(found)


async def test_a_look_of_many_steps_begins_the_next_where_it_began_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "ROWS_A_STEP", 2)
    crm = shop.open()
    made = [order(shop) for _ in range(3)]
    step = await crm.poll_changes(asked(), crm.position_at(datetime.now(UTC)))
    assert step.position
    assert step.more
    again = look_in(step.position).again

    last = await crm.poll_changes(asked(), step.position)

    assert last.position
    assert not last.more
    assert {mark.at for mark in look_in(last.position).marks.values()} == {again}
    assert {one.key for one in (*step.changes, *last.changes) if one.concept is Concept.ORDER} == set(made)


async def test_a_line_is_told_as_its_order_and_a_deleted_record_too(shop: Shop) -> None:
    made = order(shop)
    gone = line(shop, made)
    shop.box.remove("OrderItem", gone)
    crm = shop.open()

    step = await crm.poll_changes(asked(), crm.position_at(datetime.now(UTC)))

    lines = [one for one in step.changes if one.event_id.startswith(gone)]
    assert [(one.key, one.order_keys) for one in lines] == [(made, (made,))]


async def test_the_org_s_own_clock_says_how_far_a_look_goes() -> None:
    org = ScriptedOrg({})
    crm = adapter_on(org.answer)

    async def late(request: object) -> object:
        answer = await org.answer(request)  # type: ignore[arg-type]
        answer.headers["Date"] = "Thu, 26 Nov 2026 08:00:00 GMT"
        return answer

    step = await adapter_on(late).poll_changes(asked(), crm.position_at(AT))

    assert step.position
    assert '"Order":["2026-11-26T07:49:00Z",""]' in step.position


class Watched:
    """An org with one order, saved at AT; `at` is when it answers, and a look takes it `takes`."""

    def __init__(self) -> None:
        row = {"Id": long_id("801000000000AAA"), "SystemModstamp": "2026-11-26T10:00:00.000+0000"}
        self._org = ScriptedOrg({"Order": {"totalSize": 1, "done": True, "records": [row]}})
        self.at, self.takes = AT, timedelta()
        self._ours = AT + timedelta(hours=3)
        instance = instance_of("https://acme.my.salesforce.com")
        settings = settings_of(instance)
        org = Org(instance, settings, sign_in(instance, settings), httpx.MockTransport(self._answer))
        self._polling = polling.Polling(org, settings, lambda: self._ours)

    async def look(self, after: float, takes: float = 0) -> str:
        """The event id of the order in a look that is answered so many seconds after its stamp."""
        self.at, self.takes = AT + timedelta(seconds=after), timedelta(seconds=takes)
        (change,) = (await self._polling.poll(asked(), self._polling.position_at(AT))).changes
        return change.event_id

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self._ours += self.takes
        answer = await self._org.answer(request)
        answer.headers["Date"] = format_datetime(self.at, usegmt=True)
        return answer


async def test_a_second_save_within_the_second_of_the_first_is_looked_at_though_a_look_lay_between() -> None:
    org = Watched()

    while_it_lasts, when_it_is_over, settled = [await org.look(after) for after in (0.5, 1.1, 30)]

    assert len({while_it_lasts, when_it_is_over, settled}) == 3


async def test_what_has_settled_is_not_told_anew() -> None:
    org = Watched()

    assert len({await org.look(after) for after in (8, 9, 30, 600)}) == 1


async def test_a_young_record_is_told_a_few_times_however_often_it_is_looked_at() -> None:
    org = Watched()

    assert len({await org.look(tenths / 10) for tenths in range(300)}) == 5


async def test_an_org_that_takes_long_to_answer_looked_at_its_rows_before_that() -> None:
    org = Watched()

    young = await org.look(9, takes=9)

    assert young != await org.look(9)


async def test_an_org_that_cannot_be_asked_leaves_the_position_good(shop: Shop) -> None:
    crm = shop.open()
    position = crm.position_at(datetime.now(UTC))
    made = order(shop)
    shop.fail("status", "composite", status=503)

    with pytest.raises(Unavailable):
        await crm.poll_changes(asked(), position)

    assert (Concept.ORDER, made) in told((await crm.poll_changes(asked(), position)).changes)


@pytest.mark.parametrize("position", ["", "x", '{"marks":{"Order":["yesterday"]}}'])
async def test_a_text_that_is_no_position_is_a_position_lost(shop: Shop, position: str) -> None:
    with pytest.raises(PositionLostError):
        await shop.open().poll_changes(asked(), position)


async def test_the_package_s_quotes_are_told_too(shop: Shop) -> None:
    crm = shop.open({"quote_model": "sbqq"})
    made = shop.box.make("SBQQ__Quote__c", {"SBQQ__Account__c": ACCOUNT})

    step = await crm.poll_changes(asked(), crm.position_at(datetime.now(UTC)))

    assert (Concept.QUOTE, made) in told(step.changes)
