"""Several calls in one: composite with references, graphs, and batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sources.salesforce.sandbox.call import Call, Reply, as_list, as_record
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.graph_limits import refuse_beyond_limits
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.references import NoValue, References

MOST_CALLS: Final = 25
MOST_QUERIES: Final = 5
ROLLED_BACK: Final = "The transaction was rolled back since another operation in the same transaction failed."
Sub = dict[str, object]


class _FailedError(Exception):
    """Undoes a transaction; carries what was answered up to then."""

    def __init__(self, answers: list[Sub]) -> None:
        super().__init__("a subrequest failed")
        self.answers = answers


def composite(org: Org, call: Call) -> Reply:
    """POST /composite: 200 whatever becomes of the subrequests."""
    body = call.record()
    subs = [as_record(sub) for sub in as_list(body, "compositeRequest")]
    _within(len(subs), MOST_CALLS, f"The Composite API request can't contain more than {MOST_CALLS} subrequests.")
    queries = sum(_heavy(sub) for sub in subs)
    _within(
        queries, MOST_QUERIES, f"The request can't contain more than {MOST_QUERIES} query or collection operations."
    )
    answers, _ = _transaction(org, call, subs, all_or_none=body.get("allOrNone") is True)
    return Reply(200, {"compositeResponse": answers})


def graph(org: Org, call: Call) -> Reply:
    """POST /composite/graph: each graph happens whole or not at all."""
    graphs = [as_record(each) for each in as_list(call.body, "graphs")]
    nodes = [[as_record(sub) for sub in as_list(each, "compositeRequest")] for each in graphs]
    refuse_beyond_limits(nodes)
    answers = [_graph(org, call, each, subs) for each, subs in zip(graphs, nodes, strict=True)]
    return Reply(200, {"graphs": answers})


def batch(_org: Org, call: Call) -> Reply:
    """POST /composite/batch: independent calls; with haltOnError the rest of a failed one are 412."""
    body = call.record()
    subs = [as_record(sub) for sub in as_list(body, "batchRequests")]
    _within(len(subs), MOST_CALLS, f"The batch can't contain more than {MOST_CALLS} subrequests.")
    results: list[Sub] = []
    failed = False
    for sub in subs:
        if failed and body.get("haltOnError") is True:
            halted = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": 412, "result": halted.body()})
            continue
        url = "/services/data/" + str(sub.get("url", "")).removeprefix("/services/data").strip("/")
        reply = _answer(call, str(sub.get("method", "GET")), url, {}, sub.get("richInput"))
        failed = failed or not reply.ok
        results.append({"statusCode": reply.status, "result": reply.body})
    return Reply(200, {"hasErrors": failed, "results": results})


def _graph(org: Org, call: Call, body: Sub, subs: Sequence[Sub]) -> Sub:
    answers, successful = _transaction(org, call, subs, all_or_none=True)
    return {
        "graphId": body.get("graphId"),
        "graphResponse": {"compositeResponse": answers},
        "isSuccessful": successful,
    }


def _transaction(org: Org, call: Call, subs: Sequence[Sub], *, all_or_none: bool) -> tuple[list[Sub], bool]:
    try:
        with org.store.atomic():
            answers = _in_order(call, subs, stop=all_or_none)
            successful = all(_succeeded(answer) for answer in answers)
            if all_or_none and not successful:
                raise _FailedError(answers)
    except _FailedError as failed:
        return [_undone(sub, answer) for sub, answer in _paired(subs, failed.answers)], False
    return answers, successful


def _in_order(call: Call, subs: Sequence[Sub], *, stop: bool) -> list[Sub]:
    references = References()
    answers: list[Sub] = []
    for sub in subs:
        reply = _one(call, sub, references)
        name = str(sub.get("referenceId"))
        if reply.ok:
            references.remember(name, reply.body)
        answers.append(_entry(name, reply))
        if stop and not reply.ok:
            break
    return answers


def _one(call: Call, sub: Sub, references: References) -> Reply:
    try:
        url = references.fill(str(sub.get("url", "")))
        body = references.fill_all(sub.get("body"))
    except NoValue as missing:
        return Reply(400, ApiError(400, "PROCESSING_HALTED", str(missing)).body())
    headers = sub.get("httpHeaders")
    given = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    return _answer(call, str(sub.get("method", "GET")), url, given, body)


def _answer(call: Call, method: str, url: str, headers: dict[str, str], body: object) -> Reply:
    try:
        inner = call.inside(method, url, headers, body)
    except ApiError as refused:
        return Reply(refused.status, refused.body())
    return call.again(inner)


def _entry(name: str, reply: Reply) -> Sub:
    shown = {
        header: value for header, value in reply.headers.items() if header in {"Location", "ETag", "Last-Modified"}
    }
    headers = shown if reply.status != 200 or "ETag" in shown else {}
    return {"body": reply.body, "httpHeaders": headers, "httpStatusCode": reply.status, "referenceId": name}


def _paired(subs: Sequence[Sub], answers: list[Sub]) -> list[tuple[Sub, Sub | None]]:
    return [(sub, answers[place] if place < len(answers) else None) for place, sub in enumerate(subs)]


def _undone(sub: Sub, answer: Sub | None) -> Sub:
    if answer is not None and not _succeeded(answer):
        return answer
    return _entry(str(sub.get("referenceId")), Reply(400, ApiError(400, "PROCESSING_HALTED", ROLLED_BACK).body()))


def _succeeded(answer: Sub) -> bool:
    # An upsert that finds several rows is answered 300 and writes none.
    status = answer["httpStatusCode"]
    return isinstance(status, int) and status != 300 and status < 400


def _heavy(sub: Sub) -> bool:
    rest = str(sub.get("url", "")).split("/services/data/")[-1].split("/", 1)[-1]
    return rest.startswith(("query", "composite/sobjects"))


def _within(count: int, most: int, message: str) -> None:
    if count > most:
        raise ApiError(400, "LIMIT_EXCEEDED", message)
