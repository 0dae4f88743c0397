"""Changing requests: creating (deep), changing and deleting entities, with entity tags, locks and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson

from sources.kit.sandbox.locks import HOLDER, held
from sources.s4hana.sandbox.deep import Body, Inserted, Values, changes_of, insert_deep
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.orders import Orders
from sources.s4hana.sandbox.partners import complete_partner
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.query.shape import shape_of
from sources.s4hana.sandbox.reading import Entity, Reader
from sources.s4hana.sandbox.refusal import PRECONDITION, Message, Refusal, bad_request, not_found
from sources.s4hana.sandbox.resource import Target, find, written
from sources.s4hana.sandbox.values import Stored, etag_text

ORDER_KEY = "SalesOrder"


class Writing:
    """Changes rows of one service; `one_order` refuses to touch two orders, as a changeset may not (KBA 3474176)."""

    def __init__(self, reader: Reader, now: datetime, locks: Mapping[str, str], *, one_order: bool = False) -> None:
        self._reader = reader
        self._store = reader.store
        self._locks = locks
        self._now = now
        self._one_order = one_order
        self._touched: set[Stored] = set()
        self._orders = Orders(reader.store, now)

    def answer(self, ask: Ask, path: str) -> Reply:
        """Do what the request says, as one unit of work."""
        with self._store.transaction():
            target = find(self._reader, path)
            if target.tail:
                raise Refusal(405, "/IWBEP/CM_MGW_RT/064", "Method not allowed.")
            match ask.method, target.single:
                case "POST", False:
                    return self._create(ask, target)
                case "PATCH" | "MERGE" | "PUT", True:
                    return self._change(ask, target)
                case "DELETE", True:
                    return self._delete(ask, target)
                case _:
                    raise Refusal(405, "/IWBEP/CM_MGW_RT/064", "Method not allowed.")

    def _create(self, ask: Ask, target: Target) -> Reply:
        body = body_of(ask)
        order = dict(target.fixed).get(ORDER_KEY)
        if order is not None:
            self._touch(order)
        self._admit_new(target, body)
        inserted = insert_deep(
            self._store, self._reader.service, target.entity, body, dict(target.fixed), self._complete
        )
        warnings = self._completed(target, inserted)
        key = Clause()
        for prop in target.entity.keys:
            key &= equal(prop.name, inserted.values[prop.name])
        entity = self._read(target, key, tuple((way,) for way in inserted.navigations))
        metadata = entity["__metadata"]
        location = metadata["uri"] if isinstance(metadata, dict) else ""
        reply = written(ask, entity, 201).having(("location", location))
        return reply.having(("sap-message", messages_header(warnings))) if warnings else reply

    def _admit_new(self, target: Target, body: Body) -> None:
        """Refuse what cannot be saved, and what hangs on master data that another user holds."""
        if held():
            raise _locked(f"{target.entity.name.removeprefix('A_')} data")
        if target.entity.name == "A_SalesOrder":
            self._orders.checks.order(body)
        for item in _items(target, body):
            self._orders.checks.item(item)

    def _complete(self, entity: EntitySet, values: Values, body: Body) -> None:
        complete_partner(entity, values, body, self._now)

    def _completed(self, target: Target, inserted: Inserted) -> list[Message]:
        order = inserted.values.get(ORDER_KEY)
        if target.entity.name == "A_SalesOrder":
            if self._one_order and self._touched:
                raise _restricted()
            self._touched.add(order)
            return self._orders.create(order)
        if order is not None:
            self._orders.complete(order)
        return []

    def _change(self, ask: Ask, target: Target) -> Reply:
        order = self._guarded(ask, target)
        body = body_of(ask)
        changes = changes_of(target.entity, body, creating=False)
        if target.entity.name in {"A_SalesOrder", "A_SalesOrderScheduleLine"}:
            self._orders.checks.date(target.entity.name, body)
        if target.entity.name == "A_SalesOrderScheduleLine" and "RequestedDeliveryDate" in changes:
            changes["ConfirmedDeliveryDate"] = changes["RequestedDeliveryDate"]
        item = self._item_of(target)
        if target.entity.name == "A_SalesOrderItem":
            self._orders.checks.item(body)
            self._orders.checks.delivered(order, item, changes)
        if changes:
            self._store.update(target.entity, changes, target.where)
        if "RequestedQuantity" in changes:
            self._orders.reschedule(order, item)
        if order is not None:
            self._orders.settle(order)
        return Reply(204)

    def _item_of(self, target: Target) -> Stored:
        if target.entity.name != "A_SalesOrderItem":
            return None
        return self._store.select(target.entity, ["SalesOrderItem"], target.where, limit=1)[0][0]

    def _delete(self, ask: Ask, target: Target) -> Reply:
        order = self._guarded(ask, target)
        self._store.delete(target.entity, target.where)
        if target.entity.name == "A_SalesOrder":
            for entity in self._reader.service.sets:
                self._store.delete(entity, target.where)
        elif order is not None:
            self._orders.settle(order)
        return Reply(204)

    def _guarded(self, ask: Ask, target: Target) -> Stored:
        """Refuse to change what is missing, held by another user or newer than the caller knows. Gives the order."""
        keyed = [key.name for key in target.entity.keys]
        rows = self._store.select(target.entity, keyed, self._reader.seen(target.entity, target.where), limit=1)
        if not rows:
            raise not_found(f"Resource not found for segment '{target.entity.type_name}'.")
        order = dict(zip(keyed, rows[0], strict=True)).get(ORDER_KEY)
        if order is not None:
            self._touch(order)
        self._match(ask, target, order)
        return order

    def _touch(self, order: Stored) -> None:
        shown = str(order).lstrip("0")
        holder = HOLDER if held() else self._locks.get(shown)
        if holder is not None:
            raise _locked(f"Sales order {shown}", holder)
        self._touched.add(order)
        if self._one_order and len(self._touched) > 1:
            raise _restricted()

    def _match(self, ask: Ask, target: Target, order: Stored) -> None:
        """Compare If-Match with the entity's own tag, or with its order's; only an own tag makes it required."""
        given = ask.header("if-match")
        if not given and target.entity.etag is not None:
            raise Refusal(428, PRECONDITION, "Precondition required: the If-Match header is missing.")
        header = self._reader.service.by_name.get("A_SalesOrder") if target.entity.etag is None else target.entity
        if given in {"", "*"} or header is None or header.etag is None:
            return
        where = target.where if header is target.entity else equal(ORDER_KEY, order)
        rows = self._store.select(header, [header.etag.name], where, limit=1)
        if not rows or etag_text(rows[0][0]) != given:
            raise Refusal(412, PRECONDITION, "Precondition failed: the entity was changed in the meantime.")

    def _read(self, target: Target, key: Clause, expand: tuple[tuple[str, ...], ...]) -> Entity:
        shape = shape_of(self._reader.service, target.entity, (), expand)
        found = self._reader.entities(shape, key, "", limit=1)
        if not found:
            raise Refusal(403, "/IWBEP/CM_MGW_RT/066", "You are not authorized to create this document.")
        return found[0]


def body_of(ask: Ask) -> Body:
    """The JSON object of a request, bare or inside "d"."""
    try:
        body = orjson.loads(ask.body)
    except orjson.JSONDecodeError as wrong:
        raise bad_request("Error while parsing the JSON document.") from wrong
    if isinstance(body, dict) and set(body) == {"d"}:
        body = body["d"]
    if not isinstance(body, dict):
        raise bad_request("An entity is expected.")
    return body


def _items(target: Target, body: Body) -> list[Body]:
    if target.entity.name == "A_SalesOrderItem":
        return [body]
    given = body.get("to_Item", []) if target.entity.name == "A_SalesOrder" else []
    listed = given.get("results") if isinstance(given, dict) else given
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def messages_header(messages: list[Message]) -> str:
    """The `sap-message` header: the first message, the others as its details."""
    first, *rest = [
        {"code": one.code, "message": one.text, "target": one.target, "severity": one.severity, "transition": False}
        for one in messages
    ]
    return orjson.dumps({**first, "details": rest}).decode()


def _locked(what: str, holder: str = HOLDER) -> Refusal:
    return Refusal(400, "V1/042", f"{what} is currently being processed by user {holder}")


def _restricted() -> Refusal:
    return Refusal(400, "/IWBEP/CM_MGW_RT/065", "Operation not allowed due to changeset restrictions")
