"""What the gateway is told by its environment: variables that begin with REVGRAPH_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "REVGRAPH_"
SHORTEST_SECRET = 32
"""Bytes; a shorter HS256 secret can be guessed (RFC 7518, 3.2)."""
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
POSTGRES_SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")

FINISH_BEYOND_DEADLINE = 1.0
"""Seconds that an answer may take beyond its deadline where its connection or its gateway ends."""

Port = Annotated[int, Field(ge=0, le=65_535)]
Whole = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=120)]


class SettingsError(Exception):
    """Settings that cannot be used; the text names each variable and what it should hold, never a secret's value."""


class Settings(BaseSettings):
    """All settings, frozen; each is the variable REVGRAPH_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for every one of the machine.")
    port: Port = Field(default=8080, description="Port to listen on; 0 takes a free one.")
    landscape: Path = Field(default=Path("revgraph.toml"), description="The landscape file: which systems there are.")
    deadline_seconds: Seconds = Field(
        default=4.0, description="Seconds until an answer stands; what no system told by then is an error at its place."
    )
    jwt_secret: SecretStr | None = Field(
        default=None, description="HS256 secret that tokens are signed with, 32 bytes or more. For demos and tests."
    )
    jwt_secret_file: Path | None = Field(default=None, description="A file that holds the HS256 secret.")
    jwt_public_key_file: Path | None = Field(
        default=None, description="PEM file with the identity provider's public key (RS256 or ES256)."
    )
    jwt_jwks_file: Path | None = Field(
        default=None, description="JSON file with the identity provider's key set; tokens name their key by kid."
    )
    redis_url: SecretStr | None = Field(
        default=None,
        # The second is the field's own name, and in the environment the plain REDIS_URL that many platforms set.
        validation_alias=AliasChoices("REVGRAPH_REDIS_URL", "redis_url"),
        description="One Redis for all gateways and workers: redis://, rediss:// or unix://. It keeps answers where "
        "the landscape has a [cache], and carries events at once. REDIS_URL is read too. Without one, serve starts its "
        "own where answers are kept or it has no DATABASE_URL.",
    )
    redis_patience_seconds: Annotated[float, Field(gt=0, le=5)] = Field(
        default=0.04, description="Seconds that a read waits for what Redis keeps; after that it is read live."
    )
    jwt_issuer: str = Field(default="revgraph-demo", description="The issuer (iss) that a token must have.")
    jwt_audience: str = Field(default="revgraph", description="The audience (aud) that a token must have.")
    jwt_leeway_seconds: Annotated[float, Field(ge=0, le=60)] = Field(
        default=5.0, description="Seconds that the clocks of issuer and gateway may differ."
    )
    body_limit_bytes: Whole = Field(default=2_000_000, description="Largest request body; a larger one is refused.")
    webhook_limit_bytes: Whole = Field(
        default=5_000_000,
        description="Largest delivery of a system at /webhooks; a larger one is refused. "
        "Signed CloudEvents have a megabyte at most.",
    )
    max_tokens: Whole = Field(default=4_000, description="Most words and signs in one query text.")
    max_depth: Whole = Field(default=24, description="Deepest nesting of one query, fragments included.")
    max_fields: Whole = Field(default=1_000, description="Most fields of one query, fragments counted where spread.")
    max_root_fields: Whole = Field(default=30, description="Most fields at the top of one query, aliases counted.")
    max_directives: Whole = Field(default=100, description="Most directives in one query text.")
    document_cache: Whole = Field(default=1_000, description="Query texts that are kept parsed and validated.")
    engine: Literal["loom", "core"] = Field(
        default="loom", description="What executes: loom compiles each query once, core is graphql-core for comparison."
    )
    introspection: bool = Field(default=True, description="Whether clients may ask for the schema itself.")
    graphiql: bool = Field(default=False, description="Whether browsers get the GraphiQL editor at /graphql.")
    docs: bool = Field(default=False, description="Whether /openapi.json and /docs are served.")
    max_connections: Whole = Field(
        default=10_000,
        description="Most sockets and streams of subscribers in one process; more are asked to come later.",
    )
    max_connections_per_caller: Whole = Field(default=1_000, description="Most of those of one caller.")
    max_operations_per_connection: Whole = Field(
        default=100, description="Most operations under way over one of those."
    )
    init_seconds: Seconds = Field(default=5.0, description="Seconds that a socket has to say who it is.")
    keepalive_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=20.0,
        description="Seconds between signs of life on idle sockets and streams; one that misses two is gone.",
    )
    unread_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=20.0, description="Seconds that a subscriber may leave unread what is sent to it before it is cut off."
    )
    allowed_origins: str = Field(
        default="",
        description="Origins, separated by commas, whose pages may open sockets; the gateway's own may always.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged: debug, info, warning or error."
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REVGRAPH_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="PostgreSQL 15 or newer that keeps what must not be lost, such as postgresql://user@host/revgraph; "
        "DATABASE_URL is read too. Without it `serve` and `demo` start one of their own.",
    )
    state: Path = Field(
        default=Path(".revgraph"), description="Directory for the files of the database that `serve` starts itself."
    )
    otel_endpoint: str | None = Field(
        default=None, description="OTLP/HTTP collector to send traces to, such as http://127.0.0.1:4318/v1/traces."
    )

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(REDIS_SCHEMES):
            raise ValueError(f"must begin with {', '.join(REDIS_SCHEMES)}")
        return url

    @field_validator("database_url")
    @classmethod
    def _of_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(POSTGRES_SCHEMES):
            raise ValueError(f"must begin with {POSTGRES_SCHEMES[0]}")
        return url

    @model_validator(mode="after")
    def _one_key(self) -> Settings:
        given = [name for name in KEY_SETTINGS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("only one of " + ", ".join(variable(name) for name in given) + " may be set")
        return self

    @property
    def finish_seconds(self) -> float:
        """Seconds that an answer under way is waited for where its connection or its gateway ends."""
        return self.deadline_seconds + FINISH_BEYOND_DEADLINE

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins, one by one."""
        return frozenset(origin.strip().rstrip("/") for origin in self.allowed_origins.split(",") if origin.strip())


KEY_SETTINGS = ("jwt_secret", "jwt_secret_file", "jwt_public_key_file", "jwt_jwks_file")
"""Where the key that verifies tokens can come from: exactly one is set."""


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper().removeprefix(PREFIX)


def read_settings(**given: object) -> Settings:
    """The settings of the environment, with `given` (None: not given) before them; SettingsError in words."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        said = [
            f"  {variable(str(detail['loc'][0]))}: {detail['msg']}" if detail["loc"] else f"  {detail['msg']}"
            for detail in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise SettingsError("These settings cannot be used:\n" + "\n".join(said)) from None


def described() -> list[tuple[str, str, str]]:
    """Every setting as variable, default and meaning, for --help and the README."""
    return [
        (variable(name), "" if field.default is None else str(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
