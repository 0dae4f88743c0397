"""The shape of a landscape file: what may be written, and in words what is expected at each place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from canonical.timeline import TimelineKind
from sources.landscape import LONGEST_KEPT, Limits, SettingValue
from sources.landscape_events import Receiver
from sources.landscape_events_form import BulletinsForm, EventsForm, FeedForm
from sources.landscape_rules_form import ExceptionForm, OrdersForm, RoutingForm, WritesForm

EXPECTED = "expected"
"""The type of an error whose text is already the expectation in words."""

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_SECRET_NAME = re.compile(r"(?:^|_)(?:secret|password|passphrase|private_key|api_key|token)$")
_USUAL = Limits()
_RECEIVER = Receiver("", "")
_HAPPENINGS = frozenset(kind.value for kind in TimelineKind)
_CREDENTIAL = '{ env = "NAME_OF_A_VARIABLE" } or { file = "path/of/a/file" }, never the secret itself'
_SETTING = "text, a number, true or false, a list of texts, or a table of texts"


def expected(words: str) -> PydanticCustomError:
    """An error that says what belongs there."""
    return PydanticCustomError(EXPECTED, "{words}", {"words": words})


def _setting(value: object) -> object:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    table = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if isinstance(value, str | int | float | bool) or texts or table:
        return value
    raise expected(_SETTING)


def _no_secrets(settings: Mapping[str, SettingValue]) -> Mapping[str, SettingValue]:
    for name in settings:
        if _SECRET_NAME.search(name):
            raise expected(f"no secret among the settings: {name!r} belongs under [instances.credentials]")
    return settings


def _happening(value: str) -> str:
    if value not in _HAPPENINGS:
        raise expected(f"one of {', '.join(kind.value for kind in TimelineKind)}")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise expected('an address such as "https://example.my.salesforce.com", with no user, query or fragment in it')
    return value.rstrip("/")


# The vendor folder knows the types of its settings; here only their kind is checked, so pydantic sees plain objects.
Setting = Annotated[object, BeforeValidator(_setting)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Positive = Annotated[float, Field(gt=0, le=3_600)]
Count = Annotated[int, Field(ge=1, le=1_000)]


class Form(BaseModel):
    """Strict: nothing is converted, and an unknown key is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CredentialForm(Form):
    """Where a secret is to be read from: exactly one of a variable's name and a file's path."""

    env: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="the name of an environment variable"
    )
    file: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="the path of a file with the secret"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: object) -> object:
        if not isinstance(value, dict) or not set(value) <= {"env", "file"} or len(value) != 1:
            raise expected(_CREDENTIAL)
        return value


class LimitsForm(Form):
    """How hard one system may be asked."""

    concurrency: Count = Field(default=_USUAL.concurrency, description="calls at once, a whole number from 1 to 1000")
    timeout_seconds: Positive = Field(
        default=_USUAL.timeout_seconds, description="seconds a call may take, more than 0"
    )
    attempts: Count = Field(default=_USUAL.attempts, description="tries for one read, a whole number from 1 up")
    breaker_failures: Count = Field(
        default=_USUAL.breaker_failures, description="failures before the system is given a rest"
    )
    breaker_window_seconds: Positive = Field(
        default=_USUAL.breaker_window_seconds, description="seconds failures count for"
    )
    breaker_rest_seconds: Positive = Field(
        default=_USUAL.breaker_rest_seconds, description="seconds of rest, more than 0"
    )
    share_reads: bool = Field(
        default=_USUAL.share_reads, description="true or false: whether identical reads in flight are sent once"
    )

    calls_per_operation: Count | None = Field(
        default=None, description="calls of one operation at most, a whole number from 1 to 1000"
    )


class BudgetsForm(Form):
    """The [budgets] table."""

    operation: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="calls of one operation to all systems, a whole number from 1 to 10000"
    )


class InstanceForm(Form):
    """One [[instances]] table."""

    name: Name = Field(description="a short name of letters, digits, - and _, beginning with a letter")
    kind: str = Field(description="the kind of system")
    role: Literal["crm", "erp", "tax"] = Field(description='"crm", "erp" or "tax"')
    base_url: Annotated[str, AfterValidator(_address)] = Field(description="the system's address, http:// or https://")
    required: bool = Field(default=True, description="true or false: whether the gateway is of use without this system")
    freshness_seconds: Annotated[float, Field(gt=0, le=LONGEST_KEPT)] | None = Field(
        default=None, description="seconds that a kept answer counts as current, more than 0 and at most a day (86400)"
    )
    settle_seconds: Seconds = Field(
        default=660.0, description="seconds after which a write has certainly been done or not"
    )
    settings: Annotated[dict[str, Setting], AfterValidator(_no_secrets)] = Field(
        default={}, description="a table of settings"
    )
    credentials: dict[str, CredentialForm] = Field(default={}, description="a table of credentials")
    limits: LimitsForm = Field(default=LimitsForm(), description="a table of limits")
    writes: WritesForm = Field(default=WritesForm(), description="a table of limits for writes")
    feed: FeedForm = Field(default=FeedForm(), description="a table: how the system is listened to")


class EntityForm(Form):
    """One [[legal_entities]] table."""

    code: Annotated[str, Field(pattern=r"^[^\s@]{1,40}$")] = Field(description="a code without spaces or @")
    name: str | None = Field(default=None, description="the company's name as text")
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description='two capital letters (ISO 3166), such as "DE"'
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description='three capital letters (ISO 4217), such as "EUR"'
    )
    currencies: list[Annotated[str, Field(pattern=r"^[A-Z]{3}$")]] = Field(
        default=[], description='a list of currencies (ISO 4217), such as ["EUR", "CHF"]'
    )
    erp: str = Field(description="the name of the instance with role erp that keeps its books")
    codes: dict[str, str] = Field(default={}, description="a table of texts: the ERP's own codes for this company")


class CacheForm(Form):
    """One [cache."concept"] table."""

    max_age_seconds: Annotated[float, Field(gt=0, le=LONGEST_KEPT)] = Field(
        description="seconds that a kept answer counts as current, more than 0 and at most a day (86400)"
    )
    stale_while_revalidate_seconds: Annotated[float, Field(ge=0, le=LONGEST_KEPT)] = Field(
        default=0.0, description="seconds for which it is served as stale after that, from 0 to a day (86400)"
    )
    scope: Literal["principal", "public"] = Field(default="principal", description='"principal" or "public"')


class ReceiverForm(Form):
    """One [[receivers]] table."""

    name: Name = Field(description="a short name of letters, digits, - and _, beginning with a letter")
    url: Annotated[str, AfterValidator(_address)] = Field(description="the program's address, http:// or https://")
    credentials: dict[str, CredentialForm] = Field(description="a table with the credential secret, which signs")
    kinds: list[Annotated[str, AfterValidator(_happening)]] | None = Field(
        default=None, description="a list of what may have happened, such as INVOICE_GENERATED"
    )
    legal_entities: list[str] | None = Field(default=None, description="a list of companies' codes")
    timeout_seconds: Positive = Field(
        default=_RECEIVER.timeout_seconds, description="seconds an answer may take, more than 0"
    )
    give_up_hours: Positive = Field(
        default=_RECEIVER.give_up_hours, description="hours until an event that is not taken is laid aside"
    )


class LandscapeForm(Form):
    """The whole file."""

    tenant: Annotated[str, Field(min_length=1)] = Field(description="the tenant's name as text")
    instances: Annotated[list[InstanceForm], Field(min_length=1)] = Field(
        description="at least one [[instances]] table"
    )
    legal_entities: list[EntityForm] = Field(default=[], description="[[legal_entities]] tables")
    system_of_record: dict[str, str] = Field(
        default={}, description='"crm", "erp" or an instance as text; a key with a dot or an @ stands in quotes'
    )
    cache: dict[str, CacheForm] = Field(
        default={}, description='a table such as [cache."product"]; a name with a dot stands in quotes'
    )
    budgets: BudgetsForm = Field(default=BudgetsForm(), description="a table of budgets")
    orders: OrdersForm = Field(default=OrdersForm(), description="a table: how orders are taken in")
    product_lines: dict[str, list[str]] = Field(default={}, description="a list of skus' patterns for each name")
    routing: list[RoutingForm] = Field(default=[], description="[[routing]] tables")
    exceptions: list[ExceptionForm] = Field(default=[], description="[[exceptions]] tables")
    events: EventsForm = Field(default=EventsForm(), description="a table: how long events are kept")
    bulletins: BulletinsForm = Field(default=BulletinsForm(), description="a table: what the CRM's screens are told")
    receivers: list[ReceiverForm] = Field(default=[], description="[[receivers]] tables")


def expectation(path: tuple[str | int, ...], form: type[BaseModel] = LandscapeForm) -> str | None:
    """What the form says belongs at a path; None where the form has no such key."""
    words: str | None = None
    inside: type[BaseModel] | None = form
    above: str | int | None = None
    for step in path:
        name_of_ones_own, above = above in _NAMED, step
        if inside is None or name_of_ones_own or not isinstance(step, str):
            continue
        found = inside.model_fields.get(step)
        if found is None:
            # A key of the user's own in a table, such as a setting: the table's words still fit.
            return words if inside is not form and words else None
        words, inside = found.description, _BELOW.get(step)
    return words


_BELOW: Mapping[str, type[BaseModel]] = {
    "instances": InstanceForm,
    "legal_entities": EntityForm,
    "limits": LimitsForm,
    "cache": CacheForm,
    "budgets": BudgetsForm,
    "writes": WritesForm,
    "orders": OrdersForm,
    "routing": RoutingForm,
    "exceptions": ExceptionForm,
    "feed": FeedForm,
    "events": EventsForm,
    "bulletins": BulletinsForm,
    "receivers": ReceiverForm,
}
_NAMED = ("cache",)
"""Tables of tables, each under a name of the user's own."""


def known_keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand in the table at this path."""
    named = [step for step in path if isinstance(step, str)]
    table = named[-2:-1] if named[-2:-1] and named[-2] in _NAMED else named[-1:]
    form = _BELOW.get(table[0], LandscapeForm) if table else LandscapeForm
    return list(form.model_fields)
