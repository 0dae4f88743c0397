"""From the way people name a customer to the record that is meant."""

from __future__ import annotations

from canonical.errors import Mistake
from canonical.identity import expect_id
from canonical.refs import Ref
from resolvers.context import Context
from resolvers.naming import CustomerNamed
from sources.ports import CustomerSource


def customer_ref(context: Context, by: CustomerNamed) -> Ref:
    """The record that an id, a CRM id or a system's own key names. A Mistake when it cannot be one."""
    if by.id is not None:
        return configured(context, expect_id(by.id, "Customer"))
    if by.reference is not None:
        return configured(context, by.reference)
    if by.crm_id is None:
        raise Mistake("BAD_ARGUMENT", "Name the customer by id, crmId or reference.")
    crm = context.system(context.landscape.crm, CustomerSource)
    key = crm.named_customer(by.crm_id) if crm else by.crm_id
    if key is None:
        raise Mistake("BAD_ID", f"{by.crm_id[:40]!r} is not the id of a customer in {context.landscape.crm}.")
    return Ref(context.landscape.crm, key)


def configured(context: Context, ref: Ref) -> Ref:
    """The same reference; a Mistake when its system is not configured."""
    if ref.system not in context.landscape.instances:
        names = ", ".join(context.landscape.instances)
        raise Mistake("UNKNOWN_SYSTEM", f"There is no system {ref.system[:40]!r} here; configured: {names}.")
    return ref
