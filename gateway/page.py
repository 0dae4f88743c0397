"""The page at the gateway's root: in words, what this is and what to try."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

QUERY = """query WhatHappened($id: ID!) {
  order(by: { id: $id }) {
    number
    status
    total { amount currencyCode }
    timeline { nodes { at title system } gaps { system reason } }
  }
}"""
"""What happened to one order, from quote to cash."""


def curl(url: str, token: str, query: str, variables: Mapping[str, object] | None = None) -> str:
    """A command that asks the query with these variables; all of it goes in as JSON on one line."""
    import orjson  # noqa: PLC0415 - the page itself needs none

    asked = {"query": " ".join(query.split()), **({"variables": variables} if variables else {})}
    body = orjson.dumps(asked).decode().replace("'", "'\\''")
    return f"curl -s {url} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}'"


def page(tenant: str, systems: dict[str, str]) -> str:
    """The whole page for a tenant whose systems are given as name and kind."""
    listed = "".join(f"<li>{escape(name)} ({escape(kind)})</li>" for name, kind in systems.items())
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Revgraph</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}
pre{{background:#f3f3f3;padding:1rem;overflow:auto}}</style>
<h1>Revgraph</h1>
<p>One GraphQL graph over the systems that hold a company's revenue: customers, quotes, orders, shipments, invoices and
payments, read live from the system that owns each of them. This one serves <b>{escape(tenant)}</b> and reads from:</p>
<ul>{listed}</ul>
<p>Send a POST with JSON to <code>/graphql</code>, with the header
<code>Authorization: Bearer &lt;your token&gt;</code>. A query to try:</p>
<pre>{escape(QUERY)}</pre>
<p>With the header <code>X-Revgraph-Sources: true</code> the answer also lists the calls that were made for it; with
<code>X-Revgraph-Plan: only</code> it tells the calls that it would take, and makes none. Whether the gateway lives is
told at <a href="/healthz">/healthz</a>, whether it is ready at <a href="/readyz">/readyz</a>.</p>
</html>
"""
