"""The query resources: first page, further pages from a frozen result, counts and groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sources.kit.sandbox.rows import spoil
from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.metadata import column_metadata
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.soql import answer
from sources.salesforce.sandbox.soql.compiler import compile_query
from sources.salesforce.sandbox.soql.plan import CountPlan, GroupPlan, Plan
from sources.salesforce.sandbox.values import Column

SMALLEST_PAGE: Final = 200
LARGEST_PAGE: Final = 2_000
_BATCH: Final = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
Rows = Sequence[tuple[Column, ...]]


def query(org: Org, call: Call) -> Reply:
    """GET /query?q=: live rows."""
    return _run(org, call, deleted=False)


def query_all(org: Org, call: Call) -> Reply:
    """GET /queryAll?q=: rows in the recycle bin too."""
    return _run(org, call, deleted=True)


def query_more(org: Org, call: Call, locator: str, offset: str) -> Reply:
    """GET /query/<locator>-<offset>: the next page of a frozen result."""
    frozen = org.cursors.find(locator)
    start = int(offset)
    if frozen is None or start >= len(frozen.rows):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Reply(200, _page(org, call, frozen.plan, frozen.rows, start, locator))


def _run(org: Org, call: Call, *, deleted: bool) -> Reply:
    text = call.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "unexpected end of query: the parameter q is missing")
    plan = compile_query(text, org.model, org.store.clock().date(), deleted=deleted)
    if call.query.get("columns", "").lower() == "true":
        return Reply(200, column_metadata(plan))
    match plan:
        case CountPlan():
            return Reply(200, {"totalSize": answer.count(org.store, plan), "done": True, "records": []})
        case GroupPlan():
            rows = spoil(answer.groups(org.store, plan))
            return Reply(200, {"totalSize": len(rows), "done": True, "records": rows})
        case Plan():
            found = org.store.select(plan.sql, plan.values)
            return Reply(200, _page(org, call, plan, found, 0, None))


def _page(org: Org, call: Call, plan: Plan, rows: Rows, start: int, locator: str | None) -> dict[str, object]:
    end = start + _page_size(call)
    page: dict[str, object] = {"totalSize": len(rows), "done": end >= len(rows)}
    if end < len(rows):
        locator = locator or org.cursors.keep(plan, rows)
        page["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
    page["records"] = answer.records(org.store, plan, spoil(rows[start:end]), call.base)
    return page


def _page_size(call: Call) -> int:
    asked = _BATCH.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(asked[1]), SMALLEST_PAGE), LARGEST_PAGE) if asked else LARGEST_PAGE
