"""Carries an effect out, exactly once as far as anybody can know: claim, look, act, and look again.

1. Intent before effect: the row is there before anything is sent.
2. Look before repeat: whoever is not the first looks the reference up before acting; and whoever may not be, since the
   store was restored meanwhile.
3. Settle before look is trusted: a claim is granted only when no earlier attempt can take effect any more, so that what
   is not found then is not there. An attempt may send until its write has taken all its time, and what it sent then
   settles: a claim lasts for both. Once an attempt is over without an answer, it settles from that moment.
4. One writer a reference: the claim is a lease, renewed after a look and before anything is sent.

One hole stays: a process that is frozen between its last look at the clock and the send, for longer than the system's
`settle_seconds`. Only a system that refuses a reference it has seen closes it.
"""

from __future__ import annotations

import logging
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from canonical.errors import Fault, Outcome, OutcomeUnknown, ProblemCategory, Refused, Throttled, Unavailable
from canonical.problem import Problem, of_fault
from sources.kit.call import Call
from workflows import effects
from workflows.announcing import Telling
from workflows.effects import EffectState
from workflows.store.opening import from_json
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

T = TypeVar("T")

SHORT_SETTLE: Final = 20.0
"""A system that settles within so many seconds is waited for; for others the schedule looks again."""
OUR_FAULT: Final = "Revgraph itself failed at this step. Its operators have been told."
_UNKNOWN: Final = "It is not known yet whether an earlier attempt was carried out."
_NOT_YET: Final = "An earlier attempt was not carried out. It is tried again."
MOST_LOST: Final = 8
"""So often an answer may be lost, and not once more: what fails that often will not succeed by itself."""


class FoundTwiceError(Exception):
    """More than one record carries a reference that is given once; only a person can say which is meant."""

    def __init__(self, system: str, sentence: str) -> None:
        """Keep where, and what people are told."""
        super().__init__(sentence)
        self.system, self.sentence = system, sentence


class Writing(Protocol):
    """How one kind of effect is looked up and done in its system."""

    settle_seconds: float
    """After so long a write that was sent has certainly been done or not; 0 for what may be repeated."""

    async def look(self, call: Call) -> Struct | None:
        """What was done under this reference; None where there is nothing. May raise FoundTwiceError."""

    async def act(self, call: Call) -> Struct:
        """Do it, once for this call."""


class Performed(Struct, frozen=True, kw_only=True):
    """What came of it. UNCERTAIN may have been done; PLANNED has not, and may be tried again.

    `answer` is JSON's plain value. `found`: it had been done, although its answer was lost. `again_in`: so many seconds
    later another turn may bring more, and for `patience` seconds in all that is worth while.
    """

    state: EffectState
    answer: Any = None
    problem: Problem | None = None
    attempts: int = 0
    found: bool = False
    again_in: float | None = None
    patience: float = 0.0

    def read(self, kind: type[T]) -> T:
        """The answer; only of what was done."""
        return from_json(self.answer, kind)


class Performance:
    """One worker's try at one effect, in its turn in the queue of its system."""

    def __init__(self, shop: Workshop, told: Telling, writing: Writing) -> None:
        """Nothing is claimed yet."""
        self.shop, self.told, self.writing = shop, told, writing
        self.reference, self.correlation_id = told.effect.reference, told.correlation_id
        self.me, self.attempts, self.wait = "", 0, shop.pace.look_every
        self.problem: Problem | None = None
        # Whether something that was sent may still, or may already, have taken effect.
        self.unsure = False

    async def run(self) -> Performed:
        """Try once. Whatever has to be waited for is waited for elsewhere: this turn is somebody else's meanwhile."""
        ended = await self._once()
        if ended is not None:
            return ended
        patience = self.shop.pace.certain_within
        if self.writing.settle_seconds <= SHORT_SETTLE:
            patience = max(patience, self.writing.settle_seconds * 1.5)
        return replace(await self._leave(), again_in=self.wait, patience=patience)

    async def _once(self) -> Performed | None:
        claimed_at, self.me = self.shop.clock(), uuid4().hex
        async with self.shop.store.transaction() as transaction:
            held = await effects.claim(transaction, self.reference, self.me, self._lease)
        if held.answer is not None:
            return Performed(state=EffectState.DONE, answer=held.answer, attempts=self.attempts, found=True)
        if held.attempt is None:
            self.unsure = True
            return await self._look()
        self.attempts = held.attempt
        if held.attempt > 1 or held.forgotten:
            self.unsure = True
            ended = await self._look(under_claim=True)
            if ended is not None or self.unsure:
                return ended
            # The look may have taken as long as it liked.
            claimed_at = self.shop.clock()
            if not await self._renew():
                # Somebody else may be at it by now.
                self.unsure = True
                return None
        if held.lost >= MOST_LOST:
            return await self._give_up()
        if self.shop.clock() - claimed_at > self.shop.pace.send_within:
            # The lease may end before the system is through with what we would send now.
            await self._release()
            return None
        return await self._act()

    async def _look(self, *, under_claim: bool = False) -> Performed | None:
        """What is there. Under a claim of ours nothing there means nothing done, and then we are sure."""
        try:
            found = await self.writing.look(self._call(self.shop.pace.ask))
        except FoundTwiceError as twice:
            self.problem = self._internal("FOUND_TWICE", twice.sentence, twice.system, ProblemCategory.CONFLICT)
            return await self._leave()
        except Exception as error:  # noqa: BLE001 - whatever keeps us from looking leaves the same doubt
            self.problem = self._problem(error)
            if under_claim:
                await self._release()
            return None
        if found is not None:
            return await self._done(found, found=True)
        self.unsure = self.unsure and not under_claim
        return None

    async def _act(self) -> Performed | None:
        try:
            answer = await self.writing.act(self._call(self.shop.pace.write))
        except (Unavailable, Throttled) as fault:
            self.problem, self.wait = self._problem(fault), fault.retry_after or self.wait
            await self._release()
            return None
        except Refused as fault:
            return await self._refused(self._problem(fault))
        except Exception as error:  # noqa: BLE001 - lost on the way or broken here: either way it may have been done
            self.problem, self.unsure = self._problem(error), True
            async with self.shop.store.transaction() as transaction:
                await effects.count_lost(transaction, self.reference, self.me, self.writing.settle_seconds)
            return await self._look()
        return await self._done(answer)

    async def _refused(self, refusal: Problem) -> Performed | None:
        """A no stands, unless what it conflicts with is this very write, which the network has delivered twice."""
        self.problem = refusal
        if refusal.category is ProblemCategory.CONFLICT:
            ended = await self._look()
            if ended is not None:
                return ended
            if self.problem is not refusal:
                # It could not be looked up.
                self.unsure = True
                return None
        return await self._end(EffectState.REFUSED)

    async def _done(self, answer: Struct, *, found: bool = False) -> Performed:
        async with self.shop.store.transaction() as transaction:
            if await effects.record(transaction, self.reference, answer):
                await self.told.done(transaction, answer, found=found)
        kept = msgspec.to_builtins(answer)
        return Performed(state=EffectState.DONE, answer=kept, attempts=self.attempts, found=found)

    async def _end(self, state: EffectState) -> Performed:
        """It was certainly not done."""
        async with self.shop.store.transaction() as transaction:
            await effects.mark(transaction, self.reference, state)
            await effects.release(transaction, self.reference, self.me)
        return Performed(state=state, problem=self.problem, attempts=self.attempts)

    async def _give_up(self) -> Performed:
        self.problem = self.problem or self._internal(
            "GIVEN_UP",
            f"It was tried {MOST_LOST} times without an answer, and never done.",
            None,
            ProblemCategory.SYSTEM_REFUSED,
        )
        return await self._end(EffectState.REFUSED)

    @property
    def _lease(self) -> float:
        """How long a claim lasts; what may be repeated needs none."""
        settle = self.writing.settle_seconds
        return settle and settle + self.shop.pace.write

    async def _renew(self) -> bool:
        if not self._lease:
            return True
        async with self.shop.store.transaction() as transaction:
            return await effects.renew(transaction, self.reference, self.me, self._lease)

    async def _release(self) -> None:
        async with self.shop.store.transaction() as transaction:
            await effects.release(transaction, self.reference, self.me)

    async def _leave(self) -> Performed:
        """Nobody should wait longer: say what is known, and let the schedule go on from there."""
        state = EffectState.UNCERTAIN if self.unsure else EffectState.PLANNED
        async with self.shop.store.transaction() as transaction:
            await effects.mark(transaction, self.reference, state)
        return Performed(state=state, problem=self._left(), attempts=self.attempts)

    def _left(self) -> Problem:
        problem = self.problem or self._problem(OutcomeUnknown(self.told.effect.system, _UNKNOWN))
        if problem.category is ProblemCategory.CONFLICT:
            return problem
        if self.unsure:
            category, outcome = ProblemCategory.UNCERTAIN_OUTCOME, Outcome.UNCERTAIN
            return replace(problem, code=OutcomeUnknown.code, category=category, outcome=outcome, retryable=False)
        if problem.category is ProblemCategory.UNCERTAIN_OUTCOME:
            # That doubt is over: it was looked for, and nothing is there.
            return replace(self._problem(Unavailable(problem.system or "", _NOT_YET)), detail=problem.detail)
        return problem

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, Fault):
            return of_fault(error, self.correlation_id)
        log.error("%s failed by our own fault", self.reference, exc_info=error)
        told = self._internal("INTERNAL_FAULT", OUR_FAULT, None, ProblemCategory.SYSTEM_REFUSED)
        return replace(told, detail=type(error).__name__)

    def _internal(self, code: str, sentence: str, system: str | None, category: ProblemCategory) -> Problem:
        return Problem(
            code=code, category=category, message=sentence, system=system, correlation_id=self.correlation_id
        )

    def _call(self, seconds: float) -> Call:
        return self.shop.call(self.correlation_id, seconds)
