"""Simulating an order: it is saved with everything that comes of it, shown, and forgotten again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sources.s4hana.sandbox.deep import Body, Values, changes_of, children_of, insert_deep
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.model import EntitySet, Service
from sources.s4hana.sandbox.orders import Orders
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.query.shape import shape_of
from sources.s4hana.sandbox.reading import Reader
from sources.s4hana.sandbox.refusal import Message, Refusal
from sources.s4hana.sandbox.resource import written
from sources.s4hana.sandbox.values import Stored
from sources.s4hana.sandbox.writing import body_of, messages_header

ROOT: Final = "A_SalesOrderSimulation"
# What each simulated set is filled from; both know most properties by the same names.
_FROM: Final = {
    ROOT: "A_SalesOrder",
    "A_SalesOrderPricingSimulation": "A_SalesOrder",
    "A_SalesOrderCreditSimulation": "A_SalesOrder",
    "A_SalesOrderPartnerSimulation": "A_SalesOrderHeaderPartner",
    "A_SalesOrderItemSimulation": "A_SalesOrderItem",
    "A_SalesOrderItmPrcgElmntSimln": "A_SalesOrderItemPrElement",
    "A_SalesOrderScheduleLineSimln": "A_SalesOrderScheduleLine",
}
_RENAMED: Final = {"Plant": "ProductionPlant"}
_KEPT: Final = {"to_Item", "to_Partner", "to_PricingElement"}


class _Forgotten(Exception):
    """Carries the answer out of the unit of work that it ends."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Simulation:
    """Answers the one request that the service takes."""

    def __init__(self, reader: Reader, orders: Service, now: datetime) -> None:
        self._reader, self._store, self._service = reader, reader.store, orders
        self._orders = Orders(reader.store, now)

    def answer(self, ask: Ask, path: str) -> Reply:
        """What the order would come to: 201, and nothing kept."""
        if ask.method != "POST" or path != ROOT:
            raise Refusal(405, "/IWBEP/CM_MGW_RT/064", "Method not allowed.")
        body = body_of(ask)
        entity = self._reader.service.by_name[ROOT]
        self._judge(entity, body)
        try:
            with self._store.transaction():
                raise _Forgotten(self._simulated(ask, entity, body))
        except _Forgotten as done:
            return done.reply

    def _simulated(self, ask: Ask, entity: EntitySet, body: Body) -> Reply:
        given = _as_order(body)
        self._orders.checks.order(given)
        for item in children_of(given.get("to_Item", []), many=True):
            self._orders.checks.item(item)
        kept = self._service.by_name["A_SalesOrder"]
        inserted = insert_deep(self._store, self._service, kept, given, {}, lambda *_: None)
        warnings = self._orders.create(inserted.values["SalesOrder"])
        self._show(inserted.values["SalesOrder"])
        shape = shape_of(self._reader.service, entity, (), tuple(self._ways(entity, body)))
        (shown,) = self._reader.entities(shape, Clause(), "", limit=1)
        reply = written(ask, shown, 201).having(("location", f"{self._reader.root}{ROOT}('')"))
        return reply.having(("sap-message", messages_header(_simulating(warnings))))

    def _judge(self, entity: EntitySet, body: Body) -> None:
        """Refuse properties that the simulated sets do not have, though orders may."""
        changes_of(entity, body, creating=True)
        for way in entity.navigations:
            if way.name in body:
                for child in children_of(body[way.name], many=way.many):
                    self._judge(self._reader.service.by_name[way.target], child)

    def _ways(self, entity: EntitySet, body: Body) -> Iterable[tuple[str, ...]]:
        """The navigations that the body names, empty ones too: those come back."""
        for way in entity.navigations:
            if way.name not in body:
                continue
            yield (way.name,)
            below = self._reader.service.by_name[way.target]
            for child in children_of(body[way.name], many=way.many):
                yield from ((way.name, *rest) for rest in self._ways(below, child))

    def _show(self, number: Stored) -> None:
        for name, source in _FROM.items():
            shown, kept = self._reader.service.by_name[name], self._service.by_name[source]
            pairs = [(one.name, _RENAMED.get(one.name, one.name)) for one in shown.properties]
            pairs = [pair for pair in pairs if pair[1] in kept.by_name]
            rows = self._store.select(kept, [theirs for _, theirs in pairs], equal("SalesOrder", number))
            for row in rows:
                values: Values = dict(zip([own for own, _ in pairs], row, strict=True))
                self._store.insert(shown, {**values, "SalesOrder": ""})


def _as_order(body: Mapping[str, object]) -> Body:
    """The same order in the words of the service that keeps orders; what only asks for an answer is left out."""
    given: dict[str, object] = {}
    for name, value in body.items():
        if not name.startswith("to_"):
            given[_RENAMED.get(name, name)] = value
        elif name in _KEPT:
            given[name] = [_as_order(child) for child in children_of(value, many=True)]
    return given


def _simulating(warnings: list[Message]) -> list[Message]:
    return [*warnings, Message("SLS_LORD/098", "The document was simulated", "info")]
