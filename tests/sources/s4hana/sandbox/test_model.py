from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from sources.s4hana.sandbox.metadata import edmx
from sources.s4hana.sandbox.model import SERVICES, Kind, Service

BY_NAME = {service.name: service for service in SERVICES}
CONTRACTS = os.environ.get("REVGRAPH_CONTRACTS")


@dataclass(frozen=True)
class Facets:
    type: str
    length: str | None
    scale: str | None
    etag: bool


@dataclass(frozen=True)
class Published:
    """An entity type of a metadata document: key, properties, navigations to (type, multiplicity)."""

    keys: list[str]
    properties: dict[str, Facets]
    ways: dict[str, tuple[str, str]]


def published(document: bytes) -> dict[str, Published]:
    """Entity types by entity set."""
    root = ElementTree.fromstring(document)
    schema = next(node for node in root.iter() if node.tag.endswith("}Schema"))
    edm = schema.tag.removesuffix("Schema")
    ends = {
        attribute(association, "Name"): {
            attribute(end, "Role"): (local(attribute(end, "Type")), attribute(end, "Multiplicity"))
            for end in association.findall(f"{edm}End")
        }
        for association in root.iter(f"{edm}Association")
    }
    types = {}
    for node in root.iter(f"{edm}EntityType"):
        properties = {attribute(one, "Name"): facets_of(one) for one in node.findall(f"{edm}Property")}
        ways = {
            attribute(way, "Name"): ends[local(attribute(way, "Relationship"))][attribute(way, "ToRole")]
            for way in node.findall(f"{edm}NavigationProperty")
        }
        keys = [attribute(key, "Name") for key in node.iter(f"{edm}PropertyRef")]
        types[attribute(node, "Name")] = Published(keys, properties, ways)
    return {
        attribute(node, "Name"): types[local(attribute(node, "EntityType"))] for node in root.iter(f"{edm}EntitySet")
    }


def attribute(node: Element, name: str) -> str:
    return node.attrib[name]


def local(name: str) -> str:
    return name.rpartition(".")[2]


def facets_of(node: Element) -> Facets:
    kind = attribute(node, "Type")
    scale = (node.get("Scale") or "0") if kind == "Edm.Decimal" else None
    return Facets(kind, node.get("MaxLength"), scale, node.get("ConcurrencyMode") == "Fixed")


CASES = [
    ("API_SALES_ORDER_SRV", "API_SALES_ORDER_SRV.onprem-2026.edmx", False),
    ("API_SALES_ORDER_SRV", "API_SALES_ORDER_SRV.edmx", True),
    ("API_BILLING_DOCUMENT_SRV", "API_BILLING_DOCUMENT_SRV.edmx", False),
    ("API_OPLACCTGDOCITEMCUBE_SRV", "API_OPLACCTGDOCITEMCUBE_SRV.edmx", False),
    ("API_BUSINESS_PARTNER", "API_BUSINESS_PARTNER.edmx", False),
    ("API_PRODUCT_SRV", "API_PRODUCT_SRV.edmx", False),
]


@pytest.mark.contracts
@pytest.mark.skipif(not CONTRACTS, reason="REVGRAPH_CONTRACTS is not set: no published metadata to compare with")
@pytest.mark.parametrize("name,file,older", CASES, ids=[file for _, file, _ in CASES])
def test_our_metadata_is_a_true_part_of_the_published(name: str, file: str, older: bool) -> None:
    service = BY_NAME[name].older() if older else BY_NAME[name]
    theirs = published((Path(CONTRACTS or "") / "sap" / file).read_bytes())

    ours = published(edmx(service))

    for entity, own in ours.items():
        assert own.keys == theirs[entity].keys
        for prop, facets in own.properties.items():
            assert facets == theirs[entity].properties[prop], f"{entity}.{prop}"
        for way, end in own.ways.items():
            assert end == theirs[entity].ways[way], f"{entity}.{way}"


@pytest.mark.contracts
@pytest.mark.skipif(not CONTRACTS, reason="REVGRAPH_CONTRACTS is not set: no published metadata to compare with")
@pytest.mark.parametrize(
    "name,file",
    [
        ("API_OUTBOUND_DELIVERY_SRV", "API_OUTBOUND_DELIVERY_SRV_0002"),
        ("API_SALES_ORDER_SIMULATION_SRV", "API_SALES_ORDER_SIMULATION_SRV"),
    ],
)
def test_a_service_published_as_openapi_alone_is_a_true_part_of_it(name: str, file: str) -> None:
    contract = json.loads((Path(CONTRACTS or "") / "sap" / f"{file}.openapi.json").read_text())

    for entity in BY_NAME[name].sets:
        properties = contract["components"]["schemas"][entity.name]["properties"]
        for prop in entity.properties:
            theirs = properties[prop.name]
            if prop.kind is Kind.DECIMAL:
                assert (theirs["x-sap-precision"], theirs.get("x-sap-scale", 0)) == (prop.length, prop.scale)
            elif prop.kind in {Kind.TEXT, Kind.ALPHA, Kind.DIGITS}:
                assert theirs["maxLength"] == prop.length, prop.name
            else:
                assert "maxLength" not in theirs
        assert set(entity.ways) <= set(properties)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_navigation_leads_to_a_set_of_its_service_by_properties_that_exist(service: Service) -> None:
    for version in (service, service.older()):
        for entity in version.sets:
            for way in entity.navigations:
                target = version.by_name[way.target]
                assert all(own in entity.by_name and theirs in target.by_name for own, theirs in way.on)


def test_entity_sets_have_one_name_in_all_services() -> None:
    names = [entity.name for service in SERVICES for entity in service.sets]

    assert len(names) == len(set(names))


def test_the_older_release_has_no_document_flow_and_no_delivery_status() -> None:
    older = BY_NAME["API_SALES_ORDER_SRV"].older()

    assert "A_SalesOrderSubsqntProcFlow" not in older.by_name
    assert "OverallDeliveryStatus" not in older.by_name["A_SalesOrder"].by_name
    assert "to_SubsequentProcFlowDoc" not in older.by_name["A_SalesOrder"].ways


def test_the_older_release_has_partners_without_addresses() -> None:
    older = BY_NAME["API_SALES_ORDER_SRV"].older()

    assert "A_SalesOrderPartnerAddress" not in older.by_name
    assert set(older.by_name["A_SalesOrderHeaderPartner"].ways) == {"to_SalesOrder"}
