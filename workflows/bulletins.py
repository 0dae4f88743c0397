"""Tells the CRM's own screens where its orders stand: the newest status of each, and no more than the budget allows.

A status that waits takes the place of an older one of its order that waits still. That it was published is written down
afterwards: it may be published twice, always under the same id and version, and is never left out. What it costs is
written down before: each time counts, also where nobody knows whether the CRM took it. Until that is known, it is not
known what the screens show either, and the next status of the order is published whatever it is.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Fault, Outcome, ProblemCategory
from canonical.events import EventKind, Logged
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.problem import Problem
from sources.feeds import Bulletin, BulletinBoard
from workflows import delivery_log
from workflows.bulletin_budget import count_spent, give_back, spend
from workflows.bulletin_rows import BULLETINS, LastTold, Notice, coalesce, last_told, note_unsure
from workflows.cloud_events import lane_of
from workflows.delivering import Pacing
from workflows.delivery_log import DeliveryState, Due
from workflows.exception_queue import Concern, raise_concern, settle_concern
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

MOST: Final = 100
"""Bulletins of one publishing."""
PUBLISH_WITHIN: Final = 10.0
SHORT_AT, EASED_AT = 0.9, 0.8
"""The parts of a day's budget from which on it is sparing, and below which it is not any more."""
SPARING_SECONDS: Final = 600.0
"""What is new of an order waits for so long while the budget is short, so that one bulletin tells of more."""
SILENT_SECONDS: Final = 600.0
"""For so long the CRM may take no bulletin at all until a person is told."""
_BUDGET: Final = "bulletins:budget"
_REFUSED: Final = "bulletins:refused"
_SILENT: Final = "bulletins:silent"
_CATEGORIES: Final = {
    _BUDGET: ProblemCategory.THROTTLED,
    _REFUSED: ProblemCategory.SYSTEM_REFUSED,
    _SILENT: ProblemCategory.SYSTEM_UNAVAILABLE,
}


class Announced(Struct, frozen=True):
    """A bulletin, and the row that it is made of. `unsure`: what the screens show was not known before it, either."""

    due: Due
    bulletin: Bulletin
    unsure: bool


class Bulletins:
    """One worker's part in it; whichever worker comes first does it."""

    def __init__(
        self,
        shop: Workshop,
        me: str,
        board: BulletinBoard,
        pacing: Pacing | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is published yet."""
        self._shop, self._me, self._board = shop, me, board
        self._rules = shop.landscape.events.bulletins
        self._pacing, self._chance = pacing or Pacing(), chance
        # None: not known yet whether the budget is short.
        self._short: bool | None = None
        # Publishings in a row that failed, and how many bulletins the next may have: one, where the last one failed,
        # since a CRM that takes bulletins and does not say so would cost the whole day's budget for nothing.
        self._failures, self._at_once = 0, MOST
        self._rest_until = 0.0
        self._silent_since: float | None = None
        # None: not known yet whether a person was told that the CRM takes nothing.
        self._silent: bool | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop; whatever goes wrong is told, and the next turn comes."""
        while not stop.is_set():
            try:
                pause = await self.turn()
            except Exception:
                log.exception("A turn of the bulletins failed; the next one comes")
                pause = max(1.0, self._pacing.look_every)
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                continue

    async def turn(self) -> float:
        """Look at what is new, and publish what is due; how many seconds to wait then."""
        pacing = self._pacing
        async with self._shop.store.transaction() as transaction:
            position = await delivery_log.hold(transaction, BULLETINS, self._me, pacing.held_for)
            if position is None:
                return pacing.look_every
            used = await count_spent(transaction)
            await self._watch(transaction, used)
            more = await self._look(transaction, position)
            most = min(self._at_once, self._rules.a_day - used) if self._shop.clock() >= self._rest_until else 0
            due = await self._due(transaction, most) if most > 0 else []
            spent = await spend(transaction, len(due), PUBLISH_WITHIN + pacing.margin) if due else 0
        if due:
            await self._publish(due, spent)
        return 0.0 if more or len(due) == most > 0 else pacing.look_every

    async def _look(self, transaction: AsyncConnection, position: int) -> bool:
        """Keep the newest status of each order of the next page; whether there is more to read at once."""
        page = await delivery_log.next_page(transaction, position)
        if page.position == position:
            return False
        notices: dict[str, Notice] = {}
        for logged in page.events:
            if self._is_of_the_crm(logged):
                notice = _notice(logged)
                before = notices.get(notice.lane)
                notices[notice.lane] = msgspec.structs.replace(notice, previous=before.previous) if before else notice
        await coalesce(transaction, list(notices.values()), self._rules.statuses, self._wait)
        await delivery_log.move(transaction, BULLETINS, page.position)
        return page.more

    def _is_of_the_crm(self, logged: Logged) -> bool:
        event, landscape = logged.event, self._shop.landscape
        mine = event.kind is EventKind.STATUS_CHANGED and event.tenant == landscape.tenant
        return mine and event.order is not None and event.order.system == landscape.crm

    def _wait(self, last: LastTold | None) -> float:
        """Seconds that an order's status waits for newer ones: none, where nothing was published of it lately."""
        if self._short:
            return max(SPARING_SECONDS, self._rules.coalesce_seconds)
        return max(0.0, self._rules.coalesce_seconds - last.age) if last else 0.0

    async def _due(self, transaction: AsyncConnection, most: int) -> list[Announced]:
        """What is to be published now; a status that the screens certainly show already is passed over."""
        seconds = PUBLISH_WITHIN + self._pacing.margin
        taken = await delivery_log.take_due(transaction, BULLETINS, most, seconds)
        last = await last_told(transaction, [due.lane for due in taken])
        found: list[Announced] = []
        for due in taken:
            notice, told = msgspec.convert(due.body, Notice), last.get(due.lane)
            if told is not None and told.status is notice.status and not notice.unsure:
                await delivery_log.end(transaction, due, DeliveryState.PASSED)
            else:
                found.append(Announced(due, _bulletin(due, notice, told), notice.unsure))
        await note_unsure(transaction, [one.due for one in found], unsure=True)
        return found

    async def _publish(self, announced: Sequence[Announced], spent: int) -> None:
        call = self._shop.call("bulletins", PUBLISH_WITHIN)
        try:
            refused = await self._board.publish(call, [one.bulletin for one in announced])
        except Fault as fault:
            await self._later(announced, spent, fault)
            return
        self._failures, self._at_once = 0, min(MOST, 2 * self._at_once)
        async with self._shop.store.transaction() as transaction:
            for one in announced:
                if one.bulletin.id not in refused:
                    await delivery_log.end(transaction, one.due, DeliveryState.TAKEN, keep=True)
            await _not_taken(transaction, spent, [one for one in announced if one.bulletin.id in refused])
            await self._lay_aside(transaction, announced, refused)
            if self._silent is not False:
                await settle_concern(transaction, self._shop.landscape.tenant, _SILENT)
            if any(one.due.failed for one in announced) and not await delivery_log.count_dead(transaction, BULLETINS):
                await settle_concern(transaction, self._shop.landscape.tenant, _REFUSED)
        self._silent_since, self._silent = None, False

    async def _later(self, announced: Sequence[Announced], spent: int, fault: Fault) -> None:
        """Let them wait the longer, the longer the CRM takes nothing: what is new among them shortens no wait."""
        self._failures, self._at_once = self._failures + 1, 1
        wait = self._pacing.wait(self._failures, self._chance(), fault.retry_after)
        self._rest_until = self._shop.clock() + wait
        log.warning("%d bulletins could not be published: %s", len(announced), fault.sentence)
        async with self._shop.store.transaction() as transaction:
            if fault.outcome is Outcome.NOT_APPLIED:
                await _not_taken(transaction, spent, announced)
            for one in announced:
                await delivery_log.later(transaction, one.due, wait, fault.sentence)
            told = await self._tell_silence(transaction, fault)
        # Only once it is written down: what is rolled back was told to nobody.
        self._silent = self._silent or told

    async def _tell_silence(self, transaction: AsyncConnection, fault: Fault) -> bool:
        """Tell a person once, where the CRM has taken nothing for long; whether that is told."""
        now, crm = self._shop.clock(), self._shop.landscape.crm
        since = self._silent_since = now if self._silent_since is None else self._silent_since
        if now - since < SILENT_SECONDS or self._silent:
            return bool(self._silent)
        sentence = (
            f"{crm} has taken no bulletin for {round((now - since) / 60)} minutes; its screens show old statuses."
        )
        action = "Look at the connection and the rights of its user. What waits is published by itself once it can be."
        await self._tell(transaction, _SILENT, "The CRM takes no bulletins", sentence, action, fault.sentence)
        return True

    async def _lay_aside(
        self, transaction: AsyncConnection, announced: Sequence[Announced], refused: Mapping[str, str]
    ) -> None:
        """What the CRM refused is not published again by itself: a person is told."""
        gone = [(one, refused[one.bulletin.id]) for one in announced if one.bulletin.id in refused]
        for one, why in gone:
            log.error("The bulletin of order %s was refused: %s", one.bulletin.order_key, why)
            await delivery_log.end(transaction, one.due, DeliveryState.DEAD, why[:200], keep=True)
        if gone:
            sentence = f"{self._shop.landscape.crm} refused bulletins, so that its screens may show an old status."
            action = "Look at the event's fields and rights in the CRM; the next status of an order is published anew."
            await self._tell(transaction, _REFUSED, "The CRM refuses bulletins", sentence, action, gone[-1][1])

    async def _watch(self, transaction: AsyncConnection, used: int) -> None:
        """Become sparing where the day's budget runs short, and tell so once; be generous again when it does not."""
        part = used / self._rules.a_day
        if part >= SHORT_AT and not self._short:
            self._short = True
            sentence = f"{used} of {self._rules.a_day} bulletins of 24 hours are used: fewer are published from now on."
            log.warning("%s", sentence)
            action = "Nothing, if that is rare. Else raise a_day of [bulletins] or tell of fewer statuses."
            await self._tell(transaction, _BUDGET, "The budget of bulletins runs short", sentence, action, None)
        elif part < EASED_AT and self._short is not False:
            self._short = False
            await settle_concern(transaction, self._shop.landscape.tenant, _BUDGET)

    async def _tell(
        self, transaction: AsyncConnection, place: str, title: str, sentence: str, action: str, detail: str | None
    ) -> None:
        landscape = self._shop.landscape
        problem = Problem(
            code="BULLETINS_HELD_BACK",
            category=_CATEGORIES[place],
            message=sentence,
            system=landscape.crm,
            outcome=Outcome.NOT_APPLIED,
            detail=detail,
        )
        await raise_concern(
            transaction, landscape.tenant, landscape.rules, Concern(place, problem, title, action, place)
        )


async def _not_taken(transaction: AsyncConnection, spent: int, announced: Sequence[Announced]) -> None:
    """The CRM certainly took none of these: they cost nothing, and what the screens show is as well known as before."""
    await give_back(transaction, spent, len(announced))
    await note_unsure(transaction, [one.due for one in announced if not one.unsure], unsure=False)


def _notice(logged: Logged) -> Notice:
    event = logged.event
    if event.order is None or event.status is None:
        raise ValueError(f"{event.key} is no change of an order's status")
    return Notice(
        event_key=event.key,
        position=logged.cursor.position,
        lane=lane_of(event),
        order_key=event.order.key,
        order_id=global_id("Order", event.order),
        status=event.status.status,
        previous=event.status.previous,
        at=event.at,
        cursor=str(logged.cursor),
    )


def _bulletin(due: Due, notice: Notice, told: LastTold | None) -> Bulletin:
    previous: OrderStatus | None = (told.status if told else None) or notice.previous
    return Bulletin(
        id=notice.id,
        order_key=notice.order_key,
        order_id=notice.order_id,
        status=notice.status,
        # The same only where it is not known what was shown in between.
        previous=previous if previous is not notice.status else None,
        version=due.position,
        at=notice.at,
        cursor=notice.cursor,
    )
