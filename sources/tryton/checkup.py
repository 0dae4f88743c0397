"""Looking whether a Tryton database is well: reachable, opened by the key, fields readable and records writable."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Final

from canonical.errors import Fault, ProblemCategory, Throttled, Unavailable
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Checkup, Finding
from sources.tryton import fields
from sources.tryton.client import Search, TrytonClient
from sources.tryton.fields_intake import STOCK, goods_paths, known_paths, quoted_buyer_paths, whole_paths
from sources.tryton.reading import ENTRY, INVOICE, PARTY, PRODUCT, RETURN, SALE, SHIPMENT
from sources.tryton.rights import missing_rights
from sources.tryton.settings import Entities, Settings

_ADDRESSES: Final = ("billing_address", "shipping_address")
_LINES: Final = ("number", "sku", "description", "unit", "unit_price", "amount", "tax")
ORDER: Final = Wanted.of(
    *("customer_key", "customer_name", "ship_to", "currency_code", "requested_delivery_date", "purchase_order_number"),
    *("subtotal", "tax", "total", "submitted_at", "booked_at", "cancelled_at", "version"),
    *(f"lines.{name}" for name in _LINES),
)
SHIPPED: Final = Wanted.of("ship_from", "planned_on", "shipped_at", "lines.sku", "lines.unit")
PAID: Final = Wanted.of("number", "method", "status", "customer_key", "amount", "unapplied", "applications")
BILLED: Final = Wanted.of(
    *("status", "customer_key", "issued_on", "created_at", "due_on", "subtotal", "tax", "open", "paid"),
    *(f"lines.{name}" for name in ("sku", "description", "amount", "tax")),
    *(f"payments.payment.{name}" for name in PAID.names()),
    *("credit_memos.reason", "credit_memos.lines"),
)
ACCOUNT: Final = Wanted.of("payment_terms", "credit", "open_balance", "overdue_balance")
_MISSING: Final = re.compile(r"'([A-Za-z_.]+)'")
_CREDIT: Final = ("party.credit_limit_amount", "party.credit_amount")


def reads(settings: Settings, company: int | None) -> Mapping[str, Search]:
    """Every read that the adapter can send, at its widest, by what it is of."""
    customer = Wanted.of("name", "contacts", *_ADDRESSES, "updated_at")
    buyers = (*quoted_buyer_paths(settings), *known_paths(settings))
    orders = (*fields.order_paths(ORDER, settings), *(_CREDIT if settings.credit else ()))
    return {
        "sales": Search(SALE, tuple(dict.fromkeys(orders)), company),
        "shipments": Search(SHIPMENT, fields.shipment_paths(SHIPPED, "outgoing_moves"), company),
        "returns": Search(RETURN, fields.shipment_paths(SHIPPED, "incoming_moves"), company),
        "invoices": Search(INVOICE, fields.invoice_paths(BILLED), company),
        "payments": Search(ENTRY, fields.payment_paths(PAID), company),
        "customers": Search(PARTY, fields.customer_paths(customer, settings), company),
        "receivables": Search(PARTY, fields.account_paths(ACCOUNT, settings), company),
        "products": Search(PRODUCT, fields.product_paths(Wanted.of("name", "unit", "active", "prices")), company),
        "orders to change": Search(SALE, whole_paths(settings), company),
        "customers who order": Search(PARTY, tuple(dict.fromkeys(buyers)), company),
        "products to sell": Search(PRODUCT, (*goods_paths(), *STOCK), company),
    }


class Doctor:
    """Looks at one database."""

    def __init__(
        self,
        client: TrytonClient,
        settings: Settings,
        entities: Entities,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask through this client; `clock` measures seconds."""
        self._client, self._settings, self._entities, self._clock = client, settings, entities, clock

    async def check(self, call: Call, *, thorough: bool) -> Checkup:
        """One small authorised call; thorough also one for each kind of record. Never raises a Fault."""
        began = self._clock()
        try:
            await self._client.look(call, Search(SALE, ("state",)))
        except Fault as fault:
            latency = None if isinstance(fault, Unavailable) else self._since(began)
            status = SystemHealth.DEGRADED if isinstance(fault, Throttled) else SystemHealth.DOWN
            return _found(status, latency, (_ill("reachable and authorised", fault),))
        latency = self._since(began)
        findings = [Finding(name="reachable and authorised", well=True)]
        if thorough:
            findings += await self._thorough(call)
        well = all(finding.well for finding in findings)
        return _found(SystemHealth.UP if well else SystemHealth.DEGRADED, latency, tuple(findings))

    def _since(self, began: float) -> int:
        return round((self._clock() - began) * 1000)

    async def _thorough(self, call: Call) -> list[Finding]:
        findings = [await self._companies(call)]
        known = self._entities.known()
        for name, search in reads(self._settings, known[0] if known else None).items():
            findings.append(await self._readable(call, name, search))
        return [*findings, await self._writable(call)]

    async def _writable(self, call: Call) -> Finding:
        name = "rights to book orders and create customers"
        try:
            missing = await missing_rights(self._client, call, self._settings)
        except Unavailable as fault:
            return _broken(name, Search("sale.amendment", ()), fault)
        except Fault as fault:
            return _ill(name, fault)
        advice = f"Our user may not {', '.join(missing)}: it needs the groups Sales and Sale Amendment."
        return Finding(name=name, well=not missing, advice=advice if missing else None)

    async def _companies(self, call: Call) -> Finding:
        name = "companies of the legal entities"
        try:
            search = Search("company.company", ("currency.code",))
            rows = await self._client.all_of(call, search)
        except Fault as fault:
            return _ill(name, fault)
        missing = [str(company) for company in self._entities.known() if company not in rows]
        advice = f"Our user sees no company {', '.join(missing)}: check codes.company, and its companies in Tryton."
        return Finding(name=name, well=not missing, advice=advice if missing else None)

    async def _readable(self, call: Call, name: str, search: Search) -> Finding:
        """A field that our user may not read is left out of the answer; one that does not exist breaks the request."""
        title = f"fields of {name}"
        try:
            rows = await self._client.look(call, search)
        except Unavailable as fault:
            return _broken(title, search, fault)
        except Fault as fault:
            return _ill(title, fault)
        missing = [path for path in search.fields if _lacks(rows, path.split("."))]
        advice = f"Our user may not read {', '.join(missing)} of {search.model}: give it the right, or it stays empty."
        return Finding(name=title, well=not missing, advice=advice if missing else None)


def _lacks(value: object, parts: Sequence[str]) -> bool:
    if not parts or value is None:
        return False
    if isinstance(value, list):
        return bool(value) and all(_lacks(each, parts) for each in value)
    return isinstance(value, dict) and (parts[0] not in value or _lacks(value[parts[0]], parts[1:]))


def _broken(title: str, search: Search, fault: Fault) -> Finding:
    named = _MISSING.search(unescape(fault.detail or ""))
    if named is None:
        return _ill(title, fault)
    advice = (
        f"Tryton failed on {named.group(1)!r} of {search.model}: is the module that brings it activated? "
        "Needed are sale, stock, account_invoice and, unless the setting credit is false, sale_credit_limit; "
        "sale_price_list for the setting price_lists, sale_amendment for amendments."
    )
    return Finding(name=title, well=False, advice=advice)


def _ill(name: str, fault: Fault) -> Finding:
    advice = fault.sentence
    if fault.category is ProblemCategory.PERMISSION:
        advice += (
            " Make a key for the application 'rest' in the user's preferences, and let an administrator validate it."
        )
    return Finding(name=name, well=False, advice=advice)


def _found(status: SystemHealth, latency: int | None, findings: tuple[Finding, ...]) -> Checkup:
    ill = next((finding.advice for finding in findings if not finding.well), None)
    return Checkup(status=status, latency_ms=latency, calls_remaining=None, message=ill, findings=findings)
