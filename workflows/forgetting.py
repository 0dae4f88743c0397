"""Tells whoever keeps answers that records were changed, before anything is told of the change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from time import time
from typing import Final

from redis.asyncio import Redis

from canonical.changes import Concept
from canonical.refs import Ref
from sources.shelf.addresses import Addresses
from sources.shelf.line import Line
from sources.shelf.store import NotForgottenError, Store
from workflows.inbox import Waiting

log = logging.getLogger(__name__)

_PATIENCE: Final = 1.0
_KEPT_AS: Final[Mapping[Concept, tuple[str, ...]]] = {
    Concept.ORDER: ("order",),
    Concept.SHIPMENT: ("shipment",),
    Concept.INVOICE: ("invoice", "credit_memo"),
    Concept.PAYMENT: ("payment",),
    Concept.CUSTOMER: ("customer",),
    Concept.QUOTE: ("quote",),
    Concept.CONTRACT: ("contract",),
    Concept.PRODUCT: ("product",),
}


class Forgetting:
    """One worker's way to the kept answers of all gateways."""

    def __init__(self, redis: Redis, tenant: str) -> None:
        """Nothing is asked yet."""
        self._store = Store(Line(redis, patience=_PATIENCE), Addresses(tenant))

    async def __call__(self, waiting: Sequence[Waiting], orders: Iterable[Ref]) -> None:
        """Let nothing be served any more that was kept of what changed, or of the orders that it is about.

        A Redis that is away keeps nothing for anybody either; what it still holds when it is back ages as usual.
        """
        changed: dict[tuple[str, str], dict[str, None]] = {}
        for one in waiting:
            for concept in _KEPT_AS[one.change.concept] if one.change.key else ():
                changed.setdefault((one.system, concept), {})[one.change.key] = None
        for ref in orders:
            changed.setdefault((ref.system, "order"), {})[ref.key] = None
        try:
            for (system, concept), keys in changed.items():
                await self._store.forget(system, concept, list(keys), time())
        except NotForgottenError as error:
            log.warning("What is kept of changed records could not be forgotten: %s", error)
