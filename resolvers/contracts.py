"""Contracts, as far as the graph tells of them: when what was agreed for an order was amended."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.absence import known
from canonical.contract import ContractRecord
from canonical.errors import Fault
from canonical.wanted import Wanted
from resolvers.context import Context
from resolvers.loading import load_all
from sources.ports import ContractSource, Lookup

WANTED = Wanted.of("number", "amended_at", "customer_key")


async def load_contracts(context: Context, keys: Sequence[str]) -> list[ContractRecord | Fault | None]:
    """Contracts by CRM key; None where there is none that the principal may see.

    Nothing is asked, and none is there, where the CRM has no field that says when one was amended.
    """
    source = context.system(context.landscape.crm, ContractSource)
    if source is None or source.origin("Contract", "amended_at") is None:
        return [None] * len(keys)

    async def fetch(asked: Sequence[str]) -> Sequence[ContractRecord | Fault | None]:
        found = await source.fetch_contracts(context.call, Lookup(keys=tuple(asked)), WANTED)
        by_key = {contract.ref.key: contract for contract in found if _sees(context, contract)}
        return [by_key.get(key) for key in asked]

    return await load_all(context, "contracts", fetch, keys)


def _sees(context: Context, contract: ContractRecord) -> bool:
    accounts = context.principal.accounts
    return accounts is None or known(contract.customer_key) in accounts
