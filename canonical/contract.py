"""Contracts: the terms a customer agreed to, as the system that keeps them tells them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.refs import Ref, SystemReference


class ContractStatus(Enum):
    """Where a contract stands."""

    DRAFT = "DRAFT"
    IN_APPROVAL = "IN_APPROVAL"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"


class ContractRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """A contract; `customer_key` is the customer's key in the same system. Days are inclusive, times are UTC.

    `status` is None where the system's word has no place in ours; `system_status` is that word. `term_months` counts
    whole months from `starts_on`. `amended_at` is the last change of what was agreed, `updated_at` that of the record.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    number: Told[str] = UNSET
    status: Told[ContractStatus] = UNSET
    system_status: Told[str] = UNSET
    customer_key: Told[str] = UNSET
    starts_on: Told[date] = UNSET
    ends_on: Told[date] = UNSET
    term_months: Told[int] = UNSET
    created_at: Told[datetime] = UNSET
    activated_at: Told[datetime] = UNSET
    amended_at: Told[datetime] = UNSET
    updated_at: Told[datetime] = UNSET
