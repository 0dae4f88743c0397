"""Finds the vendor folders and opens the configured systems; knows no vendor by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TypeVar, cast

from pydantic import ValidationError

import sources
from sources.kit.forecast import Calls, CallsOf, Foretell, Need, exactly
from sources.landscape import Instance, Landscape
from sources.ports import Source
from sources.vendor_settings import wrong_settings

P = TypeVar("P")

OpenSource = Callable[[Instance], Source]


class CannotOpenError(Exception):
    """A configured system could not be opened; the text names it and says what its vendor folder said."""


def kinds() -> list[str]:
    """The vendor folders by name, sorted: every package beside this module that has an adapter."""
    packages = [found.name for found in iter_modules(sources.__path__) if found.ispkg]
    return sorted(name for name in packages if find_spec(f"sources.{name}.adapter") is not None)


def opener(kind: str) -> OpenSource:
    """The `open_source` of a vendor folder; TypeError when its adapter has none."""
    adapter = import_module(f"sources.{kind}.adapter")
    found = getattr(adapter, "open_source", None)
    if not callable(found):
        raise TypeError(f"sources/{kind}/adapter.py has no function open_source(instance, *, transport=None).")
    return cast("OpenSource", found)


def forecaster(landscape: Landscape) -> CallsOf:
    """What each system of a landscape will get, as its vendor folder foretells it; none is opened for that.

    A folder without a forecast.py is taken to ask once a question. What an adapter has no method for it is never asked.
    """
    held: dict[str, tuple[frozenset[str], Foretell]] = {}

    def calls_of(system: str, needs: Sequence[Need]) -> Calls:
        if system not in held:
            instance = landscape.instances[system]
            held[system] = _methods(instance.kind), _foretelling(instance)
        methods, foretell = held[system]
        asked = [need for need in needs if need.question.value in methods]
        return foretell(asked) if asked else Calls()

    return calls_of


def _methods(kind: str) -> frozenset[str]:
    """The names of what the adapter's classes can do."""
    adapter = import_module(f"sources.{kind}.adapter")
    own = [
        thing for thing in vars(adapter).values() if isinstance(thing, type) and thing.__module__ == adapter.__name__
    ]
    return frozenset(name for thing in own for name in dir(thing))


def _foretelling(instance: Instance) -> Foretell:
    module = f"sources.{instance.kind}.forecast"
    if find_spec(module) is None:
        return lambda needs: exactly(len(needs))
    return cast("Foretell", import_module(module).foreteller(instance))


class Sources:
    """The opened systems by their configured name, in the order of the landscape."""

    def __init__(self, by_name: Mapping[str, Source]) -> None:
        """Keep the sources; whoever opened them closes them through here."""
        self.by_name = by_name
        self._kept: dict[tuple[str, object], bool] = {}

    def get(self, name: str, port: Callable[..., P]) -> P | None:
        """The system as one of its ports, None where it is unknown or its adapter does not keep that port.

        `port` is the Protocol's class; it is typed as a callable because mypy refuses abstract classes as `type[P]`.
        """
        source = self.by_name.get(name)
        key = (name, port)
        # Asking a Protocol costs microseconds for each of its methods, and a request asks often.
        if key not in self._kept:
            self._kept[key] = isinstance(source, cast("type[P]", port))
        return cast("P", source) if self._kept[key] else None

    async def close(self) -> None:
        """Close every system, also when one of them fails to; the first failure is raised at the end."""
        ended = await asyncio.gather(*(source.close() for source in self.by_name.values()), return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome


def open_sources(landscape: Landscape, opener_of: Callable[[str], OpenSource] = opener) -> Sources:
    """Open every configured system through its vendor folder; no system is called.

    Raises CannotOpenError that names each system whose settings or credentials its vendor folder refused.
    """
    by_name: dict[str, Source] = {}
    refusals: list[str] = []
    for name, instance in landscape.instances.items():
        try:
            by_name[name] = opener_of(instance.kind)(instance)
        except (ImportError, TypeError, ValueError, KeyError, OSError) as error:
            refused = wrong_settings(instance, error) if isinstance(error, ValidationError) else [str(error)]
            refusals += [f"  {name} ({instance.kind}): {words}" for words in refused]
    if refusals:
        raise CannotOpenError("These systems cannot be opened as the landscape describes them:\n" + "\n".join(refusals))
    return Sources(by_name)
