"""Everything that is written stands in what SAP published: a field of that place and kind, long enough, and open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import msgspec
import pytest
from defusedxml import ElementTree

from canonical.customer import Address
from canonical.intake import Amendment, LineChange, LineRequest
from sources.kit.odata.batch import Operation
from sources.s4hana.changing import Changes
from sources.s4hana.customer_bodies import CustomerBodies
from sources.s4hana.order_bodies import OrderBodies
from sources.s4hana.selling import SalesAreas
from sources.s4hana.settings import Settings
from tests.sources.s4hana.opened import instance
from tests.sources.s4hana.test_changing import STANDING, amendment
from tests.sources.s4hana.test_customer_bodies import WHOLE
from tests.sources.s4hana.test_order_bodies import HOSE, PUMP, request
from tests.sources.s4hana.test_published_fields import contracts

pytestmark = pytest.mark.contracts

# Published fields of the right kinds stand in for a company's own.
SETTINGS = Settings(
    crm_key_field="AssignmentReference",
    amendment_field="AccountingDocExternalReference",
    line_start_field="ServicesRenderedDate",
    line_end_field="FixedValueDate",
    line_segment_field="MaterialGroup",
    discount_condition_type="DRV1",
    identification_type="ZRVG",
    reconciliation_accounts={"*": "12100000"},
    customer_payment_terms="NT30",
    tax_classifications={"UTXJ": "1"},
)
SERVICE = LineRequest(
    sku="SUB-1",
    quantity=Decimal("1.125"),
    unit_price=Decimal("9.99"),
    discount_percent=Decimal("12.5"),
    starts_on=date(2027, 1, 1),
    ends_on=date(2027, 12, 31),
    segment=1,
)
ORDER = request(
    PUMP,
    HOSE,
    SERVICE,
    reference="R" * 35,
    purchase_order_number="P" * 35,
    crm_order_key="8015g0000021stiAAA",
    requested_delivery_date=date(2027, 1, 15),
    ship_to=Address("Harbour St 5\nGate 3", "Oakland", "94601", "CA", "US"),
    bill_to=Address("x" * 60, "y" * 40, "9" * 10, "CA", "US"),
)
AMENDMENT = amendment(
    change=(
        LineChange(
            key="10",
            quantity=Decimal(5),
            unit_price=Decimal("99.50"),
            starts_on=date(2027, 1, 1),
            ends_on=date(2027, 12, 31),
            requested_delivery_date=date(2027, 1, 15),
        ),
        LineChange(key="20", unit_price=Decimal(1)),
    ),
    remove=("20",),
    add=(PUMP, HOSE, SERVICE),
    requested_delivery_date=date(2027, 1, 15),
    purchase_order_number="P" * 35,
)
KINDS = {
    "Edm.String": r".*",
    "Edm.Decimal": r"-?\d+(\.\d+)?",
    "Edm.DateTime": r"/Date\(-?\d+\)/",
    "Edm.DateTimeOffset": r"/Date\(-?\d+\+0000\)/",
}


@dataclass(frozen=True)
class Field:
    kind: str
    length: int | None
    scale: int
    creatable: bool
    updatable: bool


@dataclass(frozen=True)
class Entity:
    fields: dict[str, Field]
    ways: dict[str, str]


def published(name: str) -> tuple[dict[str, Entity], dict[str, str]]:
    """Entity types by name, and the type of each set."""
    root = ElementTree.fromstring((contracts() / name).read_bytes())
    schema = next(node for node in root.iter() if node.tag.endswith("}Schema"))
    edm, sap = schema.tag.removesuffix("Schema"), "{http://www.sap.com/Protocols/SAPData}"
    ends = {
        one.attrib["Name"]: {end.attrib["Role"]: last(end.attrib["Type"]) for end in one.findall(f"{edm}End")}
        for one in root.iter(f"{edm}Association")
    }
    types = {
        node.attrib["Name"]: Entity(
            {
                one.attrib["Name"]: Field(
                    one.attrib["Type"],
                    int(one.attrib["MaxLength"]) if "MaxLength" in one.attrib else None,
                    int(one.attrib.get("Scale", 0)),
                    one.attrib.get(f"{sap}creatable") != "false",
                    one.attrib.get(f"{sap}updatable") != "false",
                )
                for one in node.findall(f"{edm}Property")
            },
            {
                way.attrib["Name"]: ends[last(way.attrib["Relationship"])][way.attrib["ToRole"]]
                for way in node.findall(f"{edm}NavigationProperty")
            },
        )
        for node in root.iter(f"{edm}EntityType")
    }
    sets = {node.attrib["Name"]: last(node.attrib["EntityType"]) for node in root.iter(f"{edm}EntitySet")}
    return types, sets


def last(name: str) -> str:
    return name.rpartition(".")[2]


def wrong(types: dict[str, Entity], kind: str, body: object, *, creating: bool) -> Iterator[str]:
    """What of a body SAP did not publish, or did not open for this."""
    assert isinstance(body, dict)
    entity = types[kind]
    for name, value in body.items():
        if name in entity.ways:
            for child in value if isinstance(value, list) else [value]:
                yield from wrong(types, entity.ways[name], child, creating=creating)
            continue
        field = entity.fields.get(name)
        if field is None:
            yield f"{kind} has no {name}"
        elif not (field.creatable if creating else field.updatable):
            yield f"{kind}.{name} is not open"
        elif not fits(field, value):
            yield f"{kind}.{name} does not take {value!r}"


def fits(field: Field, value: object) -> bool:
    if not isinstance(value, str) or re.fullmatch(KINDS[field.kind], value) is None:
        return False
    if field.kind == "Edm.Decimal":
        return len(value.partition(".")[2]) <= field.scale
    return field.kind != "Edm.String" or field.length is None or len(value) <= field.length


def of_operation(types: dict[str, Entity], sets: dict[str, str], operation: Operation) -> Iterator[str]:
    """The same of one operation, wherever its address leads."""
    entity_set, key, way = re.fullmatch(r"(\w+)\((.+)\)(?:/(\w+))?", unquote(operation.url)).groups()  # type: ignore[union-attr]
    kind = types[sets[entity_set]].ways[way] if way else sets[entity_set]
    names = re.findall(r"(\w+)=", key)
    yield from (f"{entity_set} has no key {name}" for name in names if name not in types[sets[entity_set]].fields)
    yield from wrong(types, kind, json.loads(operation.body), creating=operation.method == "POST")


def test_every_field_of_a_booking_is_published_and_open_when_creating() -> None:
    types, sets = published("API_SALES_ORDER_SRV.onprem-2026.edmx")
    area = SalesAreas(instance(), SETTINGS).of("US01")

    body = json.loads(msgspec.json.encode(OrderBodies("sap", SETTINGS).order(ORDER, area)))

    assert list(wrong(types, sets["A_SalesOrder"], body, creating=True)) == []


def test_every_field_of_a_booking_is_published_for_an_older_release_too_where_it_is_left_without_places() -> None:
    types, sets = published("API_SALES_ORDER_SRV.edmx")
    settings = Settings(line_place_field="", crm_key_field="AssignmentReference", discount_condition_type="DRV1")
    older = request(PUMP, HOSE, purchase_order_number="PO-1", requested_delivery_date=date(2027, 1, 15))

    body = json.loads(
        msgspec.json.encode(OrderBodies("sap", settings).order(older, SalesAreas(instance(), settings).of("US01")))
    )

    assert list(wrong(types, sets["A_SalesOrder"], body, creating=True)) == []


def test_every_change_is_published_and_open() -> None:
    types, sets = published("API_SALES_ORDER_SRV.onprem-2026.edmx")
    changes = Changes("sap", SETTINGS)
    standing = msgspec.structs.replace(STANDING, to_Item=type(STANDING.to_Item)(STANDING.to_Item.results[:2]))
    (cancelling,) = changes.cancellation(standing, "RG-C1", "why")
    dating, _ = changes.dates(STANDING, {"10": date(2027, 1, 1)})

    operations = [*changes.amendment(STANDING, AMENDMENT), *cancelling, *dating]

    assert len(operations) == 14
    assert [problem for one in operations for problem in of_operation(types, sets, one)] == []


def test_every_field_of_a_new_customer_is_published_and_open() -> None:
    types, sets = published("API_BUSINESS_PARTNER.edmx")
    area = SalesAreas(instance(), SETTINGS).of("US01")

    body = json.loads(msgspec.json.encode(CustomerBodies("sap", SETTINGS).partner(WHOLE, area)))

    assert list(wrong(types, sets["A_BusinessPartner"], body, creating=True)) == []


def test_every_field_of_a_simulation_is_published_and_open() -> None:
    document = json.loads((contracts() / "API_SALES_ORDER_SIMULATION_SRV.openapi.json").read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    area = SalesAreas(instance(), SETTINGS).of("US01")

    body = json.loads(msgspec.json.encode(OrderBodies("sap", SETTINGS).simulation(ORDER, area)))

    assert list(unknown(schemas, "CreateA_SalesOrderSimulation", body)) == []


def unknown(schemas: dict[str, dict[str, dict[str, dict[str, object]]]], name: str, body: object) -> Iterator[str]:
    """What of a body a schema does not have, or is too short for."""
    assert isinstance(body, dict)
    for field, value in body.items():
        shape = schemas[name]["properties"].get(field)
        if shape is None:
            yield f"{name} has no {field}"
        elif field.startswith("to_"):
            below = re.search(r"schemas/(\w+)", json.dumps(shape))
            assert below is not None
            for child in value if isinstance(value, list) else [value]:
                yield from unknown(schemas, below[1], child)
        elif len(value) > int(str(shape.get("maxLength", 10**6))):
            yield f"{name}.{field} does not take {value!r}"


def test_the_check_itself_sees_what_is_wrong() -> None:
    types, sets = published("API_SALES_ORDER_SRV.onprem-2026.edmx")
    bad = {
        "NoSuchField": "1",
        "TotalNetAmount": "1",
        "SalesOrderType": "TOO LONG",
        "RequestedDeliveryDate": "2027-01-01",
        "to_Item": [{"RequestedQuantity": "1.2345", "to_PricingElement": [{"ConditionAmount": "1"}]}],
    }

    assert list(wrong(types, sets["A_SalesOrder"], bad, creating=True)) == [
        "A_SalesOrderType has no NoSuchField",
        "A_SalesOrderType.TotalNetAmount is not open",
        "A_SalesOrderType.SalesOrderType does not take 'TOO LONG'",
        "A_SalesOrderType.RequestedDeliveryDate does not take '2027-01-01'",
        "A_SalesOrderItemType.RequestedQuantity does not take '1.2345'",
        "A_SalesOrderItemPrElementType.ConditionAmount is not open",
    ]


def test_the_amendment_that_is_checked_uses_everything_an_amendment_can_say() -> None:
    unused = [name for name in Amendment.__struct_fields__ if getattr(AMENDMENT, name) in (None, ())]

    assert unused == ["expected_version"]
