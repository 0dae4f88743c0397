"""The pretend org's objects: fields with their types, references both ways, external ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

FieldType = Literal[
    "id",
    "string",
    "textarea",
    "picklist",
    "email",
    "phone",
    "url",
    "reference",
    "boolean",
    "double",
    "currency",
    "percent",
    "int",
    "date",
    "datetime",
    "address",
]

TEXT_TYPES: Final = frozenset({"string", "textarea", "picklist", "email", "phone", "url"})
NUMBER_TYPES: Final = frozenset({"double", "currency", "percent", "int"})
ID_TYPES: Final = frozenset({"id", "reference"})
ADDRESS_PARTS: Final = ("street", "city", "state", "postalCode", "country")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `relation` is the parent path's name, `children` the subquery's name on the parent.

    `writable`: "both", "create" (fixed afterwards) or "never" (the platform fills it).
    """

    name: str
    type: FieldType
    length: int = 255
    required: bool = False
    writable: Literal["both", "create", "never"] = "both"
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    refers_to: str | None = None
    relation: str | None = None
    children: str | None = None
    owned: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    default: str | float | bool | None = None
    numbered: str | None = None
    scale: int = 2

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        """Whether it has a column: compound addresses are made of others."""
        return self.type != "address"


class SObject:
    """One object type: its fields by name, whatever their spelling's case."""

    def __init__(self, name: str, prefix: str, fields: Iterable[Field], label: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.label = label or name
        self.fields: dict[str, Field] = {field.name: field for field in (*_leading(), *fields, *_trailing())}
        self._by_case = {name.lower(): field for name, field in self.fields.items()}
        self._relations = {f.relation.lower(): f for f in self.fields.values() if f.relation}
        self.columns: tuple[Field, ...] = tuple(field for field in self.fields.values() if field.stored)
        self.numbered = tuple((field.name, field.numbered) for field in self.columns if field.numbered)

    def field(self, name: str) -> Field | None:
        """The field of that name, case ignored."""
        return self._by_case.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference field whose parent path has that name ("Account", "SBQQ__Quote__r"), case ignored."""
        return self._relations.get(name.lower())


@dataclass(frozen=True, slots=True)
class ChildRelation:
    """Rows of `child` whose `field` names the parent; `name` is what a subquery says after FROM."""

    name: str
    child: SObject
    field: Field


class Model:
    """Every object of the org."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects: dict[str, SObject] = {one.name: one for one in objects}
        self._by_case = {name.lower(): one for name, one in self.objects.items()}
        self._by_prefix = {one.prefix: one for one in self.objects.values()}
        self._children = {one.name: self._relations_to(one) for one in self.objects.values()}

    def find(self, name: str) -> SObject | None:
        """The object of that name, case ignored."""
        return self._by_case.get(name.lower())

    def of_id(self, identity: str) -> SObject | None:
        """The object whose rows have ids that start like this one."""
        return self._by_prefix.get(identity[:3])

    def children(self, parent: SObject) -> Mapping[str, ChildRelation]:
        """The child relations of an object by lower-case name."""
        return self._children[parent.name]

    def _relations_to(self, parent: SObject) -> dict[str, ChildRelation]:
        return {
            field.children.lower(): ChildRelation(field.children, child, field)
            for child in self.objects.values()
            for field in child.fields.values()
            if field.children and field.refers_to == parent.name
        }


def text(name: str, length: int = 255, *, required: bool = False) -> Field:
    """A line of text."""
    return Field(name, "string", length, required=required)


def key(name: str, *, unique: bool = True, case_sensitive: bool = False) -> Field:
    """A custom text field that outside systems find rows by."""
    return Field(name, "string", 80, unique=unique, external_id=True, case_sensitive=case_sensitive)


def reference(
    name: str, to: str, children: str | None = None, *, required: bool = False, owned: bool = False, fixed: bool = False
) -> Field:
    """A lookup; `owned` rows go with their parent, `fixed` ones never change it."""
    relation = name.removesuffix("__c") + "__r" if name.endswith("__c") else name.removesuffix("Id")
    writable: Literal["both", "create"] = "create" if fixed else "both"
    return Field(
        name, "reference", 18, required, writable, refers_to=to, relation=relation, children=children, owned=owned
    )


def choice(name: str, *values: str, default: str | None = None, required: bool = False) -> Field:
    """A picklist; values outside it are refused when it names any."""
    return Field(name, "picklist", 255, required, values=values, restricted=bool(values), default=default)


def money(name: str, *, required: bool = False) -> Field:
    """An amount in the row's currency."""
    return Field(name, "currency", 0, required)


def number(name: str, *, required: bool = False, scale: int = 2, percent: bool = False) -> Field:
    """A number."""
    return Field(name, "percent" if percent else "double", 0, required, scale=scale)


def long_text(name: str, length: int = 32_000) -> Field:
    """Several lines of text."""
    return Field(name, "textarea", length)


def flag(name: str, default: bool = False) -> Field:
    """True or false, never null."""
    return Field(name, "boolean", 0, default=default)


def day(name: str, *, required: bool = False) -> Field:
    """A date."""
    return Field(name, "date", 0, required)


def moment(name: str) -> Field:
    """A date and time."""
    return Field(name, "datetime", 0)


def numbered(name: str, pattern: str) -> Field:
    """An auto number, such as "{:08d}"."""
    return Field(name, "string", 30, writable="never", numbered=pattern)


def computed(field: Field) -> Field:
    """The same field, filled by the platform."""
    return replace(field, writable="never", required=False)


def address(prefix: str) -> list[Field]:
    """A compound address and the five fields it is made of."""
    return [
        Field(f"{prefix}Street", "textarea"),
        Field(f"{prefix}City", "string", 40),
        Field(f"{prefix}State", "string", 80),
        Field(f"{prefix}PostalCode", "string", 20),
        Field(f"{prefix}Country", "string", 80),
        Field(f"{prefix}Address", "address", 0, writable="never"),
    ]


def address_columns(field: Field) -> list[str]:
    """The columns behind a compound address, in the order of `ADDRESS_PARTS`."""
    prefix = field.name.removesuffix("Address")
    return [f"{prefix}{part[0].upper()}{part[1:]}" for part in ADDRESS_PARTS]


def with_extras(objects: Iterable[SObject], extras: Mapping[str, Sequence[Field]]) -> Model:
    """The model with an org's own fields added; KeyError when they name an object that is not there."""
    by_name = {one.name: one for one in objects}
    for name, fields in extras.items():
        plain = by_name[name]
        own = [field for field in plain.fields.values() if field.name not in SYSTEM_FIELDS]
        by_name[name] = SObject(name, plain.prefix, [*own, *fields], plain.label)
    return Model(by_name.values())


def _leading() -> list[Field]:
    return [Field("Id", "id", 18, writable="never"), computed(flag("IsDeleted"))]


def _trailing() -> list[Field]:
    return [
        Field("CurrencyIsoCode", "picklist", 3, default="USD"),
        computed(moment("CreatedDate")),
        computed(reference("CreatedById", "User")),
        computed(moment("LastModifiedDate")),
        computed(reference("LastModifiedById", "User")),
        computed(moment("SystemModstamp")),
    ]


SYSTEM_FIELDS: Final = frozenset(field.name for field in (*_leading(), *_trailing()))
