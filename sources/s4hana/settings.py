"""What a landscape says of one SAP system, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from sources.landscape import Instance
from sources.s4hana.settings_intake import FIELD, IntakeSettings


class Settings(IntakeSettings):
    """The settings of one SAP system; the names are those of the landscape file."""

    sap_client: str | None = Field(default=None, pattern=r"^\d{3}$", description="on-premise only: the client")
    language: str = Field(default="EN", pattern=r"^[A-Z]{2}$", description="of texts and messages")
    auth: Literal["basic", "oauth"] = Field(default="basic", description="how we sign in")
    username: str | None = Field(default=None, description="for auth = basic; may be a credential instead")
    client_id: str | None = Field(default=None, description="for auth = oauth; may be a credential instead")
    token_url: str | None = Field(default=None, description="for auth = oauth; default: below the base URL")
    scope: str | None = Field(default=None, description="for auth = oauth")
    api_key_header: str | None = Field(default=None, description="header of the credential 'api_key'")

    reference_field: str = Field(
        default="PurchaseOrderByCustomer",
        pattern=FIELD,
        description="the order's field that names its partner in the CRM, or our reference of what we booked",
    )
    purchase_order_field: Literal["PurchaseOrderByCustomer", "PurchaseOrderByShipToParty"] = Field(
        default="PurchaseOrderByShipToParty", description="the order's field that holds the customer's own number"
    )
    line_reference_field: str = Field(
        default="PurchaseOrderByShipToParty",
        pattern=FIELD,
        description="the item's field that names its partner in the CRM",
    )
    customer_reference_field: str = Field(
        default="BusinessPartnerIDByExtSystem",
        pattern=FIELD,
        description="the business partner's field that holds its CRM key",
    )
    customers_from_orders: bool = Field(
        default=True,
        description="take the name and address of a customer that the CRM lacks from its order; false asks for its own",
    )
    tracking_field: Literal["BillOfLading", "MeansOfTransport"] = Field(
        default="BillOfLading", description="the delivery's field that holds a tracking number by convention"
    )
    shipping_points: dict[str, str] = Field(
        default_factory=dict, description="places by shipping point, as people say them; others are not told"
    )
    price_condition_type: str = Field(default="PPR0", description="the condition that is the net price")
    approval_pending: tuple[str, ...] = Field(default=("A",), description="SalesDocApprovalStatus letters that hold")
    schedule_line_blocks: bool = Field(default=False, description="read delivery blocks of schedule lines too")

    payment_document_types: tuple[str, ...] = Field(default=("DZ",), description="journal entries that are payments")
    write_off_document_types: tuple[str, ...] = Field(default=(), description="journal entries that write off")
    payment_methods: dict[str, str] = Field(
        default_factory=lambda: {"T": "wire", "U": "wire", "C": "check", "K": "card", "D": "direct debit"},
        description="words for PaymentMethod letters",
    )
    deduct_cash_discount: bool = Field(default=True, description="a cash discount that was taken is not paid")
    dispute_blocks: tuple[str, ...] | None = Field(
        default=None, description="dunning blocks that mean a dispute; left out, any does"
    )

    credit: bool = Field(default=True, description="read credit accounts where the system publishes them")
    credit_account_set: str = Field(
        default="CreditManagementAccount", description="the set of API_CRDTMBUSINESSPARTNER that holds accounts"
    )
    credit_segments: dict[str, str] = Field(
        default_factory=dict, description="credit segment by company code; left out, the account's only one is taken"
    )

    polled: tuple[Literal["orders", "deliveries", "bills", "receivables", "customers"], ...] = Field(
        default=("orders", "deliveries", "bills", "receivables", "customers"),
        description="what is looked through for changes; leave out what the user may not read",
    )
    poll_overlap_minutes: int = Field(
        default=15, ge=1, le=1440, description="longer than SAP's longest transaction, which is stamped when it begins"
    )

    page_size: int = Field(default=200, ge=1, le=5000, description="the most rows asked for in one page")
    most_pages: int = Field(default=20, ge=1, le=500, description="how many further pages of one answer are followed")
    time_zone: str = Field(default="UTC", description="of the system's own times of day")
    ui_url: str | None = Field(default=None, description="address of the launchpad, for links that people open")

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError('there is no time zone of this name; expected one such as "Europe/Berlin"') from error
        return name

    def partner_fields(self) -> tuple[str, ...]:
        """The order's fields that name it elsewhere."""
        return (self.reference_field, *((self.crm_key_field,) if self.crm_key_field else ()))

    def item_fields(self) -> tuple[str, ...]:
        """The item's fields that were chosen for what SAP has no field of its own for."""
        chosen = (self.line_reference_field, self.line_start_field, self.line_end_field, self.line_segment_field)
        return tuple(filter(None, chosen))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the system's own times of day."""
        return ZoneInfo(self.time_zone)


class Entities:
    """Which legal entity each company code and sales organization belongs to, and back.

    An entity's codes are `company_code` and `sales_organization`; several sales organizations are parted by commas.
    """

    def __init__(self, instance: Instance) -> None:
        """Read the codes once; ValueError where an entity lacks one, since its rows could not be told apart."""
        self._of_company: dict[str, str] = {}
        self._of_organization: dict[str, str] = {}
        self._currency: dict[str, str | None] = {}
        for at in instance.entities:
            company, organizations = at.codes.get("company_code", ""), at.codes.get("sales_organization", "")
            if not company or not organizations:
                raise ValueError(
                    f"legal entity {at.entity.code} at {instance.name} needs company_code and sales_organization"
                )
            self._of_company[company] = at.entity.code
            self._currency[at.entity.code] = at.entity.currency_code
            self._of_organization.update({part.strip(): at.entity.code for part in organizations.split(",")})

    def of_company(self, company_code: str | None) -> str | None:
        """The legal entity that keeps its books under this company code; None where nobody said."""
        return self._of_company.get(company_code or "")

    def of_organization(self, sales_organization: str | None) -> str | None:
        """The legal entity that this sales organization sells for; None where nobody said."""
        return self._of_organization.get(sales_organization or "")

    def companies(self, wanted: frozenset[str] | None) -> tuple[str, ...] | None:
        """The company codes of these legal entities; None means all there are, () none of ours."""
        return _codes(self._of_company, wanted)

    def organizations(self, wanted: frozenset[str] | None) -> tuple[str, ...] | None:
        """The sales organizations of these legal entities; None means all there are, () none of ours."""
        return _codes(self._of_organization, wanted)

    def known_companies(self) -> tuple[str, ...]:
        """Every company code of the landscape, sorted."""
        return tuple(sorted(self._of_company))

    def currency_of(self, entity: str) -> str | None:
        """The currency that a legal entity keeps its books in, where the landscape says."""
        return self._currency.get(entity)


def settings_of(instance: Instance) -> Settings:
    """The instance's settings; pydantic's ValidationError (a ValueError) names each that is wrong."""
    return Settings.model_validate(dict(instance.settings))


def _codes(held: Mapping[str, str], wanted: frozenset[str] | None) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    return tuple(sorted(code for code, entity in held.items() if entity in wanted))
