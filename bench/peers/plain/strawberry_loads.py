"""One request's loaders over a desk."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from bench.peers.plain import wire
from bench.peers.plain.desk import Desk, by_invoice, by_order


class Loads(BaseContext):
    """What one request reads of the documents, each kind asked for once for all that wait for it."""

    def __init__(self, desk: Desk) -> None:
        """Nothing is loaded yet."""
        super().__init__()
        self.desk = desk
        self.deliveries = DataLoader(self._deliveries)
        self.bills = DataLoader(self._bills)
        self.receipts = DataLoader(self._receipts)

    async def _deliveries(self, keys: list[str]) -> list[Sequence[wire.Delivery]]:
        found = by_order(await self.desk.deliveries(keys))
        return [found.get(key, ()) for key in keys]

    async def _bills(self, keys: list[str]) -> list[Sequence[wire.Bill]]:
        found = by_order(await self.desk.bills(keys))
        return [found.get(key, ()) for key in keys]

    async def _receipts(self, keys: list[str]) -> list[Sequence[wire.Receipt]]:
        found = by_invoice(await self.desk.receipts(keys))
        return [found.get(key, ()) for key in keys]
