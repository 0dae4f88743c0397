"""What people do about exceptions: retry, resolve, assign. What keeps them from it is a problem of the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from canonical.errors import Fault, Mistake
from canonical.integration_exception import Correction, ExceptionAnswer, ExceptionResolution
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of, told
from resolvers.context import Context
from resolvers.own_records import own_key
from resolvers.problems import RejectedError, about, of_store, problem_of
from workflows.exception_desk import ExceptionDesk

Answers = Sequence[ExceptionAnswer]
MOST_ASSIGNED: Final = 100
LONGEST_NOTE: Final = 4000
LONGEST_OWNER: Final = 200


async def retry(
    context: Context,
    parents: Sequence[object],
    _: Wanted,
    id: str,
    corrections: Sequence[Correction],
    note: str | None,
) -> Answers:
    """Run the failed step again under the same key, with the corrections that a person made."""

    async def act(desk: ExceptionDesk) -> ExceptionAnswer:
        key = _key(context, id)
        _check(context, "note", note or "", LONGEST_NOTE, empty=True)
        return await desk.retry(context.principal, key, corrections, note, context.call.correlation_id)

    return [await _acted(context, act)] * len(parents)


async def resolve(
    context: Context, parents: Sequence[object], _: Wanted, id: str, resolution: ExceptionResolution, note: str
) -> Answers:
    """Close it, and say why."""

    async def act(desk: ExceptionDesk) -> ExceptionAnswer:
        key = _key(context, id)
        _check(context, "note", note, LONGEST_NOTE)
        return await desk.resolve(context.principal, key, resolution, note, context.call.correlation_id)

    return [await _acted(context, act)] * len(parents)


async def assign(
    context: Context, parents: Sequence[object], _: Wanted, ids: Sequence[str], owner: str
) -> Sequence[Answers]:
    """Give them to somebody, each for itself; too many are refused together, by one answer."""
    if len(ids) > MOST_ASSIGNED:
        wrong = Mistake("TOO_MANY_IDS", f"{len(ids)} exceptions were named; assign at most {MOST_ASSIGNED} at a time.")
        return [[_answered(context, wrong, "ids")]] * len(parents)

    async def one(place: int, id: str) -> ExceptionAnswer:
        async def act(desk: ExceptionDesk) -> ExceptionAnswer:
            with about(context, "ids", str(place)):
                key = own_key(id, "IntegrationException")
            _check(context, "owner", owner, LONGEST_OWNER)
            [answer] = await desk.assign(context.principal, [key], owner, context.call.correlation_id)
            return answer

        return await _acted(context, act)

    return [[await one(place, name) for place, name in enumerate(ids)]] * len(parents)


async def _acted(context: Context, act: Callable[[ExceptionDesk], Awaitable[ExceptionAnswer]]) -> ExceptionAnswer:
    try:
        require(context.principal, "exceptions:write")
        return await told(context, act(desk_of(context).exceptions))
    except RejectedError as rejected:
        return ExceptionAnswer(integration_exception=None, problems=rejected.problems)
    except Mistake as mistake:
        return _answered(context, mistake)
    except Fault as fault:
        return ExceptionAnswer(integration_exception=None, problems=(of_store(context, fault),))
    finally:
        context.forget()


def _answered(context: Context, mistake: Mistake, *field: str) -> ExceptionAnswer:
    return ExceptionAnswer(integration_exception=None, problems=(problem_of(context, mistake, field),))


def _key(context: Context, id: str) -> str:
    with about(context, "id"):
        return own_key(id, "IntegrationException")


def _check(context: Context, name: str, text: str, longest: int, *, empty: bool = False) -> None:
    with about(context, name):
        if not empty and not text.strip():
            raise Mistake("INVALID_INPUT", f"The {name} is empty.")
        if len(text) > longest:
            raise Mistake("INVALID_INPUT", f"The {name} has more than {longest} characters.")
