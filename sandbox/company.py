"""Which systems the pretend company runs, and which legal entity keeps its books where (company.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sources.kit.sandbox.story import Entity

PLAN = Path(__file__).with_name("company.toml")


@dataclass(frozen=True, slots=True)
class System:
    """One system of the company: the instance's name, its vendor folder, and whether it is the crm or an erp."""

    name: str
    kind: str
    role: str


class Speech(BaseModel):
    """How a landscape speaks of one kind of system; `told` and `credentials` name what its sandbox says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settle_seconds: int
    settings: dict[str, bool | int | str | list[str] | dict[str, str]] = {}
    told: dict[str, str] = {}
    credentials: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Company:
    """The company under one profile; the first entity is the one at home. `us_deals` bounds the other's part.

    `cache` is what a gateway may keep of it, by the landscape's names.
    """

    tenant: str
    profile: str
    crm: System
    erps: tuple[System, ...]
    entities: tuple[Entity, ...]
    us_deals: int | None
    speech: Mapping[str, Speech]
    cache: Mapping[str, Mapping[str, int | str]]

    @property
    def systems(self) -> tuple[System, ...]:
        """Every system, the CRM first."""
        return (self.crm, *self.erps)


class _System(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    kind: str


class _Entity(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: str
    name: str
    country: str
    currency: str
    instance: str
    codes: dict[str, str]


class _Profile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    erps: list[_System]
    entities: list[_Entity]
    limits: dict[str, int] = {}


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tenant: str
    usual_profile: str
    crm: _System
    profiles: dict[str, _Profile]
    kinds: dict[str, Speech]
    cache: dict[str, dict[str, int | str]]


@cache
def company(profile: str | None = None) -> Company:
    """The company under this profile, or the usual one; ValueError with the known ones when there is none."""
    plan = _Plan.model_validate(tomllib.loads(PLAN.read_text("utf-8")))
    profile = profile or plan.usual_profile
    chosen = plan.profiles.get(profile)
    if chosen is None:
        raise ValueError(f"There is no profile {profile!r}; known: {', '.join(plan.profiles)}.")
    return Company(
        tenant=plan.tenant,
        profile=profile,
        crm=System(plan.crm.name, plan.crm.kind, "crm"),
        erps=tuple(System(erp.name, erp.kind, "erp") for erp in chosen.erps),
        entities=tuple(Entity(**entity.model_dump()) for entity in chosen.entities),
        us_deals=chosen.limits.get("us_deals"),
        speech=plan.kinds,
        cache=plan.cache,
    )
