"""Tells every process that records were changed, so that nothing is served that was kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.settings import Settings, SettingsError
from gateway.wiring import open_line
from resolvers.context import now_utc
from sources.landscape_file import LandscapeError, read_landscape
from sources.shelf.addresses import Addresses
from sources.shelf.questions import CONCEPTS
from sources.shelf.store import NotForgottenError, Store


class CannotForgetError(Exception):
    """What was kept may still be served; the text says why, and what to do."""


async def forget(
    settings: Settings, environment: Mapping[str, str], system: str, concept: str, keys: Sequence[str] | None
) -> None:
    """Forget these records of a system, every one of the concept for None. CannotForgetError in words."""
    try:
        landscape = read_landscape(settings.landscape, environment)
        for given, known in ((system, tuple(landscape.instances)), (concept, CONCEPTS)):
            if given not in known:
                raise CannotForgetError(f"There is no {given!r}; expected one of {', '.join(known)}.")
        async with open_line(settings) as line:
            store = Store(line, Addresses(landscape.tenant))
            await store.forget(system, concept, keys, now_utc().timestamp())
    except (LandscapeError, SettingsError, NotForgottenError) as error:
        raise CannotForgetError(str(error)) from error
