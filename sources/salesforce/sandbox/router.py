"""Which resource answers which call; also for the calls inside composite ones."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Final

from sources.salesforce.sandbox import collections, composite, describe, limits, query, rows
from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.errors import ApiError, not_found
from sources.salesforce.sandbox.org import Org

Resource = Callable[..., Reply]


def _routes(*table: tuple[str, str, Resource]) -> list[tuple[str, re.Pattern[str], Resource]]:
    names = {"{name}": r"(?P<name>\w+)", "{field}": r"(?P<field>\w+)", "{value}": r"(?P<value>.+)"}
    names |= {"{identity}": r"(?P<identity>[^/]+)", "{locator}": r"(?P<locator>\w+)-(?P<offset>\d+)"}
    routes = []
    for method, path, resource in table:
        pattern = path
        for mark, group in names.items():
            pattern = pattern.replace(mark, group)
        routes.append((method, re.compile(pattern), resource))
    return routes


ROUTES: Final = _routes(
    ("GET", "", describe.resources),
    ("GET", "/query", query.query),
    ("GET", "/queryAll", query.query_all),
    ("GET", "/query/{locator}", query.query_more),
    ("GET", "/limits", limits.limits),
    ("GET", "/limits/recordCount", limits.record_count),
    ("GET", "/sobjects", describe.describe_all),
    ("GET", "/sobjects/{name}", describe.basic),
    ("POST", "/sobjects/{name}", rows.create),
    ("GET", "/sobjects/{name}/describe", describe.describe),
    ("GET", "/sobjects/{name}/{identity}", rows.read),
    ("PATCH", "/sobjects/{name}/{identity}", rows.change),
    ("DELETE", "/sobjects/{name}/{identity}", rows.remove),
    ("GET", "/sobjects/{name}/{field}/{value}", rows.read_by_key),
    ("PATCH", "/sobjects/{name}/{field}/{value}", rows.put),
    ("DELETE", "/sobjects/{name}/{field}/{value}", rows.remove_by_key),
    ("POST", "/composite", composite.composite),
    ("POST", "/composite/graph", composite.graph),
    ("POST", "/composite/batch", composite.batch),
    ("POST", "/composite/sobjects", collections.create_many),
    ("PATCH", "/composite/sobjects", collections.change_many),
    ("DELETE", "/composite/sobjects", collections.delete_many),
    ("GET", "/composite/sobjects/{name}", collections.read_many),
    ("POST", "/composite/sobjects/{name}", collections.read_many),
    ("PATCH", "/composite/sobjects/{name}/{field}", collections.put_many),
)


def answer(org: Org, call: Call) -> Reply:
    """The reply to a call, refusals included."""
    try:
        return _routed(org, call)
    except ApiError as refused:
        return Reply(refused.status, refused.body())
    except sqlite3.IntegrityError as clash:
        message = f"duplicate value found: {clash}"
        return Reply(400, ApiError(400, "DUPLICATE_VALUE", message, []).body())


def _routed(org: Org, call: Call) -> Reply:
    known = False
    for method, pattern, resource in ROUTES:
        match = pattern.fullmatch(call.path)
        if match is None:
            continue
        if method == call.method:
            return resource(org, call, **match.groupdict())
        known = True
    if not known:
        raise not_found()
    message = f"HTTP Method '{call.method}' not allowed."
    raise ApiError(405, "METHOD_NOT_ALLOWED", message)
