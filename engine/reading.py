"""Values that a parent has by itself."""

from __future__ import annotations

from typing import Any

from engine.marks import Derived
from engine.plan import Event, Site


def read(site: Site, parent: object, absent: object) -> Any:
    """The site's value of this parent, without a call; None where it is absent. Raises what reading it raises."""
    if isinstance(site.reach, Derived):
        return site.reach.function(parent)
    if isinstance(site.reach, Event):
        return parent
    if isinstance(site.reach, str):
        value = getattr(parent, site.reach)
        return None if value is absent else value
    raise TypeError(f"{site.parent.name}.{site.name} is not read, it is called.")  # pragma: no cover
