"""Who is asking, and what they may see."""

from __future__ import annotations

from msgspec import Struct


class Principal(Struct, frozen=True):
    """An authenticated caller.

    None for `legal_entities` or `accounts` means all of the tenant's, an empty set means none. `accounts` are keys of
    customers in the CRM.
    """

    subject: str
    tenant: str
    client: str
    scopes: frozenset[str]
    legal_entities: frozenset[str] | None = None
    accounts: frozenset[str] | None = None


class View(Struct, frozen=True):
    """The part of a principal's rights that narrows a source query: what rows it may contain. None means no limit."""

    legal_entities: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
