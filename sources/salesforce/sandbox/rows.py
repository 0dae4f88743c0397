"""The row resources: create, read, change, delete, upsert by external id, with conditional headers."""

from __future__ import annotations

from urllib.parse import unquote

from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.conditional import etag, refuse_changed, unchanged
from sources.salesforce.sandbox.errors import ApiError, no_such_column, not_found
from sources.salesforce.sandbox.ids import id18, is_id
from sources.salesforce.sandbox.model import Field, SObject, address_columns
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.soql.answer import address
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import to_column, to_json
from sources.salesforce.sandbox.write import Several, delete, external_field, insert, live_row, update, upsert


def create(org: Org, call: Call, name: str) -> Reply:
    """POST /sobjects/<type>: a row, or a platform event."""
    kind = org.platform.find(name)
    if kind is not None:
        return Reply(201, org.platform.publish(kind, call.record()))
    one = org.type(name)
    identity = insert(org, one, call.record())
    body = {"id": identity, "success": True, "errors": []}
    return Reply(201, body, {"Location": call.record_url(one.name, identity)})


def read(org: Org, call: Call, name: str, identity: str) -> Reply:
    """GET /sobjects/<type>/<id>?fields=: 304 when the caller's copy is fresh."""
    one = org.type(name)
    return _shown(call, one, live_row(org, one, _known_id(identity)))


def change(org: Org, call: Call, name: str, identity: str) -> Reply:
    """PATCH /sobjects/<type>/<id>: 204, 412 when it changed since."""
    one = org.type(name)
    row = live_row(org, one, _known_id(identity))
    refuse_changed(call, one, row)
    update(org, one, str(row["Id"]), call.record())
    return Reply(204)


def remove(org: Org, call: Call, name: str, identity: str) -> Reply:  # noqa: ARG001 - every resource takes the call
    """DELETE /sobjects/<type>/<id>: 204."""
    delete(org, org.type(name), _known_id(identity))
    return Reply(204)


def read_by_key(org: Org, call: Call, name: str, field: str, value: str) -> Reply:
    """GET /sobjects/<type>/<field>/<value>: 300 when several rows have it."""
    one = org.type(name)
    identity = _only(org, call, one, external_field(one, field), value)
    return identity if isinstance(identity, Reply) else _shown(call, one, live_row(org, one, identity))


def remove_by_key(org: Org, call: Call, name: str, field: str, value: str) -> Reply:
    """DELETE /sobjects/<type>/<field>/<value>."""
    one = org.type(name)
    identity = _only(org, call, one, external_field(one, field), value)
    if isinstance(identity, Reply):
        return identity
    delete(org, one, identity)
    return Reply(204)


def put(org: Org, call: Call, name: str, field: str, value: str) -> Reply:
    """PATCH /sobjects/<type>/<field>/<value>: 201 made, 200 changed, 300 ambiguous."""
    one = org.type(name)
    only = call.query.get("updateOnly", "").lower() == "true"
    try:
        identity, made = upsert(org, one, external_field(one, field), unquote(value), call.record(), update_only=only)
    except Several as several:
        return _several(call, one, several.identities)
    body = {"id": identity, "success": True, "errors": [], "created": made}
    return Reply(201 if made else 200, body, {"Location": call.record_url(one.name, identity)})


def record(call: Call, one: SObject, row: Row, fields: list[Field]) -> dict[str, object]:
    """A row as the API shows it."""
    shown: dict[str, object] = {"attributes": {"type": one.name, "url": call.record_url(one.name, str(row["Id"]))}}
    for field in fields:
        if field.stored:
            shown[field.name] = to_json(field, row[field.name])
        else:
            shown[field.name] = address([row[column] for column in address_columns(field)])
    return shown


def chosen_fields(one: SObject, names: list[str]) -> list[Field]:
    """The fields named, Id with them; all when none is. INVALID_FIELD for one that is not there."""
    if not names:
        return list(one.fields.values())
    fields = [(name, one.field(name)) for name in names]
    for name, field in fields:
        if field is None:
            raise no_such_column(name, one.name)
    found = [field for _, field in fields if field is not None]
    return found if one.fields["Id"] in found else [*found, one.fields["Id"]]


def _shown(call: Call, one: SObject, row: Row) -> Reply:
    headers = etag(one, row)
    if unchanged(call, one, row):
        return Reply(304, None, headers)
    names = [name for name in call.query.get("fields", "").split(",") if name]
    return Reply(200, record(call, one, row, chosen_fields(one, names)), headers)


def _only(org: Org, call: Call, one: SObject, field: Field, value: str) -> str | Reply:
    found = org.store.find(one, field, to_column(field, unquote(value)))
    if not found:
        raise not_found()
    return found[0] if len(found) == 1 else _several(call, one, found)


def _several(call: Call, one: SObject, identities: list[str]) -> Reply:
    return Reply(300, [call.record_url(one.name, identity) for identity in identities])


def _known_id(identity: str) -> str:
    if not is_id(identity):
        message = f"Provided external ID field does not exist or is not accessible: {identity}"
        raise ApiError(404, "NOT_FOUND", message)
    return id18(identity)
