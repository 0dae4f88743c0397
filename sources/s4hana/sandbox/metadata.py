"""$metadata and service document, made from the model."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from sources.s4hana.sandbox.model import EntitySet, Kind, Navigation, Property, Service

_TYPES: Final = {
    Kind.TEXT: "Edm.String",
    Kind.ALPHA: "Edm.String",
    Kind.DIGITS: "Edm.String",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.INTEGER: "Edm.Int32",
    Kind.DAY: "Edm.DateTime",
    Kind.MOMENT: "Edm.DateTimeOffset",
    Kind.CLOCK: "Edm.Time",
    Kind.FLAG: "Edm.Boolean",
    Kind.GUID: "Edm.Guid",
}
_DECIMAL_DIGITS: Final = 24
_MULTIPLICITY: Final = {"1": "1", "?": "0..1", "*": "*"}
_EDMX: Final = "http://schemas.microsoft.com/ado/2007/06/edmx"
_EDM: Final = "http://schemas.microsoft.com/ado/2008/09/edm"
_M: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_SAP: Final = "http://www.sap.com/Protocols/SAPData"


def edmx(service: Service) -> bytes:
    """The service's metadata document."""
    ways = [(entity, way) for entity in service.sets for way in entity.navigations]
    body = "".join(
        [
            *(_type(service, entity) for entity in service.sets),
            *(_association(service, entity, way) for entity, way in ways),
            f'<EntityContainer Name="{service.name}_Entities" m:IsDefaultEntityContainer="true">',
            *(f'<EntitySet Name="{one.name}" EntityType="{service.name}.{one.type_name}"/>' for one in service.sets),
            *(_association_set(service, entity, way) for entity, way in ways),
            "</EntityContainer>",
        ]
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" xmlns:edmx="{_EDMX}" xmlns:m="{_M}"'
        f' xmlns:sap="{_SAP}"><edmx:DataServices m:DataServiceVersion="2.0"><Schema Namespace="{service.name}"'
        f' xmlns="{_EDM}">{body}</Schema></edmx:DataServices></edmx:Edmx>'
    ).encode()


def service_document(service: Service, root: str) -> bytes:
    """The service document in Atom's publishing format."""
    sets = "".join(
        f'<app:collection href="{one.name}"><atom:title type="text">{one.name}</atom:title></app:collection>'
        for one in service.sets
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><app:service xml:base={quoteattr(root)}'
        ' xmlns:app="http://www.w3.org/2007/app" xmlns:atom="http://www.w3.org/2005/Atom">'
        f'<app:workspace><atom:title type="text">Data</atom:title>{sets}</app:workspace></app:service>'
    ).encode()


def _type(service: Service, entity: EntitySet) -> str:
    keys = "".join(f'<PropertyRef Name="{one.name}"/>' for one in entity.keys)
    properties = "".join(_property(one) for one in entity.properties)
    ways = "".join(
        f'<NavigationProperty Name="{way.name}" Relationship="{service.name}.{_relation(entity, way)}"'
        f' FromRole="From" ToRole="To"/>'
        for way in entity.navigations
    )
    return f'<EntityType Name="{entity.type_name}"><Key>{keys}</Key>{properties}{ways}</EntityType>'


def _property(prop: Property) -> str:
    facets = [f'Name="{prop.name}"', f'Type="{_TYPES[prop.kind]}"']
    if prop.key:
        facets.append('Nullable="false"')
    match prop.kind:
        case Kind.TEXT | Kind.ALPHA | Kind.DIGITS if prop.length is not None:
            facets.append(f'MaxLength="{prop.length}"')
        case Kind.DECIMAL:
            facets.append(f'Precision="{prop.length or _DECIMAL_DIGITS}" Scale="{prop.scale}"')
        case Kind.DAY:
            facets.append('Precision="0" sap:display-format="Date"')
        case Kind.MOMENT:
            facets.append(f'Precision="{7 if prop.length is None else prop.length}"')
        case Kind.CLOCK:
            facets.append('Precision="0"')
        case _:
            pass
    facets += ['sap:display-format="NonNegative"'] if prop.kind is Kind.DIGITS else []
    facets += ['ConcurrencyMode="Fixed"'] if prop.etag else []
    facets += ['sap:creatable="false" sap:updatable="false"'] if prop.computed else []
    facets += ['sap:filterable="false"'] if not prop.filterable else []
    return f"<Property {' '.join(facets)}/>"


def _relation(entity: EntitySet, way: Navigation) -> str:
    return f"assoc_{entity.name}_{way.name}"


def _association(service: Service, entity: EntitySet, way: Navigation) -> str:
    target = service.by_name[way.target]
    return (
        f'<Association Name="{_relation(entity, way)}">'
        f'<End Type="{service.name}.{entity.type_name}" Multiplicity="1" Role="From"/>'
        f'<End Type="{service.name}.{target.type_name}" Multiplicity="{_MULTIPLICITY[way.cardinality]}" Role="To"/>'
        "</Association>"
    )


def _association_set(service: Service, entity: EntitySet, way: Navigation) -> str:
    name = _relation(entity, way)
    return (
        f'<AssociationSet Name="{name}" Association="{service.name}.{name}">'
        f'<End EntitySet="{entity.name}" Role="From"/><End EntitySet="{way.target}" Role="To"/></AssociationSet>'
    )
