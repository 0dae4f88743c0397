"""What operators do at a shell about events that leave the house: look, retry, replay, and begin the log anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import psycopg
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Mistake
from canonical.events import Cursor, cursor_of
from gateway.settings import Settings
from sources.landscape import Landscape
from sources.landscape_file import LandscapeError, read_landscape
from workflows import redelivering
from workflows.bulletin_rows import BULLETINS
from workflows.delivery_log import DeliveryState
from workflows.redelivering import Delivery
from workflows.store.migrating import NotMigratedError, require_migrated
from workflows.store.opening import Store, StoreUrlError


class CannotActError(Exception):
    """Nothing was done; the text says why, and what to do."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which deliveries somebody wants to see."""

    receiver: str | None = None
    state: str | None = None
    most: int = 50


async def listed(settings: Settings, url: str, environment: Mapping[str, str], asked: Asked) -> list[Delivery]:
    """Deliveries, the newest first."""
    state = asked.state and asked.state.upper()
    states = [one.value for one in DeliveryState]
    if state:
        _known(state, states, "state")
    async with _acting(settings, url, environment, asked.receiver) as (transaction, _):
        wanted = DeliveryState(state) if state else None
        return await redelivering.list_deliveries(transaction, asked.receiver, wanted, asked.most)


async def retried(
    settings: Settings, url: str, environment: Mapping[str, str], ids: Sequence[int] | None, receiver: str | None
) -> list[int]:
    """Let dead letters be sent again, None: every one; which. CannotActError where a given one is none."""
    async with _acting(settings, url, environment, receiver) as (transaction, landscape):
        found = await redelivering.retry_dead(transaction, landscape.tenant, ids, receiver)
        others = sorted(set(ids or ()) - set(found))
        if others:
            named = ", ".join(str(one) for one in others)
            raise CannotActError(f"No dead letter has the number {named}; nothing was done. See `deliveries list`.")
        return found


async def replayed(settings: Settings, url: str, environment: Mapping[str, str], receiver: str, cursor: str) -> int:
    """Let a receiver be sent everything behind a cursor again; how many events of the log that are."""
    async with _acting(settings, url, environment, receiver) as (transaction, landscape):
        if receiver == BULLETINS:
            raise CannotActError("Bulletins tell where orders stand now: there is nothing to be told again.")
        return await redelivering.replay(transaction, landscape.tenant, receiver, cursor_of(cursor))


async def renewed(settings: Settings, url: str, environment: Mapping[str, str]) -> Cursor:
    """Begin another epoch of the event log; the cursor from which everybody goes on."""
    async with _acting(settings, url, environment, None) as (transaction, landscape):
        return await redelivering.renew(transaction, landscape.tenant)


@asynccontextmanager
async def _acting(
    settings: Settings, url: str, environment: Mapping[str, str], receiver: str | None
) -> AsyncIterator[tuple[AsyncConnection, Landscape]]:
    """A transaction and the landscape; the receiver, where one is named, is known. CannotActError in words."""
    try:
        landscape = read_landscape(settings.landscape, environment, credentials=False)
        if receiver is not None:
            _known(receiver, [BULLETINS, *(one.name for one in landscape.events.receivers)], "receiver")
        require_migrated(url)
        store = Store(url, connections=1)
    except (LandscapeError, NotMigratedError, StoreUrlError) as error:
        raise CannotActError(str(error)) from error
    except psycopg.OperationalError as error:
        raise CannotActError(f"The database cannot be reached: {error}") from error
    try:
        async with store.transaction() as transaction:
            yield transaction, landscape
    except Mistake as mistake:
        raise CannotActError(mistake.sentence) from mistake
    except DBAPIError as error:
        raise CannotActError(f"The database did not do it: {error.orig}") from error
    finally:
        await store.close()


def _known(given: str, known: Collection[str], what: str) -> None:
    if given not in known:
        raise CannotActError(f"There is no {what} {given!r}; expected one of {', '.join(known)}.")
