"""Opportunities and contracts: Salesforce's words to ours. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from canonical.contract import ContractRecord, ContractStatus
from canonical.opportunity import OpportunityRecord
from canonical.wanted import Wanted
from sources.salesforce import wire
from sources.salesforce.mapping import Telling
from sources.salesforce.values import Asked, amount_of, instant_of, sent

CONTRACT_STATUSES: Final = {
    "Draft": ContractStatus.DRAFT,
    "InApproval": ContractStatus.IN_APPROVAL,
    "Activated": ContractStatus.ACTIVE,
    "Expired": ContractStatus.EXPIRED,
    "Terminated": ContractStatus.TERMINATED,
}
"""The categories that the object reference lists for ContractStatus.StatusCode; labels are each org's own."""


def to_contract(row: wire.Contract, wanted: Wanted, telling: Telling) -> ContractRecord:
    """A contract with what was selected."""
    asked = Asked(wanted)
    return ContractRecord(
        ref=telling.ref(row.id),
        reference=telling.reference("Contract", row.id),
        stamp=telling.stamp("Contract", row.id),
        number=asked("number", row.contract_number),
        status=asked("status", _status(row)),
        system_status=asked("system_status", row.status),
        customer_key=asked("customer_key", row.account_id),
        starts_on=asked("starts_on", row.start_date),
        ends_on=asked("ends_on", row.end_date),
        term_months=asked("term_months", row.contract_term),
        created_at=asked("created_at", row.created_date),
        activated_at=asked("activated_at", row.activated_date),
        amended_at=asked("amended_at", instant_of(row.amended_at)),
        updated_at=asked("updated_at", row.last_modified_date),
    )


def to_opportunity(row: wire.Opportunity, wanted: Wanted, telling: Telling) -> OpportunityRecord:
    """An opportunity with what was selected."""
    asked = Asked(wanted)
    currency = sent(row.currency_iso_code) or telling.currency
    return OpportunityRecord(
        ref=telling.ref(row.id),
        reference=telling.reference("Opportunity", row.id),
        stamp=telling.stamp("Opportunity", row.id),
        name=asked("name", row.name),
        stage=asked("stage", row.stage_name),
        amount=asked("amount", amount_of(row.amount, currency)),
        closes_on=asked("closes_on", row.close_date),
        customer_key=asked("customer_key", row.account_id),
        closed=asked("closed", row.is_closed),
        won=asked("won", _won(row)),
        created_at=asked("created_at", row.created_date),
    )


def _status(row: wire.Contract) -> wire.Sent[ContractStatus]:
    code = row.status_code
    return code if code is None or isinstance(code, UnsetType) else CONTRACT_STATUSES.get(code)


def _won(row: wire.Opportunity) -> wire.Sent[bool]:
    # IsWon is false for a lost deal and for an open one alike.
    return None if row.is_closed is False else row.is_won
