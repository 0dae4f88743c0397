from __future__ import annotations

import msgspec
import pytest
from msgspec import Struct

from sources.kit.odata.payload import Collection, Entity, Expanded, Values, following


class Item(Struct):
    Material: str


class Order(Struct):
    SalesOrder: str
    items: Expanded[Item] = msgspec.field(default_factory=Expanded, name="to_Item")


def test_a_collection_is_decoded_into_the_vendors_own_rows() -> None:
    body = (
        b'{"d":{"__count":"2","__next":"http://x/SRV/A?$skiptoken=1","results":['
        b'{"__metadata":{"uri":"u"},"SalesOrder":"1","to_Item":{"results":[{"Material":"TG11"}]}},'
        b'{"SalesOrder":"2","to_Item":{"__deferred":{"uri":"u"}}}]}}'
    )

    page = msgspec.json.decode(body, type=Collection[Order]).d

    assert (page.count, page.next) == ("2", "http://x/SRV/A?$skiptoken=1")
    assert [(row.SalesOrder, len(row.items.results)) for row in page.results] == [("1", 1), ("2", 0)]


def test_one_entity_and_version_four_are_decoded_too() -> None:
    one = msgspec.json.decode(b'{"d":{"SalesOrder":"1"}}', type=Entity[Order])
    four = msgspec.json.decode(b'{"value":[{"SalesOrder":"1"}],"@odata.nextLink":"A?x"}', type=Values[Order])

    assert (one.d.SalesOrder, four.value[0].SalesOrder, four.next) == ("1", "1", "A?x")


@pytest.mark.parametrize(
    "body", [b'{"d":{"results":[{}]}}', b'{"d":{"results":[{"SalesOrder":1}]}}', b"<html/>", b"{}"]
)
def test_what_the_contract_does_not_allow_is_not_decoded(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(body, type=Collection[Order])


@pytest.mark.parametrize(
    "link",
    [
        "https://inside.example:44300/odata/SRV;v=0002/A?$filter=x%20eq%20'1'&$skiptoken=9",
        "/odata/SRV%3Bv=0002/A?$filter=x%20eq%20'1'&$skiptoken=9",
        "A?$filter=x%20eq%20'1'&$skiptoken=9",
    ],
)
def test_a_further_page_stays_at_the_service_whatever_host_it_names(link: str) -> None:
    assert following(link, "SRV;v=0002") == "A?$filter=x%20eq%20'1'&$skiptoken=9"


@pytest.mark.parametrize("link", ["https://elsewhere.example/A?x", "/other/A?x=/SRV/"])
def test_a_page_link_that_leads_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="out of the service"):
        following(link, "SRV")
