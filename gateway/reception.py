"""What every transport of subscriptions shares: who answers, who may come in, and how long anything may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.authentication import Identity
from gateway.connections import Connections, Patience
from gateway.request import GraphQLRequest
from gateway.subscription import Caller, Operate


class Answers(Operate, Protocol):
    """Answers operations, and tells beforehand of which kind one is."""

    def kind_of(self, asked: GraphQLRequest) -> OperationType:
        """Of which kind the operation is; WrongDocumentError where it is none of this graph."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may take, in numbers and seconds."""

    message_bytes: int
    operations: int
    init_seconds: float
    keepalive_seconds: float
    finish_seconds: float
    """For single answers that are under way when a connection ends."""


@dataclass(frozen=True, slots=True)
class Reception:
    """Shared by all transports; one a process."""

    answers: Answers
    identity_of: Callable[[str | None], Identity]
    connections: Connections
    patience: Patience
    bounds: Bounds
    origins: frozenset[str] = frozenset()
    """Browser pages of these origins may open sockets, besides those of the gateway's own host."""

    def caller(self, scope: Scope, authorization: str | None) -> Caller:
        """Who sends this HTTP request; UnauthenticatedError says why nobody."""
        identity = self.identity_of(authorization)
        state = scope["state"]
        return Caller(identity.principal, identity.expires_at, state["correlation_id"], state["traceparent"])

    def welcomes(self, headers: Headers) -> bool:
        """Whether a page of this origin may open a socket: browsers ask nobody before they do (RFC 6455, 10.2)."""
        origin = headers.get("origin")
        if origin is None or origin in self.origins:
            return True
        return origin.partition("://")[2].lower() == headers.get("host", "").lower()
