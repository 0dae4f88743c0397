"""What is new of an order: pure, from what it is now and what was told of it before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from canonical.events import Event, EventKind, Happening, StatusChange
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineEntry, TimelineKind
from workflows.looking import Seen, Whose

RECURRING: Final = frozenset({TimelineKind.ORDER_AMENDED, TimelineKind.HOLD_PLACED, TimelineKind.CONTRACT_AMENDED})
"""What may happen again to the same record, and is told again then."""
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Told(Struct, frozen=True):
    """What was told of an order: its status, when each happening was, and how often anything was told.

    `gone` are the keys of happenings that were known and are not there any more. `systems` are those of which
    everything about it could be read at least once; `whose` is None where that was never known.
    """

    status: OrderStatus | None
    happenings: Mapping[str, str]
    version: int = 0
    systems: frozenset[str] = frozenset()
    whose: Whose | None = None
    gone: frozenset[str] = frozenset()


class Reason(Struct, frozen=True):
    """Why an order is looked at. `began`: since when we listen, by system; those that are not there are not read.

    `changed_at`: since when it may be another than before. `lately`: whether a change of it is younger than our
    listening to the system that told of it.
    """

    began: Mapping[str, datetime]
    changed_at: datetime
    lately: bool

    def since(self, system: str) -> datetime:
        """What happened in a system since then is news, though we read it of this order for the first time."""
        return min(self.began.get(system, NEVER), self.changed_at)


def news_of(
    tenant: str, seen: Seen, told: Told | None, reason: Reason, now: datetime
) -> tuple[Told | None, list[Event]]:
    """What is to be kept of the order now (None: as it was), and what is to be told of it, in its order.

    Of a system that was never read of this order before, only what happened since we listen to it is news. Of an order
    of which nobody knows whose it is nothing is told yet: whoever is narrowed to its customer would never hear of it.
    """
    whose = seen.whose or (told.whose if told else None)
    if whose is None:
        return None, []
    seen, before = replace(seen, whose=whose), told or Told(None, {})
    version = before.version + 1
    fresh = [entry for entry in seen.entries if _is_new(entry, _instant(seen, entry), before, reason)]
    released = [] if seen.silent else _released(seen.entries, before.happenings)
    status = seen.status or before.status
    # Of an order that is seen for the first time nobody can say that its status is another than before: a hold that was
    # released leaves nothing behind that has a date. So any change since we listen is reason to say where it stands.
    # That floods nobody: no change of the past counts, and of each order it is said once at most.
    changed = status is not before.status and (before.status is not None or bool(fresh) or reason.lately)
    kept, systems = _kept(seen, before.happenings), _read_once(seen, before, reason)
    events = [_happened(tenant, seen, entry, version, again=entry.key in before.gone) for entry in fresh]
    events += [_let_go(tenant, seen, key, version, now) for key in released]
    if changed and status is not None:
        cause = events[-1].happening.kind if events and events[-1].happening else None
        at = events[-1].at if events else now
        change = StatusChange(status=status, previous=before.status, cause=cause)
        name = f"STATUS:{version}"
        events.append(_event(tenant, seen, name, EventKind.STATUS_CHANGED, at, seen.legal_entities, status=change))
    gone = _gone(seen, before)
    now_told = Told(status, kept, version, systems, whose, gone)
    if not events and told is not None and now_told == replace(told, happenings=dict(told.happenings), version=version):
        return None, []
    return now_told, events


def told_before(seen: Seen, told: Mapping[Ref, Told]) -> Told | None:
    """What was told of the order, under its anchor and under each name that it went by before it had this one."""
    before = {name: told[name] for name in (seen.order, *seen.names) if name in told}
    if not before:
        return None
    statuses = {one.status for one in before.values()}
    return Told(
        status=told[seen.order].status if seen.order in told else statuses.pop() if len(statuses) == 1 else None,
        happenings={
            _renamed(key, name, seen.order): at for name, one in before.items() for key, at in one.happenings.items()
        },
        version=max(one.version for one in before.values()),
        systems=frozenset.intersection(*(one.systems for one in before.values())),
        whose=next((one.whose for one in before.values() if one.whose), None),
        gone=frozenset(_renamed(key, name, seen.order) for name, one in before.items() for key in one.gone),
    )


def _renamed(key: str, old: Ref, new: Ref) -> str:
    """The key of a happening under an order's new anchor: a booking's names both, the order and the booking."""
    kind, _, rest = key.partition(":")
    mine, booking = f"{old.system}:{old.key}:", f"{old.system}/{old.key}"
    part = rest.removeprefix(mine)
    told_of_it = part != rest and (part == booking or part.startswith(f"{booking}/"))
    return f"{kind}:{new.system}:{new.key}:{part}" if told_of_it else key


def _instant(seen: Seen, entry: TimelineEntry) -> datetime:
    return seen.instants.get(entry.key, entry.at)


def _is_new(entry: TimelineEntry, at: datetime, told: Told, reason: Reason) -> bool:
    before = told.happenings.get(entry.key)
    if before is not None:
        return entry.kind in RECURRING and before != _written(at)
    if entry.key in told.gone:
        # What was taken back and is there again has happened again, on whatever day. Of a system that we did not listen
        # to meanwhile nobody can say that it was taken back.
        return entry.system in told.systems
    if entry.system in told.systems:
        return True
    # Of some systems the instants have whole seconds: within that one it is not known what came first.
    since = reason.since(entry.system).replace(microsecond=0)
    return at >= since or (_day_only(at) and at.date() >= since.date())


def _read_once(seen: Seen, told: Told, reason: Reason) -> frozenset[str]:
    """Systems whose part of the order is known: what they have more the next time is new, whenever they say it was."""
    return frozenset((told.systems & reason.began.keys()) | (reason.began.keys() - set(seen.silent)))


def _released(entries: Sequence[TimelineEntry], told: Mapping[str, str]) -> list[str]:
    """Holds that were told and do not stand any more."""
    standing = {entry.key for entry in entries}
    return [key for key in told if key.startswith(f"{TimelineKind.HOLD_PLACED.value}:") and key not in standing]


def _kept(seen: Seen, told: Mapping[str, str]) -> dict[str, str]:
    """Every happening that is known; of a system that is silent, what was known of it before."""
    mine = {entry.key: _written(_instant(seen, entry)) for entry in seen.entries}
    return {**told, **mine} if seen.silent else mine


def _gone(seen: Seen, told: Told) -> frozenset[str]:
    """What was known once and is not there; while a system is silent, nothing more of it counts as gone."""
    there = {entry.key for entry in seen.entries}
    lost = () if seen.silent else told.happenings
    return frozenset({*told.gone, *lost} - there)


def _happened(tenant: str, seen: Seen, entry: TimelineEntry, version: int, *, again: bool) -> Event:
    once = not (again or entry.kind in RECURRING)
    happening = Happening(
        kind=entry.kind,
        area=entry.area,
        title=entry.title,
        system=entry.system,
        entry=entry.key if once else None,
        amount=entry.amount,
        reference=entry.reference,
    )
    key = entry.key if once else f"{entry.key}#{version}"
    books = (entry.legal_entity,) if entry.legal_entity else seen.legal_entities
    return _event(tenant, seen, key, EventKind.HAPPENING, entry.at, books, happening=happening)


def _let_go(tenant: str, seen: Seen, key: str, version: int, now: datetime) -> Event:
    """A hold is gone: `key` is the one under which it was told, HOLD_PLACED:system:order:system/booking/kind."""
    held, _, kind = key.rpartition("/")
    word = kind.lower()
    area = TimelineArea.CREDIT if word == "credit" else TimelineArea.ORDER
    _, _, booked = held.partition(f":{seen.order.key}:")
    system, _, booking = (booked or seen.order.system).partition("/")
    book = seen.books.get(Ref(system, booking))
    title = f"The {word} hold was released" if word else "The hold was released"
    happening = Happening(kind=TimelineKind.HOLD_RELEASED, area=area, title=title, system=system)
    name = f"{key.replace(TimelineKind.HOLD_PLACED.value, TimelineKind.HOLD_RELEASED.value, 1)}#{version}"
    books = (book,) if book else seen.legal_entities
    return _event(tenant, seen, name, EventKind.HAPPENING, now, books, happening=happening)


def _event(
    tenant: str,
    seen: Seen,
    name: str,
    kind: EventKind,
    at: datetime,
    books: tuple[str, ...],
    happening: Happening | None = None,
    status: StatusChange | None = None,
) -> Event:
    whose = seen.whose or Whose()
    return Event(
        key=f"{seen.order.system}/{seen.order.key}:{name}",
        tenant=tenant,
        kind=kind,
        at=at,
        order=seen.order,
        order_names=seen.names,
        customer=whose.customer,
        customer_names=whose.names,
        crm_customer=whose.crm,
        legal_entities=books,
        happening=happening,
        status=status,
    )


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _day_only(at: datetime) -> bool:
    return at.timetz().replace(tzinfo=None) == time()
