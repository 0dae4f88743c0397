"""What a landscape says of one Salesforce org, checked."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from sources.landscape import SHORTEST_SECRET, Instance, Secret
from sources.salesforce import ids


def _pricebook(text: str) -> str:
    found = ids.named(text, ids.PRICEBOOK)
    if found is None:
        raise ValueError("the id of a price book has 15 or 18 characters and begins with 01s")
    return found


def _organization(text: str) -> str:
    found = ids.named(text, ids.ORGANIZATION)
    if found is None:
        raise ValueError("the id of an org has 15 or 18 characters and begins with 00D")
    return found


FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""An API name, with its namespace where it has one."""
NoField = Annotated[FieldName | None, BeforeValidator(lambda name: name or None)]
"""A field that an org can do without: an empty text says that it does."""
PricebookId = Annotated[str, AfterValidator(_pricebook)]
OrganizationId = Annotated[str, AfterValidator(_organization)]
Topic = Annotated[str, StringConstraints(pattern=r"^/(?:data|event)/[A-Za-z][A-Za-z0-9_]{0,99}$")]
Endpoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$")]
BulletinPart = Literal["id", "order_key", "order_id", "status", "previous", "version", "at", "cursor"]
Word = Annotated[str, StringConstraints(min_length=1, max_length=255)]


WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - a name
WEBHOOK_SECRET_BEFORE: Final = "webhook_secret_before"  # noqa: S105 - a name
"""The credentials that open the door to outbound messages: the secret in their address, and the one it had before."""


class Settings(BaseModel):
    """The settings of one org; the names are those of the landscape file.

    A custom field left out is neither read nor written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_version: str = Field(default="68.0", pattern=r"^v?\d{2,3}\.0$", description="of the REST API")
    auth: Literal["jwt", "client_credentials"] | None = Field(
        default=None, description="left out: jwt where there is a credential private_key, else client_credentials"
    )
    login_url: str | None = Field(
        default=None, description="where tokens are given; default: the base URL, which has to be the My Domain"
    )
    audience: str = Field(
        default="https://login.salesforce.com", description="of the JWT; test.salesforce.com: sandbox"
    )
    client_id: str | None = Field(default=None, description="the consumer key; or a credential of this name")
    username: str | None = Field(default=None, description="for auth = jwt: whose rights we have; or a credential")
    ca_file: str | None = Field(default=None, description="certificates to trust instead of the machine's own")

    quote_model: Literal["standard", "sbqq"] = Field(
        default="standard", description="whose quotes are read: Salesforce's own, or those of Salesforce CPQ"
    )
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="of an org with one currency")
    multi_currency: bool = Field(default=False, description="whether records have CurrencyIsoCode")
    country_codes: bool = Field(default=False, description="whether state and country picklists are switched on")

    erp_order_number_field: FieldName = Field(default="ERP_Order_Number__c", description="on Order: ERP order numbers")
    legal_entity_field: FieldName | None = Field(default=None, description="on Order: the legal entity's code")
    requested_date_field: FieldName | None = Field(default=None, description="on Order: requested delivery date")
    tax_field: FieldName | None = Field(default=None, description="on Order: its tax")
    cancelled_at_field: FieldName | None = Field(default=None, description="on Order: when it was cancelled")

    line_number_field: FieldName = Field(default="OrderItemNumber", description="on OrderItem: the number people quote")
    line_legal_entity_field: FieldName | None = Field(default=None, description="on OrderItem: the legal entity's code")
    line_segment_field: FieldName | None = Field(default=None, description="on OrderItem: number of a ramp segment")
    line_parent_field: FieldName | None = Field(default=None, description="on OrderItem: the bundle's item")
    line_tax_field: FieldName | None = Field(default=None, description="on OrderItem: its tax")
    service_families: tuple[str, ...] = Field(default=(), description="product families that are never shipped")

    erp_customer_number_field: FieldName = Field(
        default="ERP_Customer_Number__c", description="on Account: ERP customer numbers"
    )
    quote_approved_at_field: FieldName | None = Field(default=None, description="on the quote: when it was approved")
    quote_accepted_at_field: FieldName | None = Field(default=None, description="on the quote: when it was accepted")
    contract_amended_at_field: FieldName | None = Field(
        default=None, description="on Contract: when what was agreed last changed"
    )
    sku_field: FieldName = Field(default="StockKeepingUnit", description="on Product2: what joins it to the ERPs")
    unit_field: FieldName | None = Field(default="QuantityUnitOfMeasure", description="on Product2: the unit of sale")

    read_only: bool = Field(default=False, description="never write: orders and accounts are not told of bookings")
    order_reference_field: FieldName = Field(
        default="Gateway_Key__c", description="on Order: our reference, as a unique external id"
    )
    line_reference_field: FieldName = Field(
        default="Gateway_Key__c", description="on OrderItem: our reference and the line's place, as above"
    )
    erp_status_field: NoField = Field(default="ERP_Status__c", description="on Order: what became of it in the ERPs")
    erp_failure_field: NoField = Field(default=None, description="on Order: why nothing was booked")
    line_erp_key_field: NoField = Field(default=None, description="on OrderItem: the line's keys in the ERPs")
    booked_word: Word = Field(default="Booked", description="what erp_status_field says of a booked order")
    cancelled_word: Word = Field(default="Cancelled", description="what it says of a cancelled one")
    failed_word: Word = Field(default="Failed", description="what it says where nothing was booked")
    draft_status: Word = Field(default="Draft", description="the status that a registered order is made with")
    activated_status: Word = Field(default="Activated", description="the status that it is given then")
    activate_registered: bool = Field(default=True, description="whether it is activated; off where people do that")
    pricebook: PricebookId | None = Field(
        default=None, description="id of the price book of registered orders; default: the standard one"
    )

    organization_id: OrganizationId | None = Field(
        default=None, description="the org's own id (00D...): outbound messages are taken from no other"
    )
    # A row is stamped when it is written and seen when its transaction is committed, and a transaction of the platform
    # may take ten minutes (Apex developer guide, "Execution Governors and Limits": maximum execution time for each
    # transaction). One minute more is for what comes before and behind the Apex in it. With less than ten seconds
    # no record would be seen again when its stamp has settled (polling.py).
    poll_overlap_seconds: float = Field(
        default=660.0, ge=10, le=3600, description="how far a look at what was changed goes back behind the last one"
    )
    pubsub_endpoint: Endpoint | None = Field(
        default=None,
        description="of the Pub/Sub API, as api.pubsub.salesforce.com:7443; left out: not listened to",
    )
    pubsub_ca_file: str | None = Field(default=None, description="certificates to trust there instead of the usual")
    pubsub_topics: tuple[Topic, ...] = Field(
        default=(),
        description="what is listened to; default: the change events of orders, lines, accounts, quotes and contracts",
    )
    pubsub_record_field: FieldName = Field(
        default="Record_Id__c", description="on platform events that are listened to: the id of the record"
    )
    pubsub_quiet_seconds: float = Field(
        default=330.0, gt=0, le=3600, description="silence after which the connection counts as lost; life is 270"
    )
    unheeded_fields: frozenset[FieldName] = Field(
        default=frozenset(), description="whoever changes these fields and no other is not told of by change events"
    )
    bulletin_event: Annotated[FieldName, StringConstraints(pattern="__e$")] = Field(
        default="Revgraph_Order_Status__e", description="the platform event that tells screens of an order's status"
    )
    bulletin_fields: dict[BulletinPart, NoField] = Field(
        default_factory=dict, description="where a bulletin's parts stand in it, other than usual; empty: nowhere"
    )

    most_pages: int = Field(default=20, ge=1, le=500, description="how many further pages of one answer are followed")

    @property
    def quote_field(self) -> str:
        """What names the quote of an order."""
        return "QuoteId" if self.quote_model == "standard" else "SBQQ__Quote__c"

    @property
    def quote_line_field(self) -> str:
        """What names the quote's line of an order's line."""
        return "QuoteLineItemId" if self.quote_model == "standard" else "SBQQ__QuoteLine__c"

    @property
    def quote_object(self) -> str:
        """What quotes are, in this org."""
        return "Quote" if self.quote_model == "standard" else "SBQQ__Quote__c"

    @property
    def tells_amendments(self) -> bool:
        """Whether contracts say when they were amended; else nothing that is told of them is worth a look."""
        return self.contract_amended_at_field is not None

    @property
    def topics(self) -> tuple[str, ...]:
        """What is listened to."""
        return self.pubsub_topics or (
            "/data/OrderChangeEvent",
            "/data/OrderItemChangeEvent",
            "/data/AccountChangeEvent",
            "/data/QuoteChangeEvent" if self.quote_model == "standard" else "/data/SBQQ__Quote__ChangeEvent",
            # The fifth of the entities that are free, see "Change Data Capture Allocations".
            *(("/data/ContractChangeEvent",) if self.tells_amendments else ()),
        )

    @property
    def api(self) -> str:
        """The path below which the REST API of this version lives."""
        return f"/services/data/v{self.api_version.removeprefix('v')}"


def settings_of(instance: Instance) -> Settings:
    """The instance's settings; pydantic's ValidationError (a ValueError) names each that is wrong."""
    settings = Settings.model_validate(dict(instance.settings))
    for name in (WEBHOOK_SECRET, WEBHOOK_SECRET_BEFORE):
        held = instance.credentials.get(name)
        if held is not None and len(held.reveal()) < SHORTEST_SECRET:
            raise ValueError(f"the credential {name} of {instance.name} needs at least {SHORTEST_SECRET} characters")
    if WEBHOOK_SECRET in instance.credentials and settings.organization_id is None:
        raise ValueError(f"{instance.name} takes outbound messages: it needs the setting organization_id too")
    return settings


def credential(instance: Instance, name: str) -> Secret:
    """A credential of the instance; ValueError in words where the landscape gives none."""
    found = instance.credentials.get(name)
    if found is None:
        raise ValueError(f"{instance.name} needs the credential {name!r} for the way it signs in")
    return found
