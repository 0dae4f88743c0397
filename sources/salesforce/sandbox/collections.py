"""The collection resources: up to 200 rows in a call, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from sources.salesforce.sandbox.call import Call, Reply, as_list, as_record
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.ids import id18, is_id
from sources.salesforce.sandbox.model import SObject
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.rows import chosen_fields, record
from sources.salesforce.sandbox.write import Several, delete, external_field, insert, update, upsert

MOST_WRITTEN: Final = 200
MOST_READ: Final = 2_000
MOST_CHUNKS: Final = 10
Outcome = dict[str, object]


def create_many(org: Org, call: Call) -> Reply:
    """POST /composite/sobjects."""

    def write(item: object) -> Outcome:
        body = as_record(item)
        kind = org.platform.find(str(_named_type(body)))
        return org.platform.publish(kind, body) if kind else _done(insert(org, _type(org, body), body))

    return _each(org, as_list(call.body, "records"), write, all_or_none=_flag(as_record(call.body)))


def change_many(org: Org, call: Call) -> Reply:
    """PATCH /composite/sobjects: each record names its id."""

    def write(item: object) -> Outcome:
        body = dict(as_record(item))
        identity = next((body.pop(name) for name in ("id", "Id") if name in body), None)
        if not isinstance(identity, str):
            raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
        try:
            update(org, _type(org, body), _id(identity), body)
        except ApiError as refused:
            raise _cross_reference(refused) from refused
        return _done(id18(identity))

    return _each(org, as_list(call.body, "records"), write, all_or_none=_flag(as_record(call.body)))


def put_many(org: Org, call: Call, name: str, field: str) -> Reply:
    """PATCH /composite/sobjects/<type>/<field>: upserts; with Id as the field, null makes a row [recorded]."""
    one = org.type(name)
    key = external_field(one, field)

    def write(item: object) -> Outcome:
        body = dict(as_record(item))
        spelled = next((each for each in body if each.lower() == key.name.lower()), "")
        value = body.pop(spelled, None)
        if value is None and key.name != "Id":
            raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [])
        try:
            identity, made = (
                (insert(org, one, body), True)
                if value is None
                else upsert(org, one, key, str(value), body, update_only=False)
            )
        except Several as several:
            message = f"{key.name}: more than one record found for external id field: {several.identities}"
            raise ApiError(400, "DUPLICATE_EXTERNAL_ID", message, [key.name]) from several
        return {**_done(identity), "created": made}

    return _each(org, as_list(call.body, "records"), write, all_or_none=_flag(as_record(call.body)))


def delete_many(org: Org, call: Call) -> Reply:
    """DELETE /composite/sobjects?ids=a,b."""

    def write(item: object) -> Outcome:
        identity = _id(str(item))
        one = org.model.of_id(identity)
        if one is None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        try:
            delete(org, one, identity)
        except ApiError as refused:
            raise _cross_reference(refused) from refused
        return _done(identity)

    ids = [each for each in call.query.get("ids", "").split(",") if each]
    return _each(org, ids, write, all_or_none=call.query.get("allOrNone", "").lower() == "true")


def read_many(org: Org, call: Call, name: str) -> Reply:
    """POST (ids and fields in the body) or GET /composite/sobjects/<type>: rows in the order asked, null for none."""
    one = org.type(name)
    if call.method == "GET":
        ids: list[object] = list(call.query.get("ids", "").split(","))
        names: list[object] = list(call.query.get("fields", "").split(","))
    else:
        ids, names = as_list(call.body, "ids"), as_list(call.body, "fields")
    if len(ids) > MOST_READ:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST_READ} records")
    fields = chosen_fields(one, [str(each) for each in names])
    rows = [org.store.row(one, id18(str(each))) for each in ids]
    return Reply(200, [record(call, one, row, fields) if row and not row["IsDeleted"] else None for row in rows])


def _each(org: Org, items: Sequence[object], write: Callable[[object], Outcome], *, all_or_none: bool) -> Reply:
    if len(items) > MOST_WRITTEN:
        message = f"record limit reached. cannot submit more than {MOST_WRITTEN} records in this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    if len([kind for kind, _ in groupby(items, _named_type)]) > MOST_CHUNKS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {MOST_CHUNKS} chunks of records.")
    outcomes: list[Outcome] = []
    try:
        with org.store.atomic():
            outcomes.extend(_tried(write, item) for item in items)
            if all_or_none and not all(outcome["success"] for outcome in outcomes):
                raise _RolledBackError
    except _RolledBackError:
        outcomes = [_undone(outcome) for outcome in outcomes]
    return Reply(200, outcomes)


class _RolledBackError(Exception):
    pass


def _tried(write: Callable[[object], Outcome], item: object) -> Outcome:
    try:
        return write(item)
    except ApiError as refused:
        return {"success": False, "errors": [refused.entry()]}


def _undone(outcome: Outcome) -> Outcome:
    if not outcome["success"]:
        return outcome
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return {
        "id": outcome["id"],
        "success": False,
        "errors": [{"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": message, "fields": []}],
    }


def _done(identity: str) -> Outcome:
    return {"id": identity, "success": True, "errors": []}


def _named_type(item: object) -> object:
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return attributes.get("type") if isinstance(attributes, dict) else None


def _type(org: Org, body: dict[str, object]) -> SObject:
    name = _named_type(body)
    found = org.model.find(str(name))
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    return found


def _id(identity: str) -> str:
    if not is_id(identity):
        raise ApiError(400, "MALFORMED_ID", f"Record ID: id value of incorrect type: {identity}", ["Id"])
    return id18(identity)


def _flag(body: dict[str, object]) -> bool:
    return body.get("allOrNone") is True


def _cross_reference(refused: ApiError) -> ApiError:
    """In collections a row that is not there is a bad reference, not a missing resource [recorded]."""
    if refused.code != "NOT_FOUND":
        return refused
    return ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
