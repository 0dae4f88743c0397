"""What we write in an org, and whether its own description of its objects says that we may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sources.ports import Finding
from sources.salesforce.settings import Settings
from sources.salesforce.wire import Described, FieldDescribed


@dataclass(frozen=True, slots=True)
class Use:
    """How a field is written: when records are made, when they are changed, and whether it has to tell them apart."""

    made: bool = False
    changed: bool = False
    unique: bool = False
    setting: str | None = None


def written_fields(settings: Settings) -> Mapping[str, Mapping[str, Use]]:
    """By object, the fields that we may write; none where the org is set up to be read only."""
    if settings.read_only:
        return {}
    named_by = setting_names(settings)
    fields: defaultdict[str, dict[str, Use]] = defaultdict(dict)
    for sobject, name, use in _uses(settings):
        if name is not None:
            fields[sobject][name] = Use(use.made, use.changed, use.unique, named_by.get(name))
    return fields


def setting_names(settings: Settings) -> dict[str, str]:
    """By the API name of a field, the settings that name it."""
    named_by: dict[str, str] = {}
    for name, value in settings.model_dump().items():
        if name.endswith("_field") and isinstance(value, str):
            named_by[value] = f"{named_by[value]} or {name}" if value in named_by else name
    return named_by


def writable(sobject: str, described: Described, fields: Mapping[str, Use]) -> Finding:
    """Whether the object takes what we write; the advice names each field that does not, and its setting."""
    title = f"{sobject} is writable"
    known = {field.name: field for field in described.fields}
    wrong = [text for name, use in fields.items() if (text := _wrong(name, use, known.get(name)))]
    if any(use.made for use in fields.values()) and not described.createable:
        wrong.insert(0, "no records may be made")
    if not described.updateable:
        wrong.insert(0, "no records may be changed")
    if not wrong:
        return Finding(name=title, well=True)
    advice = (
        f"{sobject}: {'; '.join(wrong)}. Give the integration user the rights, correct the settings, "
        "or set read_only where nothing shall be written."
    )
    return Finding(name=title, well=False, advice=advice)


def _uses(settings: Settings) -> Iterator[tuple[str, str | None, Use]]:
    made, changed, key = Use(made=True), Use(changed=True), Use(made=True, unique=True)
    standard = ("AccountId", "EffectiveDate", "Pricebook2Id", "OpportunityId", "PoNumber")
    for name in (*standard, settings.requested_date_field, settings.legal_entity_field):
        yield "Order", name, made
    yield "Order", settings.quote_field, made
    yield "Order", "CurrencyIsoCode" if settings.multi_currency else None, made
    yield "Order", "Status", Use(made=True, changed=True)
    yield "Order", settings.order_reference_field, key
    for name in (settings.erp_order_number_field, settings.erp_status_field, settings.erp_failure_field):
        yield "Order", name, changed
    lines = ("OrderId", "PricebookEntryId", "Quantity", "UnitPrice", "ServiceDate", "EndDate")
    for name in (*lines, settings.line_segment_field, settings.line_parent_field):
        yield "OrderItem", name, made
    yield "OrderItem", settings.quote_line_field, made
    yield "OrderItem", settings.line_reference_field, key
    yield "OrderItem", settings.line_erp_key_field, changed
    yield "Account", settings.erp_customer_number_field, changed


def _wrong(name: str, use: Use, field: FieldDescribed | None) -> str | None:
    called = f"{name} (setting {use.setting})" if use.setting else name
    if field is None:
        return f"{called} is not there or not shown"
    if (use.made and not field.createable) or (use.changed and not field.updateable):
        return f"{called} may not be written"
    if use.unique and not (field.external_id and field.unique):
        return f"{called} is no unique external id"
    return None
