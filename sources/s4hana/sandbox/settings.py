"""How a pretend system is set up: release, logon, paging, limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SystemSettings:
    """One system. `client` None: a cloud tenant, which picks its client by host name.

    `release` "2020" lacks the newer fields and sets. `inlinecount_fails` counts only bounded collections, as large
    tenants do (KBA 3616518): 500 for $inlinecount without $filter or $top.
    """

    client: str | None = "100"
    user: str = "REVGRAPH"
    password: str = "Welcome-1"  # noqa: S105 - a pretend system's published secret
    oauth_client: str = "REVGRAPH_OAUTH"
    oauth_secret: str = "Welcome-2"  # noqa: S105 - as above
    auth: frozenset[Literal["basic", "oauth"]] = frozenset({"basic", "oauth"})
    release: Literal["2026", "2020"] = "2026"
    page_size: int = 1000
    longest_address: int = 16_384
    token_seconds: int = 43_200
    session_seconds: int = 1800
    inlinecount_fails: bool = False
