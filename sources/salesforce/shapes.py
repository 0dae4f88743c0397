"""The wire's shapes with one org's own field names in them, and the API name of each attribute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar, cast

import msgspec
from msgspec import Struct, UnsetType

from sources.salesforce.settings import Settings
from sources.salesforce.wire import (
    Account,
    Contract,
    Opportunity,
    Order,
    OrderItem,
    PricebookEntry,
    Product,
    Quote,
    QuoteLine,
    Rows,
)

S = TypeVar("S", bound=Struct)

_STANDARD_QUOTE: Final = {
    "id": "Id",
    "number": "QuoteNumber",
    "status": "Status",
    "account_id": "AccountId",
    "opportunity_id": "OpportunityId",
    "total": "GrandTotal",
    "expires_on": "ExpirationDate",
    "created_date": "CreatedDate",
    "lines": "QuoteLineItems",
}
_STANDARD_LINE: Final = {
    "id": "Id",
    "product": "Product2",
    "description": "Description",
    "quantity": "Quantity",
    "unit_price": "UnitPrice",
    "amount": "TotalPrice",
    "starts_on": "ServiceDate",
}
_PACKAGE_QUOTE: Final = {
    "id": "Id",
    "number": "Name",
    "status": "SBQQ__Status__c",
    "ordered": "SBQQ__Ordered__c",
    "account_id": "SBQQ__Account__c",
    "opportunity_id": "SBQQ__Opportunity2__c",
    "total": "SBQQ__NetAmount__c",
    "expires_on": "SBQQ__ExpirationDate__c",
    "created_date": "CreatedDate",
    "lines": "SBQQ__LineItems__r",
}
_PACKAGE_LINE: Final = {
    "id": "Id",
    "product": "SBQQ__Product__r",
    "quantity": "SBQQ__Quantity__c",
    "unit_price": "SBQQ__NetPrice__c",
    "amount": "SBQQ__NetTotal__c",
    "starts_on": "SBQQ__StartDate__c",
    "ends_on": "SBQQ__EndDate__c",
    "segment": "SBQQ__SegmentIndex__c",
    "parent": "SBQQ__RequiredBy__c",
}
_RELATIONS: Final = frozenset(
    {"account", "product", "product2", "contacts", "order_items", "lines", "pricebook_entries"}
)


@dataclass(frozen=True, slots=True)
class Shapes:
    """How this org's records are decoded, and by what names its objects go."""

    order: type[Order]
    item: type[OrderItem]
    account: type[Account]
    quote: type[Quote]
    quote_line: type[QuoteLine]
    product: type[Product]
    price: type[PricebookEntry]
    opportunity: type[Opportunity]
    contract: type[Contract]
    quote_object: str
    quote_line_object: str

    @staticmethod
    def of(settings: Settings) -> Shapes:
        """The shapes for these settings."""
        currency = "CurrencyIsoCode" if settings.multi_currency else None
        price = shape_with(PricebookEntry, {"currency_iso_code": currency})
        product = shape_with(
            Product,
            {
                "sku": settings.sku_field,
                "unit": settings.unit_field,
                "family": "Family" if settings.service_families else None,
            },
            pricebook_entries=rows_of(price),
        )
        item = shape_with(
            OrderItem,
            {
                "number": settings.line_number_field,
                "legal_entity": settings.line_legal_entity_field,
                "segment": settings.line_segment_field,
                "parent": settings.line_parent_field,
                "tax": settings.line_tax_field,
            },
            product2=product,
        )
        account = shape_with(Account, {"erp_numbers": settings.erp_customer_number_field, **_places(settings)})
        standard = settings.quote_model == "standard"
        line = shape_with(QuoteLine, _all(QuoteLine, _STANDARD_LINE if standard else _PACKAGE_LINE), product=product)
        return Shapes(
            order=shape_with(Order, _order_names(settings, currency), order_items=rows_of(item), account=account),
            item=item,
            account=account,
            quote=shape_with(Quote, _quote_names(settings, currency), lines=rows_of(line)),
            quote_line=line,
            product=product,
            price=price,
            opportunity=shape_with(Opportunity, {"currency_iso_code": currency}),
            contract=shape_with(Contract, {"amended_at": settings.contract_amended_at_field}),
            quote_object="Quote" if standard else "SBQQ__Quote__c",
            quote_line_object="QuoteLineItem" if standard else "SBQQ__QuoteLine__c",
        )


def shape_with(struct: type[S], names: Mapping[str, str | None], **below: object) -> type[S]:
    """A shape whose attributes go by these API names (None: the org has no such field), with these shapes below it.

    ValueError where one field would be read as two things.
    """
    # A name that no API gives: the attribute is then never sent, and stays UNSET.
    encoded = {attribute: name or f"-{attribute}" for attribute, name in names.items()}
    fields: list[tuple[str, object] | tuple[str, object, object]] = []
    # Every field is declared again: msgspec does not rename what is only inherited.
    for field in msgspec.structs.fields(struct):
        encoded.setdefault(field.name, field.encode_name)
        kind = below[field.name] | None | UnsetType if field.name in below else field.type  # type: ignore[operator]
        fields.append((field.name, kind) if field.required else (field.name, kind, field.default))
    twice = [name for name, times in Counter(encoded.values()).items() if times > 1]
    if twice:
        raise ValueError(f"the field {twice[0]} would mean two things at once: name another in the settings")
    made = msgspec.defstruct(struct.__name__, fields, bases=(struct,), frozen=True, rename=encoded)
    return cast("type[S]", made)


def rows_of(shape: type[S]) -> type[Rows[S]]:
    """The shape of a page of such rows."""
    return Rows[shape]  # type: ignore[valid-type]


@lru_cache(maxsize=4096)
def api_name(shape: type[Struct], attribute: str) -> str | None:
    """The API name of an attribute, or of one below it ('account.name'); None where this org has no such field."""
    head, _, below = attribute.partition(".")
    field = next(field for field in msgspec.structs.fields(shape) if field.name == head)
    if field.encode_name.startswith("-"):
        return None
    if not below:
        return field.encode_name
    found = api_name(_struct_in(field.type), below)
    return found and f"{field.encode_name}.{found}"


def columns(shape: type[Struct]) -> tuple[str, ...]:
    """The API names of a shape's own columns: neither parents and children, nor what this org has no field for."""
    return tuple(
        field.encode_name
        for field in msgspec.structs.fields(shape)
        if not field.encode_name.startswith("-") and field.name not in _RELATIONS
    )


def _struct_in(annotation: object) -> type[Struct]:
    members = getattr(annotation, "__args__", (annotation,))
    return next(member for member in members if isinstance(member, type) and issubclass(member, Struct))


def _order_names(settings: Settings, currency: str | None) -> dict[str, str | None]:
    return {
        "erp_numbers": settings.erp_order_number_field,
        "legal_entity": settings.legal_entity_field,
        "currency_iso_code": currency,
        "quote_key": settings.quote_field,
        "requested_date": settings.requested_date_field,
        "tax": settings.tax_field,
        "cancelled_at": settings.cancelled_at_field,
        **{name: api for name, api in _places(settings).items() if name.startswith("shipping")},
    }


def _quote_names(settings: Settings, currency: str | None) -> dict[str, str | None]:
    model = _STANDARD_QUOTE if settings.quote_model == "standard" else _PACKAGE_QUOTE
    return _all(Quote, model) | {
        "currency_iso_code": currency,
        "approved_at": settings.quote_approved_at_field,
        "accepted_at": settings.quote_accepted_at_field,
    }


def _all(struct: type[Struct], names: Mapping[str, str]) -> dict[str, str | None]:
    return {field.name: names.get(field.name) for field in msgspec.structs.fields(struct)}


def _places(settings: Settings) -> dict[str, str | None]:
    code = "Code" if settings.country_codes else ""
    return {
        f"{kind.lower()}_{part.lower()}": f"{kind}{part}{code}"
        for kind in ("Billing", "Shipping")
        for part in ("State", "Country")
    }
