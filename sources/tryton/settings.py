"""What a landscape says of one Tryton system, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sources.landscape import Instance

CREDENTIAL: Final = "key"
COMPANY: Final = "company"


class Settings(BaseModel):
    """The settings of one Tryton system; the names are those of the landscape file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(pattern=r"^[A-Za-z0-9_.-]+$", description="the database, the first part of every address")
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", description="of names and messages")
    reference_field: str = Field(
        default="reference", pattern=r"^[a-z][a-z0-9_]*$", description="the sale's field that names its CRM order"
    )
    order_reference_field: str = Field(
        default="description",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="the sale's field that carries our own reference of an order booked from here",
    )
    purchase_order_field: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="the sale's field with the customer's own number; left out, its comment says it",
    )
    customer_reference_field: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="the party's field that holds its CRM key; left out, its identifiers without a type do",
    )
    customer_codes: Literal["reference", "numbered"] = Field(
        default="reference",
        description="the code of customers created from here: our reference, so that Tryton takes it once, or a number",
    )
    customer_payment_term: str | None = Field(
        default=None, description="name of the payment term of customers created from here; left out, Tryton's default"
    )
    tax_identifier_types: dict[str, str] = Field(
        default_factory=dict, description="Tryton's type of tax number by country, where ours is not the right one"
    )
    credit: bool = Field(
        default=True,
        description="read credit limits; False without the modules account_credit_limit and sale_credit_limit",
    )
    price_lists: bool = Field(default=False, description="price by price lists; needs the module sale_price_list")
    price_digits: int = Field(
        default=4, ge=0, le=10, description="digits of prices behind the point: price_decimal of Tryton's own settings"
    )
    amendments: bool = Field(
        default=False, description="change and cancel processed sales; needs the module sale_amendment"
    )
    product_codes: Literal["typed", "numbered"] = Field(
        default="typed", description="numbered: Tryton gives product codes itself, and sorts them by length first"
    )
    credit_journals: tuple[str, ...] = Field(
        default=("revenue", "expense", "write-off"),
        description="types of journals whose entries on an invoice are credit notes and write-offs, not money",
    )
    polled: tuple[
        Literal["sales", "sale_lines", "shipments", "returns", "moves", "invoices", "receivables", "customers"], ...
    ] = Field(
        default=("sales", "sale_lines", "shipments", "returns", "moves", "invoices", "receivables", "customers"),
        description="what is looked through for changes; leave out what the key's user may not read",
    )
    poll_overlap_minutes: int = Field(
        default=10, ge=1, le=1440, description="longer than the longest transaction, which is stamped when it begins"
    )
    page_size: int = Field(default=500, ge=1, le=5000, description="the most rows asked for in one call")
    most_pages: int = Field(default=20, ge=1, le=500, description="how many further pages of one answer are followed")
    longest_url: int = Field(
        default=4000,
        ge=1500,
        le=60000,
        description="what the server and proxies before it take; longer reads are split",
    )
    ui_url: str | None = Field(default=None, description="address of the web client, for links that people open")

    @model_validator(mode="after")
    def _two_references(self) -> Settings:
        if self.order_reference_field in (self.reference_field, self.purchase_order_field):
            raise ValueError("order_reference_field must be a field of its own: orders are found again by it")
        return self


class Entities:
    """Which legal entity each company of the database is, and back. An entity's code is `company`, the company's id."""

    def __init__(self, instance: Instance) -> None:
        """Read the codes once; ValueError where an entity has none, or one that is no id."""
        self._of_company: dict[int, str] = {}
        self._currency: dict[str, str | None] = {}
        for at in instance.entities:
            code = at.codes.get(COMPANY, "").strip()
            if not (code.isascii() and code.isdigit()):
                raise ValueError(
                    f"legal entity {at.entity.code} at {instance.name} needs the code company, the id of a company"
                )
            self._of_company[int(code)] = at.entity.code
            self._currency[at.entity.code] = at.entity.currency_code

    def of_company(self, company: int | None) -> str | None:
        """The legal entity that this company is; None where nobody said."""
        return None if company is None else self._of_company.get(company)

    def companies(self, seen: frozenset[str] | None, only: str | None = None) -> tuple[int, ...] | None:
        """The companies of the entities that may be seen, of `only` one where given; None: all there are."""
        if only is not None:
            seen = frozenset({only}) if seen is None else seen & {only}
        if seen is None:
            return None
        return tuple(sorted(company for company, entity in self._of_company.items() if entity in seen))

    def known(self) -> tuple[int, ...]:
        """Every company of the landscape, by id."""
        return tuple(sorted(self._of_company))

    def currency_of(self, entity: str) -> str | None:
        """The currency that a legal entity keeps its books in, where the landscape says."""
        return self._currency.get(entity)


def settings_of(instance: Instance) -> Settings:
    """The instance's settings; pydantic's ValidationError (a ValueError) names each that is wrong."""
    return Settings.model_validate(dict(instance.settings))


def first_of(companies: Iterable[int] | None, entities: Entities) -> int | None:
    """The company to ask as, for what Tryton keeps by company: the only one or the first of them."""
    held = entities.known() if companies is None else tuple(companies)
    return held[0] if held else None
