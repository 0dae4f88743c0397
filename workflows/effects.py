"""What is written to systems: planned before it is done, under one reference each, by one writer at a time.

The row of an effect is its plan, its lease and its answer. A claim is granted once no earlier attempt can take effect
any more (`not_before`), so that a lookup under a granted claim is final: what it does not find is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, TypeVar

from msgspec import Struct
from sqlalchemy import Row, and_, bindparam, delete, null, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from workflows.store import tables
from workflows.store.opening import from_json

T = TypeVar("T")


class EffectKind(Enum):
    """What is done to a system."""

    BOOK_ORDER = "BOOK_ORDER"
    AMEND_ORDER = "AMEND_ORDER"
    UNDO_AMENDMENT = "UNDO_AMENDMENT"
    CANCEL_ORDER = "CANCEL_ORDER"
    CREATE_CUSTOMER = "CREATE_CUSTOMER"
    REGISTER_ORDER = "REGISTER_ORDER"
    WRITE_BACK = "WRITE_BACK"
    WRITE_BACK_CUSTOMER = "WRITE_BACK_CUSTOMER"


class EffectState(Enum):
    """Where it stands; CANCELLED was done and taken back. PLANNED has certainly not been done."""

    PLANNED = "PLANNED"
    DONE = "DONE"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"
    CANCELLED = "CANCELLED"


class Effect(Struct, frozen=True, kw_only=True):
    """One effect. `request` and `answer` are JSON's plain values; `read` makes them what they are."""

    reference: str
    submission_id: str | None
    kind: EffectKind
    system: str
    state: EffectState = EffectState.PLANNED
    leg: int = 0
    legal_entity: str | None = None
    request: Any = None
    attempt: int = 0
    answer: Any = None

    def read_request(self, kind: type[T]) -> T:
        """What is asked of the system."""
        return self.request if isinstance(self.request, kind) else from_json(self.request, kind)

    def read_answer(self, kind: type[T]) -> T:
        """What the system answered; only of what was done."""
        return self.answer if isinstance(self.answer, kind) else from_json(self.answer, kind)


class Claim(Struct, frozen=True):
    """What became of a claim: granted with the number of the attempt, or not yet, or answered already.

    `lost`: how many attempts before it ended without an answer. `forgotten`: there may have been some of which the
    store knows nothing, since it was restored after the submission.
    """

    attempt: int | None
    lost: int = 0
    answer: Any = None
    forgotten: bool = False


# Of what was submitted before the store came back from a backup, or from a standby that lacked some of it, attempts may
# be forgotten; they may have been sent up to that moment, and settle from there. What was claimed since is known.
_CLAIM = text(
    "with doubt as (select l.renewed_at from event_log l, effect e join submission s on s.id = e.submission_id"
    " where e.reference = :reference and s.submitted_at < l.renewed_at)"
    " update effect set attempt = attempt + 1, holder = :me, first_at = coalesce(first_at, clock_timestamp()),"
    " not_before = clock_timestamp() + make_interval(secs => :settle)"
    " where reference = :reference and answer is null and not_before < clock_timestamp()"
    " and not exists (select 1 from doubt where (attempt = 0 or not_before <= renewed_at)"
    " and renewed_at + make_interval(secs => :settle) > clock_timestamp())"
    " returning attempt, lost, exists (select 1 from doubt) as forgotten"
)
_FORGOTTEN = text(
    "select exists (select 1 from submission s, event_log l where s.id = :id and s.submitted_at < l.renewed_at)"
)
_SETTLING = text(
    "select e.reference, e.system, e.not_before < clock_timestamp() as over,"
    " extract(epoch from clock_timestamp() - l.renewed_at)::float8 as since_renewal"
    " from effect e left join submission s on s.id = e.submission_id left join event_log l"
    " on s.submitted_at < l.renewed_at and (e.attempt = 0 or e.not_before <= l.renewed_at)"
    " where e.reference = any(:references)"
)
_RELEASE = text(
    "update effect set not_before = clock_timestamp() where reference = :reference and holder = :me and answer is null"
)
_RENEW = text(
    "update effect set not_before = clock_timestamp() + make_interval(secs => :settle) where reference = :reference"
    " and holder = :me and answer is null and not_before > clock_timestamp()"
)
_LOST = text(
    "update effect set lost = lost + 1, not_before = case when holder = :me then clock_timestamp()"
    " + make_interval(secs => :settle) else not_before end where reference = :reference"
)
_ANSWER = text(
    "update effect set state = 'DONE', answer = :answer, answered_at = clock_timestamp()"
    " where reference = :reference and answer is null"
).bindparams(bindparam("answer", type_=JSONB))
_NOT_DONE: Final = (EffectState.PLANNED.value, EffectState.REFUSED.value)
_COLUMNS: Final = [tables.effect.c[name] for name in Effect.__struct_fields__]


async def plan(connection: AsyncConnection, effects: Sequence[Effect]) -> None:
    """Write down what is going to be done. One that is certainly not done yet may be planned anew; others stay."""
    for effect in effects:
        row = {name: getattr(effect, name) for name in Effect.__struct_fields__ if name not in ("attempt", "answer")}
        stated = insert(tables.effect).values({**row, "kind": effect.kind.value, "state": effect.state.value})
        anew = ("request", "state", "system", "legal_entity", "leg", "submission_id")
        await connection.execute(
            stated.on_conflict_do_update(
                index_elements=["reference"],
                set_={name: stated.excluded[name] for name in anew},
                where=tables.effect.c.state.in_(_NOT_DONE),
            )
        )


async def plan_again(connection: AsyncConnection, effect: Effect) -> None:
    """Plan something that may be done again and again, unless just this was done already."""
    await plan(connection, [effect])
    request = bindparam("request", effect.request, type_=JSONB)
    other = and_(tables.effect.c.reference == effect.reference, tables.effect.c.request != request)
    again = {"request": request, "state": EffectState.PLANNED.value, "answer": null(), "answered_at": null()}
    await connection.execute(update(tables.effect).where(other).values(**again))


async def drop_others(connection: AsyncConnection, submission_id: str, kind: EffectKind, keep: Sequence[str]) -> None:
    """Forget what was planned for a submission, is certainly not done, and is not planned any more."""
    dropped = delete(tables.effect).where(
        tables.effect.c.submission_id == submission_id,
        tables.effect.c.kind == kind.value,
        tables.effect.c.state.in_(_NOT_DONE),
        tables.effect.c.reference.not_in(keep),
    )
    await connection.execute(dropped)


async def fetch_effects(connection: AsyncConnection, references: Sequence[str]) -> dict[str, Effect]:
    """Effects by reference."""
    found = await connection.execute(select(*_COLUMNS).where(tables.effect.c.reference.in_(references)))
    return {row.reference: _effect(row) for row in found}


async def effects_of(connection: AsyncConnection, submission_id: str, kind: EffectKind) -> list[Effect]:
    """A submission's effects of a kind, by leg, without those that were taken back."""
    asked = select(*_COLUMNS).where(tables.effect.c.submission_id == submission_id, tables.effect.c.kind == kind.value)
    live = asked.where(tables.effect.c.state != EffectState.CANCELLED.value)
    return [_effect(row) for row in await connection.execute(live.order_by(tables.effect.c.leg))]


async def all_effects_of(connection: AsyncConnection, submission_id: str) -> list[Effect]:
    """Everything that was planned for a submission."""
    asked = select(*_COLUMNS).where(tables.effect.c.submission_id == submission_id)
    return [_effect(row) for row in await connection.execute(asked.order_by(tables.effect.c.leg))]


async def claim(connection: AsyncConnection, reference: str, me: str, settle_seconds: float) -> Claim:
    """Try to become the one writer of this reference for so many seconds."""
    given = {"reference": reference, "me": me, "settle": settle_seconds}
    row = (await connection.execute(_CLAIM, given)).first()
    if row is not None:
        return Claim(row.attempt, row.lost, forgotten=row.forgotten)
    held = await connection.execute(select(tables.effect.c.answer).where(tables.effect.c.reference == reference))
    return Claim(None, answer=held.scalar_one())


async def renew(connection: AsyncConnection, reference: str, me: str, settle_seconds: float) -> bool:
    """Stay the one writer for so many seconds from now; False where the claim has run out, and may be another's."""
    given = {"reference": reference, "me": me, "settle": settle_seconds}
    return bool((await connection.execute(_RENEW, given)).rowcount)


async def release(connection: AsyncConnection, reference: str, me: str) -> None:
    """Give a claim back under which certainly nothing was written."""
    await connection.execute(_RELEASE, {"reference": reference, "me": me})


async def count_lost(connection: AsyncConnection, reference: str, me: str, settle_seconds: float) -> None:
    """One more attempt ended without an answer. What it sent, at the latest just now, settles from now on."""
    await connection.execute(_LOST, {"reference": reference, "me": me, "settle": settle_seconds})


async def record(connection: AsyncConnection, reference: str, answer: object) -> bool:
    """Keep the answer. The first one stays, and False is said: the second is of somebody who was thought dead."""
    kept = await connection.execute(_ANSWER, {"reference": reference, "answer": answer})
    return bool(kept.rowcount)


async def mark(connection: AsyncConnection, reference: str, state: EffectState) -> None:
    """Say where an effect stands that has no answer."""
    stated = update(tables.effect).where(tables.effect.c.reference == reference, tables.effect.c.answer.is_(None))
    await connection.execute(stated.values(state=state.value))


async def take_back(connection: AsyncConnection, reference: str) -> None:
    """Say that an effect was undone."""
    undone = update(tables.effect).where(tables.effect.c.reference == reference)
    await connection.execute(undone.values(state=EffectState.CANCELLED.value))


async def may_be_forgotten(connection: AsyncConnection, submission_id: str) -> bool:
    """Whether the store was restored since the submission: something may have been done that it knows nothing of."""
    return bool((await connection.execute(_FORGOTTEN, {"id": submission_id})).scalar_one())


async def settled(connection: AsyncConnection, references: Sequence[str], lease_of: Callable[[str], float]) -> set[str]:
    """Those of the references under which nothing can take effect any more, so that not to be found is not to be.

    `lease_of`: for how many seconds something that was sent to a system may take effect.
    """
    held = await connection.execute(_SETTLING, {"references": list(references)})
    return {
        str(row.reference)
        for row in held
        if row.over and (row.since_renewal is None or row.since_renewal > lease_of(row.system))
    }


def _effect(row: Row[Any]) -> Effect:
    return from_json({name: getattr(row, name) for name in Effect.__struct_fields__}, Effect)
