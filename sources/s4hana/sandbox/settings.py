"""How a pretend system is set up: release, logon, paging, limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class SystemSettings:
    """One system. `client` None: a cloud tenant, which picks its client by host name.

    `release` "2020" lacks the newer fields and sets. `inlinecount_fails` counts only bounded collections, as large
    tenants do (KBA 3616518): 500 for $inlinecount without $filter or $top. `one_change_a_changeset`: a changeset of
    several changes is refused, as newer services do (KBA 3474176). `custom_fields`: what the company added to sets.
    """

    client: str | None = "100"
    user: str = "REVGRAPH"
    password: str = "Welcome-1"  # noqa: S105 - a pretend system's published secret
    oauth_client: str = "REVGRAPH_OAUTH"
    oauth_secret: str = "Welcome-2"  # noqa: S105 - as above
    webhook_token: str = "Welcome-to-the-webhook-3"  # noqa: S105 - as above
    auth: frozenset[Literal["basic", "oauth"]] = frozenset({"basic", "oauth"})
    release: Literal["2026", "2020"] = "2026"
    page_size: int = 1000
    longest_address: int = 16_384
    token_seconds: int = 43_200
    session_seconds: int = 1800
    inlinecount_fails: bool = False
    one_change_a_changeset: bool = False
    custom_fields: tuple[tuple[str, str], ...] = ()


COMPANY: Final = SystemSettings(
    custom_fields=(
        ("A_SalesOrder", "YY1_LastAmendment_SDH:t35#"),
        ("A_SalesOrderItem", "YY1_ServiceStart_SDI:day YY1_ServiceEnd_SDI:day YY1_Segment_SDI:t3"),
    )
)
"""How the pretend company has set its systems up: it keeps ramps and amendments in fields of its own."""
