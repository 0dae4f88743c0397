"""One round of one submission: its steps, each done once and told, and its end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from canonical.errors import Fault, Mistake, Outcome, ProblemCategory, Throttled, Unavailable
from canonical.problem import Problem, of_fault, of_mistake
from canonical.submission import StepState, SubmissionState
from sources.kit.call import Call
from workflows import effects, exception_queue, journal, ledger
from workflows.durable import Started, queue_of
from workflows.effects import Effect, EffectKind, EffectState
from workflows.exception_queue import Cause
from workflows.journal import Place
from workflows.ledger import Taken
from workflows.performing import OUR_FAULT, Performed
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

T = TypeVar("T")

CARRY_OUT = "carry_out"
"""The workflow that carries one effect out, in the queue of its system."""
LONGEST_WAIT: Final = 10.0
"""Seconds between two turns, unless the system itself asks for more."""
_OPEN: Final = (EffectState.PLANNED, EffectState.UNCERTAIN)
_TO_ORDERS: Final = (
    EffectKind.BOOK_ORDER,
    EffectKind.AMEND_ORDER,
    EffectKind.UNDO_AMENDMENT,
    EffectKind.CANCEL_ORDER,
)


class Ending(Struct, frozen=True, kw_only=True):
    """Where a round leaves its submission. `causes` are put before people; `resume_in` seconds it is taken up again."""

    state: SubmissionState
    problems: tuple[Problem, ...] = ()
    causes: tuple[Cause, ...] = ()
    resume_in: float | None = None


class StoppedError(Exception):
    """The round goes no further; `ending` says where that leaves the submission."""

    def __init__(self, ending: Ending) -> None:
        """Keep the ending."""
        super().__init__(ending.state.value)
        self.ending = ending


class Kept(Struct, frozen=True):
    """What a step came to: a value in JSON, or the problem that kept it from one."""

    value: Raw = Raw(b"null")
    problem: Problem | None = None
    attempts: int = 1


class Round:
    """A submission in a worker's hands."""

    def __init__(self, shop: Workshop, taken: Taken) -> None:
        """Nothing is done yet."""
        self.shop, self.taken = shop, taken

    async def step(
        self, place: Place, kind: type[T], work: Callable[[Call], Awaitable[T]], say: Callable[[T], str]
    ) -> T:
        """The value of the work, tried a few times where a system is away; StoppedError where it comes to none."""
        await self._journal(lambda transaction: journal.begin(transaction, self.taken, place))
        kept = await self.shop.durable.step(place.key, Kept, lambda: self._try(work))
        if kept.problem is not None:
            await self.tell(place, StepState.FAILED, kept.problem.message, kept.attempts)
            raise StoppedError(self.ending_of(place, kept.problem))
        value = msgspec.json.decode(kept.value, type=kind)
        await self.tell(place, StepState.DONE, say(value), kept.attempts)
        return value

    async def effect(self, place: Place, effect: Effect) -> Performed:
        """Let an effect that is planned be carried out, in its turn in its system's queue, and say what came of it.

        What cannot be certain yet is looked at again in another turn, later and later, until that takes longer than
        anybody should wait; the schedule goes on from there. Nothing is held meanwhile that others need.
        """
        await self._journal(lambda transaction: journal.begin(transaction, self.taken, place))
        turn, waited, attempts = 0, 0.0, 0
        while True:
            done = await self._turn(effect, turn)
            attempts = max(attempts, done.attempts)
            asked = done.again_in or 0.0
            wait = max(asked, min(asked * 2**turn, LONGEST_WAIT))
            if done.again_in is None or waited + wait > done.patience:
                return replace(done, attempts=attempts, again_in=None)
            await self.shop.durable.sleep(wait)
            turn, waited = turn + 1, waited + wait

    async def _turn(self, effect: Effect, turn: int) -> Performed:
        name = f"{self.taken.id}:{self.taken.round}:{effect.reference}"
        started = Started(CARRY_OUT, f"{name}:{turn}" if turn else name, effect.reference)
        return await self.shop.durable.through_queue(queue_of(effect.system), started, self.taken.urgency, Performed)

    async def tell(self, place: Place, state: StepState, message: str, attempts: int | None = None) -> None:
        """Show what came of a step."""
        await self._journal(lambda to: journal.end(to, self.taken, place, state, message, attempts))

    async def tell_of(self, place: Place, state: StepState, message: str) -> None:
        """Show a step that was not begun at all."""
        await self._journal(lambda transaction: journal.begin(transaction, self.taken, place))
        await self.tell(place, state, message)

    async def expect(self, *places: Place) -> None:
        """Show what is still to come."""
        await self._journal(lambda transaction: journal.expect(transaction, self.taken, list(places)))

    async def plan(self, *planned: Effect) -> None:
        """Write down what is going to be done."""
        async with self.shop.store.transaction() as transaction:
            await effects.plan(transaction, planned)

    async def held(self, kind: EffectKind) -> list[Effect]:
        """What had been planned and done when this round began, what was taken back too; the same in every run."""

        async def read() -> list[Effect]:
            async with self.shop.store.transaction() as transaction:
                held = await effects.all_effects_of(transaction, self.taken.id)
            return [effect for effect in held if effect.kind is kind]

        return await self.shop.durable.step(f"held {kind.value}", list[Effect], read)

    def ending_of(self, place: Place, problem: Problem, subject: exception_queue.Subject = None) -> Ending:
        """Where a problem leaves a submission that nothing was done for: waiting for a system, refused, or given up."""
        problem = self.of(problem)
        if not problem.retryable and not problem.field:
            problem = replace(problem, field=place.field)
        cause = Cause(place=place.key, problem=problem, subject=subject)
        if not problem.retryable or self.taken.age_hours > self.shop.landscape.rules.orders.give_up_hours:
            gone = SubmissionState.FAILED if problem.retryable else SubmissionState.REFUSED
            return Ending(state=gone, problems=(problem,), causes=(cause,))
        resume_in = max(self.shop.pace.resume_after, float(problem.retry_after_seconds or 0))
        waiting = replace(problem, blocking=False)
        return Ending(state=SubmissionState.IN_PROGRESS, problems=(waiting,), causes=(cause,), resume_in=resume_in)

    def refused(self, place: Place, problems: Sequence[Problem]) -> StoppedError:
        """The round's end where a person has to mend something."""
        told = tuple(self.of(problem) for problem in problems)
        causes = tuple(Cause(place=f"{place.key}:{number}", problem=one) for number, one in enumerate(told))
        return StoppedError(Ending(state=SubmissionState.REFUSED, problems=told, causes=causes))

    def of(self, problem: Problem) -> Problem:
        """The problem as one of this submission."""
        return replace(problem, correlation_id=self.taken.correlation_id)

    def internal(self, detail: str | None = None) -> Problem:
        """That we failed ourselves."""
        return Problem(
            code="INTERNAL_FAULT",
            category=ProblemCategory.SYSTEM_REFUSED,
            message=OUR_FAULT,
            correlation_id=self.taken.correlation_id,
            detail=detail,
        )

    async def _try(self, work: Callable[[Call], Awaitable[T]]) -> Kept:
        pace, wait, attempt = self.shop.pace, self.shop.pace.first_wait, 0
        while True:
            attempt += 1
            try:
                value = await work(self.shop.call(self.taken.correlation_id, pace.ask, self.taken.urgency))
                return Kept(Raw(msgspec.json.encode(value)), attempts=attempt)
            except (Unavailable, Throttled) as fault:
                wait = fault.retry_after or wait * 2
                if attempt >= pace.attempts or wait > pace.longest_wait:
                    return Kept(problem=of_fault(fault, self.taken.correlation_id), attempts=attempt)
            except Fault as fault:
                return Kept(problem=of_fault(fault, self.taken.correlation_id), attempts=attempt)
            except Mistake as mistake:
                return Kept(problem=of_mistake(mistake, self.taken.correlation_id), attempts=attempt)
            await self.shop.sleep(wait)

    async def _journal(self, write: Callable[[ledger.Connection], Awaitable[None]]) -> None:
        async with self.shop.store.transaction() as transaction:
            await write(transaction)

    async def end(self, ending: Ending) -> None:
        """Leave the submission where the ending says, once: whoever comes here again changes nothing."""
        async with self.shop.store.transaction() as transaction:
            moved = await ledger.move(
                transaction, self.taken, ending.state, ending.problems, resume_in=ending.resume_in
            )
            if moved is None:
                return
            # Whose books it is in may have become known in this round: an exception belongs to those who see them.
            self.taken = moved
            for cause in ending.causes:
                await exception_queue.raise_exception(transaction, self.taken, self.shop.landscape.rules, cause)
            # What an earlier round was stopped by, and this one was not, is over.
            await exception_queue.settle_exceptions(transaction, self.taken, [c.place for c in ending.causes])
            if ending.resume_in is None:
                await journal.drop_waiting(transaction, self.taken)


async def run_round(shop: Workshop, argument: str, body: Callable[[Round], Awaitable[Ending]]) -> None:
    """Take the submission up, do what its workflow says, and leave it somewhere, whatever happens.

    `argument` is the submission's id and the round's number. A round that is over is not run again.
    """
    id, _, number = argument.rpartition(":")  # noqa: A001 - the submission's
    async with shop.store.transaction() as transaction:
        taken = await ledger.take(transaction, id)
    if taken is None or taken.round != int(number):
        return
    round_ = Round(shop, taken)
    try:
        ending = await body(round_)
    except StoppedError as stopped:
        ending = stopped.ending
    except (DBAPIError, NoConnectionError, OSError):
        raise  # the store is away or busy: nothing can be told now, and the upkeep finds it (workflows/upkeep.py)
    except Exception as error:
        log.error("Submission %s failed by our own fault", id, exc_info=error)  # noqa: TRY400 - with its traceback
        ending = await failure(round_, type(error).__name__)
    await round_.end(ending)


async def failure(round_: Round, detail: str) -> Ending:
    """Where a fault of our own leaves a submission: failed, or uncertain where something was or may have been written.

    What is uncertain is taken up again, and goes on from what is done.
    """
    async with round_.shop.store.transaction() as transaction:
        held = await effects.all_effects_of(transaction, round_.taken.id)
    unsure = any(
        e.state is EffectState.UNCERTAIN
        or (e.attempt and (e.state in _OPEN or (e.state is EffectState.DONE and e.kind in _TO_ORDERS)))
        for e in held
    )
    problem = replace(round_.internal(detail), outcome=Outcome.UNCERTAIN if unsure else Outcome.NOT_APPLIED)
    state = SubmissionState.UNCERTAIN if unsure else SubmissionState.FAILED
    resume_in = round_.shop.pace.resume_after if unsure else None
    return Ending(
        state=state, problems=(problem,), causes=(Cause(place="workflow", problem=problem),), resume_in=resume_in
    )
