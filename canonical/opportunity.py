"""Opportunities: deals that may become orders, as the CRM tells them."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class OpportunityRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """A deal; `customer_key` is the customer's key in the same system. Times are UTC.

    `stage` is the system's own word. `won` is None while the deal is open. `closes_on` is the day it is expected to
    close, or did; `amount` is what people expect of it, net.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    name: Told[str] = UNSET
    stage: Told[str] = UNSET
    amount: Told[Money] = UNSET
    closes_on: Told[date] = UNSET
    customer_key: Told[str] = UNSET
    closed: Told[bool] = UNSET
    won: Told[bool] = UNSET
    created_at: Told[datetime] = UNSET
