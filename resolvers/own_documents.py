"""Which documents of the ERPs belong to a principal who sees some accounts only. What cannot be shown is not told.

An ERP knows nothing of the CRM's accounts. So the accounts' numbers in each ERP are looked up once an operation, and a
document is seen when its payer is one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from canonical.absence import known
from canonical.errors import Fault
from canonical.invoice import Invoice
from canonical.payment import Payment
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.context import Context
from resolvers.customer_loading import ask_customers, serve_customers, with_accounts
from resolvers.loading import load_all
from sources.ports import Lookup

P = TypeVar("P", Invoice, Payment)
PAYER = Wanted.of("customer_key")


class OwnKeys(Struct, frozen=True):
    """The customers in the ERPs that are the principal's accounts; a system that could not be asked is a fault."""

    customers: frozenset[Ref]
    faults: Mapping[str, Fault]

    def of(self, erp: str) -> tuple[str, ...]:
        """The keys in one ERP."""
        return tuple(sorted(ref.key for ref in self.customers if ref.system == erp))

    def silent(self, erp: str, crm: str) -> Fault | None:
        """Why it is not known whose a customer of this ERP is."""
        return self.faults.get(erp) or self.faults.get(crm)


async def own_keys(context: Context) -> OwnKeys | None:
    """The principal's own customers in every ERP, looked up once an operation; None where all accounts are seen."""
    if context.principal.accounts is None:
        return None

    async def fetch(asked: Sequence[str]) -> Sequence[OwnKeys | Fault]:
        return [await _look_up(context) for _ in asked]

    [found] = await load_all(context, "own keys", fetch, ["own"])
    return OwnKeys(frozenset(), {context.landscape.crm: found}) if isinstance(found, Fault) else found


async def _look_up(context: Context) -> OwnKeys:
    accounts = tuple(sorted(context.principal.accounts or ()))
    if not accounts:
        return OwnKeys(frozenset(), {})
    heads = await ask_customers(context, {context.landscape.crm: Lookup(keys=accounts)}, Wanted())
    whole = await with_accounts(context, heads, Wanted(), partner_keys=accounts)
    seen = serve_customers(context, whole)
    return OwnKeys(frozenset(record.ref for customer in seen for record in customer.accounts), whole.faults)


async def only_own(context: Context, found: Sequence[P | Fault | None]) -> list[P | Fault | None]:
    """The same documents, None for each whose payer is no own account; the Fault of whoever could not say."""
    own = await own_keys(context)
    return list(found) if own is None else [_seen(context, own, document) for document in found]


def _seen(context: Context, own: OwnKeys, document: P | Fault | None) -> P | Fault | None:
    if document is None or isinstance(document, Fault):
        return document
    if Ref(document.ref.system, known(document.customer_key) or "") in own.customers:
        return document
    return own.silent(document.ref.system, context.landscape.crm)
