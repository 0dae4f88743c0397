"""Records that another subgraph names: by our global id, by the CRM's id, or a product by its sku."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from canonical.errors import Mistake
from canonical.identity import expect_id
from canonical.refs import Ref
from resolvers.access import require
from resolvers.context import Context
from resolvers.customer_naming import customer_ref
from resolvers.naming import CustomerNamed
from resolvers.nodes import LOADS, Found, kept_here, load_refs
from resolvers.orders import crm_ref

MAX_REFERENCES = 1000
"""The most that one question may name; a router asks for all that one level of its plan holds."""

Representation = Mapping[str, object]


async def records_of(context: Context, representations: Sequence[Representation]) -> list[Found]:
    """The records, as many as named and in their order; None where one is gone, its error where it cannot be read."""
    if len(representations) > MAX_REFERENCES:
        raise Mistake(
            "TOO_MANY_IDS",
            f"{len(representations)} records were asked for; ask for at most {MAX_REFERENCES} at a time.",
        )
    return await load_refs(context, [named(context, one) for one in representations])


def named(context: Context, representation: Representation) -> tuple[str, Ref] | Mistake:
    """The concept and the record that a representation names; a Mistake where it names none."""
    try:
        return _parsed(context, representation)
    except Mistake as mistake:
        return mistake


def _parsed(context: Context, representation: Representation) -> tuple[str, Ref]:
    concept = representation.get("__typename")
    if not isinstance(concept, str) or concept not in LOADS:
        raise Mistake("BAD_REFERENCE", f"{str(concept)[:40]!r} is not a type whose records can be named.")
    require(context.principal, LOADS[concept][0])
    given = representation.get("id")
    if isinstance(given, str):
        return concept, kept_here(context, concept, expect_id(given, concept))
    field, read = _OTHER_KEYS.get(concept, ("id", None))
    value = representation.get(field)
    if read is None or not isinstance(value, str):
        raise Mistake("BAD_REFERENCE", f"Name the {concept} by a key of it: id, or what its @key says.")
    return concept, read(context, value)


def _customer(context: Context, crm_id: str) -> Ref:
    return customer_ref(context, CustomerNamed(crm_id=crm_id))


def _record_of_crm(context: Context, key: str) -> Ref:
    return Ref(context.landscape.crm, key)


_OTHER_KEYS: Mapping[str, tuple[str, Callable[[Context, str], Ref]]] = {
    "Order": ("crmId", crm_ref),
    "Quote": ("crmId", _record_of_crm),
    "Customer": ("crmId", _customer),
    "Product": ("sku", _record_of_crm),
}
"""What a record may be named by besides its id."""
