from __future__ import annotations

from sources.kit.odata.metadata import EntityType, Metadata
from sources.kit.odata.query import Query, Shape

KNOWN = Metadata(
    types={
        "OrderType": EntityType(frozenset({"Key", "Day"}), {"to_Item": "ItemType", "to_Empty": "EmptyType"}),
        "ItemType": EntityType(frozenset({"Material"}), {}),
        "EmptyType": EntityType(frozenset(), {}),
    },
    sets={"Orders": "OrderType"},
)


def test_a_shape_selects_by_path_and_expands_only_the_longest_ways() -> None:
    shape = Shape.of("Key", "to_Item/Material", "to_Item/to_Plan/to_Date/Day", "to_Item/Material", "to_Flow/Document")

    assert list(shape.paths()) == ["Key", "to_Item/Material", "to_Item/to_Plan/to_Date/Day", "to_Flow/Document"]
    assert list(shape.expansions()) == ["to_Item/to_Plan/to_Date", "to_Flow"]


def test_a_query_is_one_encoded_url_without_empty_options() -> None:
    query = Query("Orders", Shape.of("Key", "to_Item/Material"), "Key eq 'a b'", ("Day desc", "Key desc"), 51)

    assert query.url() == (
        "Orders?$filter=Key%20eq%20'a%20b'&$orderby=Day%20desc,Key%20desc&$top=51"
        "&$select=Key,to_Item/Material&$expand=to_Item"
    )
    assert Query("Orders", Shape.of("Key")).url() == "Orders?$select=Key"


def test_only_what_the_service_has_is_left_of_a_query() -> None:
    query = Query("Orders", Shape.of("Key", "New", "to_Item/Material", "to_Item/New", "to_Gone/Key", "to_Empty/New"))

    assert query.known_to(KNOWN).url() == "Orders?$select=Key,to_Item/Material&$expand=to_Item"


def test_a_set_that_the_service_lacks_is_asked_for_as_it_stands() -> None:
    query = Query("Others", Shape.of("Key"))

    assert query.known_to(KNOWN) is query
