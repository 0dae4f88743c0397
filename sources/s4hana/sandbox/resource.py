"""Reading resources: collections with paging and counts, single entities, properties, navigation between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

import orjson

from sources.kit.sandbox.rows import spoil
from sources.s4hana.sandbox import atom
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal, order, where
from sources.s4hana.sandbox.query.expression import parse
from sources.s4hana.sandbox.query.options import Options, parse_options
from sources.s4hana.sandbox.query.path import Segment, key_clause, parse_path
from sources.s4hana.sandbox.query.shape import shape_of
from sources.s4hana.sandbox.reading import Entity, Reader
from sources.s4hana.sandbox.refusal import Refusal, bad_request, not_found
from sources.s4hana.sandbox.settings import SystemSettings
from sources.s4hana.sandbox.values import Stored

JSON = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Target:
    """Where a path leads: a set, the condition that the path adds, whether it is one entity; then a tail.

    `fixed` are the values that a new entity of a navigation gets from the entity it hangs on.
    """

    entity: EntitySet
    where: Clause
    single: bool
    tail: tuple[str, ...] = ()
    fixed: tuple[tuple[str, Stored], ...] = ()


def find(reader: Reader, path: str) -> Target:
    """Follow a path below the service root; 404 where a segment or an entity on the way does not exist."""
    first, *rest = parse_path(path) or [Segment("", None)]
    entity = reader.service.by_name.get(first.name)
    if entity is None:
        raise not_found(f"Resource not found for the segment '{first.name}'.")
    target = _entered(entity, Clause(), first, many=True)
    for place, segment in enumerate(rest):
        if segment.name not in target.entity.ways or not target.single:
            return replace(target, tail=_tail(target, rest[place:]))
        target = _followed(reader, target, segment)
    return target


def answer(reader: Reader, ask: Ask, path: str, settings: SystemSettings) -> Reply:
    """The answer to a GET below the service root."""
    options = parse_options(ask.query)
    target = find(reader, path)
    match target.tail:
        case ("$count",):
            count = reader.count(target.entity, _filtered(target, options))
            return Reply(200, str(count).encode(), "text/plain;charset=utf-8")
        case (name, "$value"):
            value = _single(reader, target, Options(select=((name,),)))[name]
            return Reply(200, str("" if value is None else value).encode(), "text/plain;charset=utf-8")
        case (name,):
            entity = _single(reader, target, Options(select=((name,),)))
            return Reply(200, orjson.dumps({"d": {name: entity[name]}}), JSON)
        case _ if target.single:
            return _one(reader, ask, target, options)
        case _:
            return _many(reader, ask, target, options, settings)


def written(ask: Ask, entity: Entity, status: int = 200) -> Reply:
    """One entity in the format asked for, with its entity tag as a header."""
    body = orjson.dumps({"d": entity}) if ask.wants_json else atom.entry(entity)
    reply = Reply(status, body, JSON if ask.wants_json else "application/atom+xml;type=entry;charset=utf-8")
    metadata = entity["__metadata"]
    tag = metadata.get("etag") if isinstance(metadata, dict) else None
    return reply.having(("etag", tag)) if tag else reply


def _entered(entity: EntitySet, condition: Clause, segment: Segment, *, many: bool) -> Target:
    if segment.predicate is None:
        return Target(entity, condition, not many)
    if not many:
        raise bad_request("A key predicate is not allowed after a single entity.")
    return Target(entity, condition & key_clause(entity, segment), single=True)


def _followed(reader: Reader, target: Target, segment: Segment) -> Target:
    way = target.entity.ways[segment.name]
    columns = [own for own, _ in way.on]
    rows = reader.store.select(target.entity, columns, reader.seen(target.entity, target.where), limit=1)
    if not rows:
        raise not_found(f"Resource not found for segment '{target.entity.type_name}'.")
    fixed = tuple((theirs, value) for (_, theirs), value in zip(way.on, rows[0], strict=True))
    joined = Clause()
    for name, value in fixed:
        joined &= equal(name, value)
    return replace(_entered(reader.service.by_name[way.target], joined, segment, many=way.many), fixed=fixed)


def _tail(target: Target, segments: list[Segment]) -> tuple[str, ...]:
    names = tuple(segment.name for segment in segments)
    known = names[0] in target.entity.by_name and target.single and names[1:] in {(), ("$value",)}
    if known or (names == ("$count",) and not target.single):
        return names
    raise not_found(f"Resource not found for the segment '{names[0]}'.")


def _filtered(target: Target, options: Options) -> Clause:
    if options.filter is None:
        return target.where
    return target.where & where(target.entity, parse(options.filter))


def _single(reader: Reader, target: Target, options: Options) -> Entity:
    shape = shape_of(reader.service, target.entity, options.select, options.expand)
    found = reader.entities(shape, target.where, "", limit=1)
    if not found:
        raise not_found(f"Resource not found for segment '{target.entity.type_name}'.")
    return found[0]


def _one(reader: Reader, ask: Ask, target: Target, options: Options) -> Reply:
    reply = written(ask, _single(reader, target, options))
    tag = dict(reply.headers).get("etag")
    if tag is not None and ask.header("if-none-match") == tag:
        return Reply(304).having(("etag", tag))
    return reply


def _many(reader: Reader, ask: Ask, target: Target, options: Options, settings: SystemSettings) -> Reply:
    if settings.inlinecount_fails and options.inlinecount and options.filter is None and options.top is None:
        raise Refusal(500, "/IWBEP/CM_MGW_RT/001", "Time limit exceeded.")
    condition = _filtered(target, options)
    shape = shape_of(reader.service, target.entity, options.select, options.expand)
    left = settings.page_size if options.top is None else max(options.top - options.skiptoken, 0)
    limit = min(settings.page_size, left)
    offset = options.skip + options.skiptoken
    more = 1 if options.top is None or left > limit else 0
    found = reader.entities(shape, condition, order(target.entity, options.orderby), limit + more, offset)
    count = str(reader.count(target.entity, condition)) if options.inlinecount else None
    if not ask.wants_json:
        return Reply(200, atom.feed(target.entity.name, found[:limit], count), "application/atom+xml;type=feed")
    answered: dict[str, object] = {} if count is None else {"__count": count}
    answered["results"] = spoil(found[:limit])
    if len(found) > limit:
        answered["__next"] = _next(ask, options, options.skiptoken + limit)
    return Reply(200, orjson.dumps({"d": answered}), JSON)


def _next(ask: Ask, options: Options, token: int) -> str:
    kept = [(name, value) for name, value in options.given if name != "$skiptoken"]
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in kept)
    joined = f"{query}&" if query else ""
    return f"{ask.origin}{ask.path}?{joined}$skiptoken={token}"
