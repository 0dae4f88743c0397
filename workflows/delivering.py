"""Sends events to the programs outside that the landscape names, each receiver by one worker at a time.

What a receiver is to be sent is written down together with how far the log was read for it, in one transaction: nothing
is left out whoever dies. It is sent at least once, always under the same id. Of one order nothing overtakes what was
not taken yet; other orders go on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Outcome, ProblemCategory
from canonical.events import Logged
from canonical.problem import Problem
from sources.landscape_events import Receiver
from workflows import delivery_log
from workflows.cloud_events import TOLD, cloud_event, delivery_id, lane_of, type_of
from workflows.delivery_log import DeliveryState, Due, Outgoing, Page
from workflows.exception_queue import Concern, raise_concern, settle_concern
from workflows.listening import Interest
from workflows.posting import AT_ONCE, Answer, Post, open_post
from workflows.workshop import Workshop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How it is sent, in seconds. A wait doubles from `first_wait`; half of each is chance.

    `held_for`: until a receiver of a dead worker is anybody's. `margin`: what a request may outlive its own time limit.
    `most_waiting`: events that may wait for one receiver; the others wait in the log.
    """

    look_every: float = 0.5
    held_for: float = 15.0
    first_wait: float = 1.0
    longest_wait: float = 300.0
    margin: float = 5.0
    leave_within: float = 5.0
    most_waiting: int = 10_000

    def wait(self, attempts: int, chance: float, asked: float | None) -> float:
        """Seconds until the next attempt; no shorter than what the receiver asked for."""
        usual = min(self.longest_wait, self.first_wait * 2.0 ** min(attempts - 1, 20))
        return max(usual * (0.5 + 0.5 * chance), asked or 0.0)


class Delivering:
    """One worker's part in one receiver."""

    def __init__(
        self,
        shop: Workshop,
        me: str,
        receiver: Receiver,
        pacing: Pacing | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is sent yet."""
        self._shop, self._me, self._receiver = shop, me, receiver
        self._pacing, self._chance = pacing or Pacing(), chance
        self._interest = Interest(kinds=TOLD, happenings=receiver.kinds, legal_entities=receiver.legal_entities)
        self._sending: set[asyncio.Task[None]] = set()
        # The orders of which something was not taken since the last that was; while there are any, one goes at a time.
        self._failing: set[str] = set()
        # Until when it is left alone: because it asked for that, and because it takes nothing.
        self._rest_until = self._away_until = 0.0
        # One note at a time: the store has few connections, and others need them too.
        self._noting = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; what is under way then has a moment to end."""
        async with open_post(self._receiver) as post, asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(_until(stop))
            while not stop.is_set():
                pause = await self._guarded(post, tasks)
                await asyncio.wait({stopping, *self._sending}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            if self._sending:
                _, late = await asyncio.wait(self._sending, timeout=self._pacing.leave_within)
                for task in late:
                    task.cancel()

    async def _guarded(self, post: Post, tasks: asyncio.TaskGroup) -> float:
        """A turn, and how long to wait for the next; whatever goes wrong is told, and the next one comes."""
        try:
            return await self._turn(post, tasks)
        except Exception:
            log.exception("A turn of the receiver %s failed; the next one comes", self._receiver.name)
            return max(1.0, self._pacing.look_every)

    async def _turn(self, post: Post, tasks: asyncio.TaskGroup) -> float:
        name, pacing = self._receiver.name, self._pacing
        free = self._free()
        async with self._shop.store.transaction() as transaction:
            position = await delivery_log.hold(transaction, name, self._me, pacing.held_for)
            if position is None:
                return pacing.look_every
            more = await self._write_out(transaction, position)
            seconds = self._receiver.timeout_seconds + pacing.margin
            due = await delivery_log.take_due(transaction, name, free, seconds) if free > 0 else []
        for one in due:
            task = tasks.create_task(self._send(post, one))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return 0.0 if more else pacing.look_every

    def _free(self) -> int:
        """How many more may be sent at once."""
        if self._shop.clock() < max(self._rest_until, self._away_until):
            return 0
        return (1 if self._failing else AT_ONCE) - len(self._sending)

    async def _write_out(self, transaction: AsyncConnection, position: int) -> bool:
        """Write down what of the next page the receiver wants; whether there is more to read at once."""
        name, most = self._receiver.name, self._pacing.most_waiting
        if await delivery_log.count_waiting(transaction, name, most) >= most:
            return False
        page = await delivery_log.next_page(transaction, position)
        if page.position == position:
            return False
        await delivery_log.write_out(transaction, [self._outgoing(one) for one in page.events if self._wants(one)])
        await delivery_log.move(transaction, name, page.position)
        if page.lost:
            await self._tell_lost(transaction, page)
        return page.more

    def _wants(self, logged: Logged) -> bool:
        return logged.event.tenant == self._shop.landscape.tenant and self._interest.fits(logged.event)

    def _outgoing(self, logged: Logged) -> Outgoing:
        event = logged.event
        return Outgoing(
            receiver=self._receiver.name,
            position=logged.cursor.position,
            lane=lane_of(event),
            kind=type_of(event),
            event_id=delivery_id(event),
            body=cloud_event(logged),
        )

    async def _send(self, post: Post, due: Due) -> None:
        """Send one, and write down what became of it. Where that cannot be written, it is sent once more."""
        began = self._shop.clock()
        try:
            answer = await post.send(due.body)
            self._judge(due, answer, began)
            async with self._noting, self._shop.store.transaction() as transaction:
                await self._settle(transaction, due, answer)
        except Exception:
            log.exception("What became of an event for %s is not known; it is sent again", self._receiver.name)

    async def _settle(self, transaction: AsyncConnection, due: Due, answer: Answer) -> None:
        if answer.taken:
            await delivery_log.end(transaction, due, DeliveryState.TAKEN, answer.words)
            if due.failed:
                await settle_dead(transaction, self._shop.landscape.tenant, self._receiver.name)
        elif answer.hopeless or due.age >= self._receiver.give_up_hours * 3600:
            await self._lay_aside(transaction, due, answer)
        else:
            wait = self._pacing.wait(due.attempts, self._chance(), answer.retry_after)
            if answer.retry_after is not None:
                # It asked to be left alone, not only with this one.
                self._rest_until = max(self._rest_until, self._shop.clock() + answer.retry_after)
            log.warning("%s did not take %s: %s", self._receiver.name, due.kind, answer.words)
            await delivery_log.later(transaction, due, wait, answer.words)

    def _judge(self, due: Due, answer: Answer, began: float) -> None:
        """Leave a receiver alone that takes nothing, whatever is new: the longer, the more orders found it so.

        One order alone says nothing about the receiver: it waits for its own turn, and the others go on. Those that
        were under way together found the same, and count once.
        """
        if answer.taken or answer.hopeless:
            self._failing.clear()
            self._away_until = 0.0
        elif began >= self._away_until:
            self._failing.add(due.lane)
            if len(self._failing) > 1:
                self._away_until = self._shop.clock() + self._pacing.wait(len(self._failing) - 1, self._chance(), None)

    async def _lay_aside(self, transaction: AsyncConnection, due: Due, answer: Answer) -> None:
        """A dead letter: a person is told, and what comes behind it goes on."""
        name = self._receiver.name
        await delivery_log.end(transaction, due, DeliveryState.DEAD, answer.words, keep=True)
        count = await delivery_log.count_dead(transaction, name)
        log.error("%s did not take %s, which is laid aside: %s", name, due.kind, answer.words)
        what = "1 event was" if count == 1 else f"{count} events were"
        sentence = f"{what} laid aside, since {name} did not take them. The last is a {due.kind}."
        action = f"Mend the receiver, and run `revgraph deliveries retry --all-dead --receiver {name}`."
        await self._tell(transaction, dead_letters(name), "A receiver does not take events", sentence, action, answer)

    async def _tell_lost(self, transaction: AsyncConnection, page: Page) -> None:
        name = self._receiver.name
        what = "1 event" if page.lost == 1 else f"{page.lost} events"
        sentence = f"{what} could not be kept for {name}: dropped from the log before, or of a newer version than ours."
        log.error("%s", sentence)
        action = "Let the receiver read what it needs once more from the graph, and raise keep_days of [events]."
        place, title = f"receiver:{name}:lost", "A receiver was left behind by the log"
        await self._tell(transaction, place, title, sentence, action, None)

    async def _tell(
        self,
        transaction: AsyncConnection,
        place: str,
        title: str,
        sentence: str,
        action: str,
        answer: Answer | None,
    ) -> None:
        problem = Problem(
            code="DELIVERY_FAILED",
            category=ProblemCategory.SYSTEM_UNAVAILABLE,
            message=sentence,
            system=self._receiver.name,
            outcome=Outcome.NOT_APPLIED,
            detail=answer.words if answer else None,
        )
        landscape = self._shop.landscape
        await raise_concern(
            transaction, landscape.tenant, landscape.rules, Concern(place, problem, title, action, place)
        )


def dead_letters(receiver: str) -> str:
    """The place of the exception that tells of a receiver's dead letters."""
    return f"receiver:{receiver}"


async def settle_dead(transaction: AsyncConnection, tenant: str, receiver: str) -> None:
    """Close the exception of a receiver that has no dead letter any more."""
    if not await delivery_log.count_dead(transaction, receiver):
        await settle_concern(transaction, tenant, dead_letters(receiver))


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
