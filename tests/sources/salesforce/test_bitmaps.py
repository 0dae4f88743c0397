"""Bitmaps of fields, as published: a bit for each field of the schema, the lowest for the first."""

from __future__ import annotations

from typing import Any

import pytest

from sources.salesforce.bitmaps import fields_in
from sources.salesforce.sandbox.avro import bitmaps, change_event
from sources.salesforce.sandbox.objects import standard_objects

ADDRESS: dict[str, Any] = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": "Street", "type": ["null", "string"]}, {"name": "City", "type": ["null", "string"]}],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "OrderChangeEvent",
    "namespace": "com.sforce.eventbus",
    "fields": [
        {"name": "ChangeEventHeader", "type": "string"},
        {"name": "AccountId", "type": ["null", "string"]},
        {"name": "Status", "type": ["null", "string"]},
        {"name": "LastModifiedDate", "type": ["null", "long"]},
        {"name": "BillingAddress", "type": ["null", ADDRESS]},
        {"name": "ShippingAddress", "type": ["null", "com.sforce.eventbus.Address"]},
    ],
}


@pytest.mark.parametrize(
    "bitmap,expected",
    [
        ([], ()),
        (["0x0C"], ("Status", "LastModifiedDate")),
        (["0x02"], ("AccountId",)),
        (["0x08", "4-0x02"], ("LastModifiedDate", "BillingAddress.City")),
        (["4-0x03"], ("BillingAddress.Street", "BillingAddress.City")),
        (["5-0x01"], ("ShippingAddress.Street",)),
    ],
)
def test_each_bit_is_a_field(bitmap: list[str], expected: tuple[str, ...]) -> None:
    assert fields_in(bitmap, SCHEMA) == expected


@pytest.mark.parametrize("bitmap", ["Status", "0x", "0xZZ", "0x80", "9-0x01", "1-0x01", "4-0x04", "-1-0x01"])
def test_what_does_not_fit_the_schema_is_refused(bitmap: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each is refused in its own words
        fields_in([bitmap], SCHEMA)


def test_what_the_pretend_org_marks_is_read_back() -> None:
    order = next(one for one in standard_objects() if one.name == "Order")
    kind = change_event(order)

    marked = bitmaps(kind, ["Status", "PoNumber", "BillingCity", "ShippingStreet", "SystemModstamp"])

    assert set(fields_in(marked, kind.schema)) == {
        "Status",
        "PoNumber",
        "BillingAddress.City",
        "ShippingAddress.Street",
    }
