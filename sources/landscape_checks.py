"""What must hold across a landscape file: names that are unique and exist, one CRM, known kinds and concepts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from canonical.customer import CustomerRecord
from canonical.invoice import Invoice
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.shipment import Shipment
from sources.landscape import CACHEABLE, OWNERSHIP
from sources.landscape_form import LandscapeForm
from sources.landscape_lines import KeyPath

Finding = tuple[KeyPath, str, str]
"""Where, what was found, and what was expected."""

CONCEPTS: Mapping[str, type[Struct]] = {
    "customer": CustomerRecord,
    "quote": QuoteRecord,
    "product": ProductRecord,
    "order": OrderRecord,
    "shipment": Shipment,
    "invoice": Invoice,
    "payment": Payment,
}
"""What a system can be the owner of, and whose fields may be owned apart."""


def contradictions(form: LandscapeForm, kinds: Collection[str]) -> Iterator[Finding]:
    """Everything that the single keys cannot show."""
    yield from _names(form)
    yield from _roles(form)
    yield from _kinds(form, kinds)
    yield from _entities(form)
    yield from _owners(form)
    yield from _kept(form)
    yield from _rules(form)
    yield from _receivers(form)


def _names(form: LandscapeForm) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, instance in enumerate(form.instances):
        at: KeyPath = ("instances", place, "name")
        if instance.name in seen:
            yield at, f'"{instance.name}" a second time', "a name that no other instance has"
        if instance.name == "erp" or (instance.name == "crm" and instance.role != "crm"):
            yield at, f'"{instance.name}", which is the word for a role', "another name"
        seen.add(instance.name)


def _roles(form: LandscapeForm) -> Iterator[Finding]:
    crms = [place for place, instance in enumerate(form.instances) if instance.role == "crm"]
    if not crms:
        yield ("instances",), "no instance with role crm", "exactly one"
    for place in crms[1:]:
        yield ("instances", place, "role"), "a second crm", "exactly one instance with role crm"


def _kinds(form: LandscapeForm, kinds: Collection[str]) -> Iterator[Finding]:
    for place, instance in enumerate(form.instances):
        if instance.kind not in kinds:
            known = ", ".join(sorted(kinds)) or "none yet; `revgraph new-source` makes one"
            yield ("instances", place, "kind"), f'"{instance.kind}"', f"a kind there is a folder for: {known}"


def _entities(form: LandscapeForm) -> Iterator[Finding]:
    erps = [instance.name for instance in form.instances if instance.role == "erp"]
    seen: set[str] = set()
    for place, entity in enumerate(form.legal_entities):
        if entity.code in seen:
            yield ("legal_entities", place, "code"), f'"{entity.code}" a second time', "a code no other company has"
        seen.add(entity.code)
        if entity.erp not in erps:
            known = ", ".join(erps) or "there is none yet"
            yield ("legal_entities", place, "erp"), f'"{entity.erp}"', f"an instance with role erp: {known}"


def _owners(form: LandscapeForm) -> Iterator[Finding]:
    owners = ["crm", "erp", *(instance.name for instance in form.instances)]
    codes = [entity.code for entity in form.legal_entities]
    for key, owner in form.system_of_record.items():
        at: KeyPath = ("system_of_record", key)
        if owner not in owners:
            yield at, f'"{owner}"', f"one of {', '.join(owners)}"
        name, _, entity = key.partition("@")
        if "@" in key and entity not in codes:
            yield at, f'the legal entity "{entity}"', f"one of {', '.join(codes) or 'none yet'}"
        yield from _concept(at, name)


def _concept(at: KeyPath, name: str) -> Iterator[Finding]:
    concept, _, field = name.partition(".")
    struct = CONCEPTS.get(concept)
    if struct is None:
        yield at, f'the concept "{concept}"', f"one of {', '.join(CONCEPTS)}"
    elif field and name not in OWNERSHIP and field not in struct.__struct_fields__:
        yield at, f'the field "{field}"', f"a field of {concept}: {', '.join(struct.__struct_fields__)}"


def _kept(form: LandscapeForm) -> Iterator[Finding]:
    for name, policy in form.cache.items():
        scopes = CACHEABLE.get(name)
        if scopes is None:
            yield ("cache", name), f'"{name}"', f"one of {', '.join(CACHEABLE)}; anything else is always asked live"
        elif policy.scope not in scopes:
            narrowed = f'"{scopes[0]}", since what is seen of {name} depends on who asks'
            yield ("cache", name, "scope"), f'"{policy.scope}"', narrowed


def _rules(form: LandscapeForm) -> Iterator[Finding]:
    codes = [entity.code for entity in form.legal_entities]
    names = [instance.name for instance in form.instances]
    for place, routed in enumerate(form.routing):
        at: KeyPath = ("routing", place)
        yield from _known((*at, "legal_entity"), routed.legal_entity, codes, "the legal entity")
        yield from _known((*at, "product_line"), routed.product_line, list(form.product_lines), "the product line")
    for place, cared in enumerate(form.exceptions):
        at = ("exceptions", place)
        yield from _known((*at, "legal_entity"), cared.legal_entity, codes, "the legal entity")
        yield from _known((*at, "system"), cared.system, names, "the system")


def _receivers(form: LandscapeForm) -> Iterator[Finding]:
    codes = [entity.code for entity in form.legal_entities]
    # What the CRM's screens are told has its place among the receivers.
    taken = {"bulletins", *(instance.name for instance in form.instances)}
    for place, receiver in enumerate(form.receivers):
        at: KeyPath = ("receivers", place)
        if receiver.name in taken:
            yield (*at, "name"), f'"{receiver.name}" a second time', "a name that nothing else here has"
        taken.add(receiver.name)
        if "secret" not in receiver.credentials:
            yield (*at, "credentials"), "no credential named secret", 'secret = { env = "NAME" }: what signs the events'
        for code in receiver.legal_entities or ():
            yield from _known((*at, "legal_entities"), code, codes, "the legal entity")


def _known(at: KeyPath, name: str | None, names: list[str], what: str) -> Iterator[Finding]:
    if name is not None and name not in names:
        yield at, f'{what} "{name}"', f"one of {', '.join(names) or 'none yet'}"
