from __future__ import annotations

import pytest

from sources.kit.odata.metadata import read_metadata

V2 = """<?xml version="1.0"?><edmx:Edmx xmlns:sap="s"><Schema Namespace="S">
<EntityType Name="OrderType" sap:label="An order"><Key><PropertyRef Name="Key"/></Key>
<Property Name="Key" Type="Edm.String" sap:label="Name=&quot;x&quot;"/><Property Name="Day" Type="Edm.DateTime"/>
<NavigationProperty Name="to_Item" Relationship="S.a1" FromRole="F" ToRole="T"/></EntityType>
<EntityType Name="ItemType"><Property Name="Material" Type="Edm.String"/></EntityType>
<Association Name="a1"><End Type="S.OrderType" Multiplicity="1" Role="F"/><End Type="S.ItemType" Role="T"/>
</Association>
<EntityContainer><EntitySet Name="A_Order" EntityType="S.OrderType"/></EntityContainer></Schema></edmx:Edmx>"""

V4 = """<EntityType Name="Order"><Property Name="Key" Type="Edm.String"/>
<NavigationProperty Name="_Item" Type="Collection(s.Item)"/></EntityType>
<EntityType Name="Item"><Property Name="Product" Type="Edm.String"/></EntityType>
<EntitySet Name="Orders" EntityType="s.Order"/>"""


def test_version_two_says_what_it_has_and_where_navigations_lead() -> None:
    metadata = read_metadata(V2)

    order = metadata.of_set("A_Order")
    assert order is not None
    assert order.properties == {"Key", "Day"}
    assert order.navigations == {"to_Item": "ItemType"}
    assert metadata.types["ItemType"].properties == {"Material"}
    assert metadata.of_set("A_Other") is None


def test_version_four_names_the_type_itself() -> None:
    metadata = read_metadata(V4)

    assert metadata.types["Order"].navigations == {"_Item": "Item"}
    assert metadata.sets == {"Orders": "Order"}


def test_a_page_is_no_metadata() -> None:
    with pytest.raises(ValueError, match="no entity type"):
        read_metadata("<html>Log on</html>")
