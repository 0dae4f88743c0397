"""What docs/tokens.md tells whoever issues tokens is what the gateway reads of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jwt

from canonical.principal import Principal
from resolvers.access import SCOPES
from tests.gateway.pretend import AUTHENTICATOR, SECRET
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "tokens.md").read_text("utf-8")


def test_the_token_of_the_page_is_taken_and_says_who_asks() -> None:
    claims = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    gateway = replace(AUTHENTICATOR, issuer=claims["iss"], audience=claims["aud"], tenant="acme")

    token = jwt.encode({**claims, "iat": 1, "exp": 4_000_000_000}, SECRET, algorithm="HS256")

    assert gateway.principal(f"Bearer {token}") == Principal(
        subject="anna@acme.example",
        tenant="acme",
        client="sales-portal",
        scopes=frozenset({"orders:read", "customers:read", "invoices:read", "orders:write", "submissions:read"}),
        legal_entities=frozenset({"ACME-DE"}),
        accounts=frozenset({"0015g0000021sVRAAY"}),
    )


def test_the_page_lists_every_scope_with_what_it_opens() -> None:
    listed = dict(re.findall(r"^\| `([a-z]+:[a-z]+)` \| ([^|;]+?)(?:;[^|]*)? \|$", PAGE, re.MULTILINE))

    assert listed == SCOPES
