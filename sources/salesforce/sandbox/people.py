"""The org, its users, accounts and contacts."""

from __future__ import annotations

from sources.salesforce.sandbox.model import (
    Field,
    SObject,
    address,
    choice,
    computed,
    flag,
    key,
    money,
    reference,
    text,
)


def people_objects() -> list[SObject]:
    """The org, its users, accounts and contacts."""
    return [_organization(), _user(), _account(), _contact()]


def _organization() -> SObject:
    return SObject(
        "Organization", "00D", [text("Name", 80, required=True), text("OrganizationType", 40), flag("IsSandbox")]
    )


def _user() -> SObject:
    return SObject(
        "User",
        "005",
        [
            text("Username", 80, required=True),
            text("LastName", 80),
            text("FirstName", 40),
            computed(text("Name", 121)),
            Field("Email", "email", 128),
            flag("IsActive", default=True),
        ],
    )


def _account() -> SObject:
    return SObject(
        "Account",
        "001",
        [
            text("Name", required=True),
            text("AccountNumber", 40),
            choice("Type"),
            reference("ParentId", "Account", "ChildAccounts"),
            *address("Billing"),
            *address("Shipping"),
            Field("Phone", "phone", 40),
            Field("Website", "url", 255),
            choice("Industry"),
            money("AnnualRevenue"),
            reference("OwnerId", "User"),
            key("ERP_Id__c"),
            key("ERP_Customer_Number__c", unique=False),
            key("Gateway_Key__c", case_sensitive=True),
        ],
    )


def _contact() -> SObject:
    return SObject(
        "Contact",
        "003",
        [
            text("LastName", 80, required=True),
            text("FirstName", 40),
            computed(text("Name", 121)),
            reference("AccountId", "Account", "Contacts"),
            text("Title", 128),
            Field("Email", "email", 80, external_id=True),
            Field("Phone", "phone", 40),
            *address("Mailing"),
            reference("OwnerId", "User"),
            key("ERP_Id__c"),
        ],
    )
