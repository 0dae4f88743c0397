"""What our user may do to records, as Tryton itself answers: one request that changes nothing."""

from __future__ import annotations

from typing import Final

import msgspec

from sources.kit.call import Call
from sources.tryton.client import Deed, Search, TrytonClient
from sources.tryton.faults import unreadable
from sources.tryton.settings import Settings

_NEEDED: Final = {
    "sale.sale": ("create", "write", "delete"),
    "sale.line": ("create", "write", "delete"),
    "party.party": ("create", "write"),
    "party.address": ("create",),
    "party.identifier": ("create",),
    "party.contact_mechanism": ("create",),
}
_AMENDMENTS: Final = {"sale.amendment": ("create", "write", "delete"), "sale.amendment.line": ("create",)}
_ANSWER: Final = msgspec.json.Decoder(dict[str, dict[str, bool | int]])


async def missing_rights(client: TrytonClient, call: Call, settings: Settings) -> list[str]:
    """What it may not do of what writing needs, in words: 'create sale.sale'."""
    needed = {**_NEEDED, **(_AMENDMENTS if settings.amendments else {})}
    deed = Deed("ask rights of", "POST", "/get_access", {"models": list(needed)}, changes_nothing=True)
    answer = await client.act(call, Search("ir.model.access", ()), deed)
    try:
        held = _ANSWER.decode(answer)
    except msgspec.DecodeError as wrong:
        raise unreadable(client.system, wrong) from wrong
    return [
        f"{right} {model}" for model, rights in needed.items() for right in rights if not held.get(model, {}).get(right)
    ]
