"""What a landscape says of how orders and customers are written into one SAP system, checked."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FIELD: Final = r"^[A-Z][A-Za-z0-9_]{0,39}$"
"""A field's name; a company's own begin with YY1_ or ZZ1_."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,6}$")]
OptionalField = Annotated[str, StringConstraints(pattern=rf"^$|{FIELD}")]
"""A field's name, or empty for none."""
OptionalCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,10}$")]
LENGTHS: Final = {
    "PurchaseOrderByCustomer": 35,
    "PurchaseOrderByShipToParty": 35,
    "AssignmentReference": 18,
    "AccountingDocExternalReference": 16,
    "UnderlyingPurchaseOrderItem": 6,
    "BusinessPartnerIDByExtSystem": 20,
    "SearchTerm1": 20,
    "SearchTerm2": 20,
}
"""How many characters SAP's own fields take; a company's own are refused by SAP where they are too short."""


class IntakeSettings(BaseModel):
    """Settings of writing; the names are those of the landscape file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writes: bool = Field(default=True, description="orders and customers may be written; false: only read")
    write_seconds: float = Field(default=60.0, gt=0, le=600, description="how long one write may take")

    order_type: Code = Field(default="OR", description="of new orders; a legal entity's code of that name wins")
    distribution_channel: Code = Field(default="10", description="as order_type")
    division: Code = Field(default="00", description="as order_type")
    ship_to_function: Code = Field(default="SH", description="partner function, in the language of `language`")
    bill_to_function: Code = Field(default="BP", description="partner function, in the language of `language`")
    crm_key_field: OptionalField = Field(default="", description="the order's field that holds the CRM order's key")
    amendment_field: OptionalField = Field(
        default="", description="the order's field that holds the reference of its last amendment"
    )
    line_place_field: Literal["", "UnderlyingPurchaseOrderItem"] = Field(
        default="UnderlyingPurchaseOrderItem", description="the item's field that holds its place in the request"
    )
    line_start_field: OptionalField = Field(default="", description="the item's field for the first day of service")
    line_end_field: OptionalField = Field(default="", description="the item's field for the last day of service")
    line_segment_field: OptionalField = Field(default="", description="the item's field for the segment of a ramp")
    discount_condition_type: OptionalCode = Field(
        default="", description="the condition that takes a percentage off; empty: discounts are taken off the price"
    )
    rejection_reason: Code = Field(default="00", description="SalesDocumentRjcnReason of what is cancelled")
    rejection_reasons: dict[str, str] = Field(
        default_factory=dict, description="SalesDocumentRjcnReason by the reason that people give; else the one above"
    )
    numbering: Literal["internal", "external"] = Field(
        default="internal", description="external: we give orders their numbers, so that none can be booked twice"
    )
    number_from: int = Field(default=0, ge=0, le=9_999_999_999, description="first number of the external range")
    number_to: int = Field(default=0, ge=0, le=9_999_999_999, description="last number of the external range")
    one_change_a_changeset: bool = Field(
        default=False, description="the system refuses several changes in one changeset (KBA 3474176)"
    )

    partner_grouping: Code = Field(default="BP02", description="BusinessPartnerGrouping of new customers")
    partner_roles: tuple[Code, ...] = Field(default=("FLCU00", "FLCU01"), description="roles of new customers")
    identification_type: OptionalCode = Field(
        default="", description="BPIdentificationType that holds our references of new customers"
    )
    reconciliation_accounts: dict[str, str] = Field(
        default_factory=dict, description="account by company code; '*' for all others"
    )
    customer_payment_terms: OptionalCode = Field(default="", description="of new customers")
    tax_number_types: dict[str, str] = Field(
        default_factory=dict, description="BPTaxType by country; left out: the country's code and a 0"
    )
    tax_classifications: dict[str, str] = Field(
        default_factory=dict, description="CustomerTaxClassification of new customers by tax category"
    )
    regions: dict[str, str] = Field(default_factory=dict, description="codes of regions that people write out")

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if self.numbering == "external" and not 0 < self.number_from <= self.number_to:
            raise ValueError("external numbering needs number_from and number_to, the first and last of its range")
        return self
