"""Describes: what the org's objects and fields are, with the keys of a recorded describe, in its order."""

from __future__ import annotations

from typing import Final

from sources.salesforce.sandbox.call import Call, Reply
from sources.salesforce.sandbox.model import NUMBER_TYPES, SYSTEM_FIELDS, TEXT_TYPES, Field, Model, SObject
from sources.salesforce.sandbox.org import Org

SOAP_TYPES: Final = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    **dict.fromkeys(("double", "currency", "percent"), "xsd:double"),
}
FILLED: Final = SYSTEM_FIELDS | {"OwnerId"}
UNKNOWN: Final[dict[str, object]] = dict.fromkeys(
    (
        "calculatedFormula",
        "compoundFieldName",
        "controllerName",
        "defaultValueFormula",
        "extraTypeInfo",
        "filteredLookupInfo",
        "inlineHelpText",
        "mask",
        "maskType",
        "referenceTargetField",
        "relationshipOrder",
    )
)
NEVER: Final[dict[str, object]] = dict.fromkeys(
    (
        "aiPredictionField",
        "dependentPicklist",
        "deprecatedAndHidden",
        "displayLocationInDecimal",
        "encrypted",
        "formulaTreatNullNumberAsZero",
        "highScaleNumber",
        "htmlFormatted",
        "namePointing",
        "polymorphicForeignKey",
        "queryByDistance",
        "restrictedDelete",
        "searchPrefilterable",
        "writeRequiresMasterRead",
    ),
    False,
)


def resources(org: Org, call: Call) -> Reply:  # noqa: ARG001 - every resource takes the org
    """GET of the version itself."""
    names = ("composite", "limits", "query", "queryAll", "sobjects")
    return Reply(200, {name: f"{call.base}/{name}" for name in names})


def describe_all(org: Org, call: Call) -> Reply:
    """GET /sobjects."""
    shown = [_summary(call, one) for one in sorted(org.model.objects.values(), key=lambda one: one.name)]
    return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})


def basic(org: Org, call: Call, name: str) -> Reply:
    """GET /sobjects/<type>: the summary and the last rows touched."""
    one = org.type(name)
    shown = "Name" if "Name" in one.fields else "Id"
    sql = f'SELECT "Id", "{shown}" FROM "{one.name}" WHERE "IsDeleted" = 0 ORDER BY "SystemModstamp" DESC LIMIT 5'
    recent = [
        {"attributes": {"type": one.name, "url": call.record_url(one.name, str(row[0]))}, "Id": row[0], shown: row[1]}
        for row in org.store.select(sql)
    ]
    return Reply(200, {"objectDescribe": _summary(call, one), "recentItems": recent})


def describe(org: Org, call: Call, name: str) -> Reply:
    """GET /sobjects/<type>/describe."""
    one = org.type(name)
    shown: dict[str, object] = {
        **_summary(call, one),
        "actionOverrides": [],
        "childRelationships": _children(org.model, one),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [_field(one, field) for field in one.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(call, one)],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {one.label}", "name": "everything"}],
    }
    return Reply(200, dict(sorted(shown.items())))


def _summary(call: Call, one: SObject) -> dict[str, object]:
    writable = one.name not in {"Organization", "User"}
    return dict(
        sorted(
            {
                **dict.fromkeys(("activateable", "customSetting", "deepCloneable", "deprecatedAndHidden"), False),
                **dict.fromkeys(("hasSubtypes", "isInterface", "isSubtype", "mergeable"), False),
                **dict.fromkeys(("createable", "deletable", "undeletable", "updateable"), writable),
                **dict.fromkeys(("feedEnabled", "layoutable", "mruEnabled", "queryable", "replicateable"), True),
                **dict.fromkeys(("retrieveable", "searchable", "triggerable"), True),
                **dict.fromkeys(("associateEntityType", "associateParentEntity")),
                "custom": one.name.endswith("__c"),
                "keyPrefix": one.prefix,
                "label": one.label,
                "labelPlural": f"{one.label}s",
                "name": one.name,
                "urls": {
                    "rowTemplate": f"{call.base}/sobjects/{one.name}/{{ID}}",
                    "describe": f"{call.base}/sobjects/{one.name}/describe",
                    "sobject": f"{call.base}/sobjects/{one.name}",
                },
            }.items()
        )
    )


def _master_record_type(call: Call, one: SObject) -> dict[str, object]:
    identity = "012000000000000AAA"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": identity,
        "urls": {"layout": f"{call.base}/sobjects/{one.name}/describe/layouts/{identity}"},
    }


def _children(model: Model, one: SObject) -> list[dict[str, object]]:
    return [
        {
            "cascadeDelete": relation.field.owned,
            "childSObject": relation.child.name,
            "deprecatedAndHidden": False,
            "field": relation.field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": relation.name,
            "restrictedDelete": False,
        }
        for relation in model.children(one).values()
    ]


def _field(one: SObject, field: Field) -> dict[str, object]:
    number = field.type in NUMBER_TYPES
    long = field.length > 255
    shown: dict[str, object] = {
        **UNKNOWN,
        **NEVER,
        "aggregatable": not (long or field.type == "address"),
        "autoNumber": field.numbered is not None,
        "byteLength": field.length * (3 if field.type in TEXT_TYPES else 1),
        "calculated": False,
        "cascadeDelete": field.owned,
        "caseSensitive": field.case_sensitive,
        "createable": field.writable != "never",
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.default is not None or field.writable == "never",
        "digits": 8 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": not (long or field.type == "address"),
        "groupable": not (long or number or field.type in {"address", "datetime"}),
        "idLookup": field.external_id or field.name == "Id",
        "label": field.name.removesuffix("__c").replace("_", " "),
        "length": field.length,
        "name": field.name,
        "nameField": field.name == "Name" or (field.numbered is not None and "Name" not in one.fields),
        "nillable": not (field.required or field.type in {"boolean", "id"} or field.name in FILLED),
        "permissionable": not field.required,
        "picklistValues": [_choice(value, field) for value in field.values],
        "precision": 18 if number and field.type != "int" else 0,
        "referenceTo": [field.refers_to] if field.refers_to else [],
        "relationshipName": field.relation,
        "restrictedPicklist": field.restricted,
        "scale": field.scale if number and field.type != "int" else 0,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": not (long or field.type == "address"),
        "type": field.type,
        "unique": field.unique,
        "updateable": field.writable == "both",
    }
    return dict(sorted(shown.items()))


def _choice(value: str, field: Field) -> dict[str, object]:
    return {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
