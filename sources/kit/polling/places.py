"""How far each set of records was looked through: what a position is made of.

A set is looked through in sweeps. A sweep asks for everything that was changed at or after `since`, in the order of
the keys, page by page; when it is through, the next begins, with a `since` that lies an overlap before what this one
saw. So a transaction that was stamped early and committed late is found by a later sweep, and pages never stand still
however many records carry one stamp. `told` remembers what was told of each record that the overlap shows again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from canonical.changes import Change, Concept
from sources.feeds import PositionLostError

MOST_TOLD: Final = 2000
"""Records of one set that are remembered. Beyond, the overlap tells some again, with the event id they had."""
SKEW: Final = timedelta(hours=1)
"""How far a system's clock may be behind ours."""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one set is looked through. `behind`: the key of the sweep's last row; `begun`: when it did, by our clock.

    `told`: a mark of what was told, and the sweep that saw it last, by key. `first` names where all of this began.
    """

    since: datetime
    first: str
    sweep: int = 0
    begun: datetime | None = None
    behind: tuple[str, ...] = ()
    latest: datetime | None = None
    told: Mapping[str, tuple[str, int]] = {}


class Meant(Struct, frozen=True):
    """Which record a row is about, as the adapter's fetch takes its key, and the orders that the row names."""

    concept: Concept
    key: str
    order_keys: tuple[str, ...] = ()


class Seen(Struct, frozen=True, kw_only=True):
    """One row of a sweep: its own key (as the sweep is sorted), what is different when it was changed, and when.

    `meant` is None for a row that says nothing to anybody.
    """

    key: tuple[str, ...]
    mark: str
    at: datetime
    meant: Meant | None


class Page(Struct, frozen=True):
    """Rows of a sweep in the order of their keys, and whether there may be more behind them."""

    rows: tuple[Seen, ...]
    more: bool


_PLACES: Final = msgspec.json.Decoder(dict[str, Place])


def written(places: Mapping[str, Place]) -> str:
    """The places of all sets as a position."""
    return msgspec.json.encode(places).decode()


def read(position: str) -> dict[str, Place]:
    """The places that a position holds; PositionLostError where it is none of ours."""
    try:
        places = _PLACES.decode(position)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PositionLostError("The position of the feed cannot be read.") from error
    if not places:
        raise PositionLostError("The position of the feed says of nothing how far it was read.")
    return places


def mark_of(*parts: object) -> str:
    """A short mark that is another one when any of the parts is."""
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def advance(name: str, place: Place, page: Page, now: datetime, overlap: timedelta, *, rising: bool) -> Step:
    """What a page brought, and where the set stands behind it. `rising`: a record's marks never come back.

    Where they may (a day's records can be as they were before), the sweep that saw a mark is part of the event's id.
    `now`: our clock before the page was asked for. The latest stamp of a sweep's first page is no later than the
    system's own clock was then: what it commits afterwards is stamped at most an overlap before that.
    """
    told, changes = dict(place.told), dict[tuple[Concept, str], Change]()
    for row in page.rows:
        key = "-".join(row.key)
        before = told.get(key)
        told[key] = (row.mark, place.sweep)
        if row.meant is not None and (before is None or before[0] != row.mark):
            event_id = f"{name}:{key}:{row.mark}"
            if not rising:
                event_id += f":{place.first}" + (f".{place.sweep}" if before else "")
            change = _change(event_id, row, row.meant)
            held = changes.get((change.concept, change.key))
            changes[change.concept, change.key] = change if held is None else _both(held, change)
    begun, latest = place.begun or now, place.latest
    if rising and place.begun is None:
        latest = max((row.at for row in page.rows if row.at <= now + SKEW), default=latest)
    if page.more and page.rows:
        after = replace(place, begun=begun, behind=page.rows[-1].key, latest=latest, told=told)
    else:
        since = max(place.since, max(filter(None, (place.latest, latest, begun - SKEW))) - overlap)
        after = Place(
            since=since, first=place.first, sweep=place.sweep + 1, latest=latest, told=_kept(told, place.sweep)
        )
    return Step(after, tuple(changes.values()))


class Step(Struct, frozen=True):
    """One page later."""

    place: Place
    changes: tuple[Change, ...]


def _change(event_id: str, row: Seen, meant: Meant) -> Change:
    return Change(
        event_id=event_id, concept=meant.concept, key=meant.key, changed_at=row.at, order_keys=meant.order_keys
    )


def _both(first: Change, other: Change) -> Change:
    """Two rows of one record: told once, with the orders of both."""
    return replace(first, order_keys=tuple(dict.fromkeys((*first.order_keys, *other.order_keys))))


def _kept(told: Mapping[str, tuple[str, int]], sweep: int) -> dict[str, tuple[str, int]]:
    """What the sweep that is through saw; the newest of it, where it is too much."""
    seen = {key: held for key, held in told.items() if held[1] == sweep}
    return dict(islice(seen.items(), max(len(seen) - MOST_TOLD, 0), None))
