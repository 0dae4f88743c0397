"""What every transport of operations is given: messages, each with the cursor to resume behind, and why they ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from canonical.principal import Principal
from gateway.request import GraphQLRequest


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks over a connection; `expires_at` is when its token ends, in seconds since 1970."""

    principal: Principal
    expires_at: float
    correlation_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One GraphQL response in JSON, as it goes out; `cursor` is None for what is no event of the log.

    Of an event the body has the cursor in its `extensions` as well. `whole`: nothing of it is missing for an error.
    """

    body: bytes
    cursor: str | None = None
    whole: bool = True


@runtime_checkable
class Placed(Protocol):
    """What an iterator of messages may be as well: it knows its place in the log at any time, also without messages."""

    @property
    def cursor(self) -> str | None:
        """Behind everything that whoever iterates has taken; None where it has no place yet."""


class EndedError(Exception):
    """A subscription that ends before its client wanted it to: a code for programs, and a sentence for people.

    `cursor`: behind it the client resumes and misses nothing; None where it had no place in the log yet. `again`:
    whether asking again with that cursor will help (GOING_AWAY, SLOW_CONSUMER, TOKEN_EXPIRED with a fresh token, and
    what is away for a while).
    """

    def __init__(self, code: str, sentence: str, cursor: str | None = None, *, again: bool = True) -> None:
        """Keep all of it."""
        super().__init__(sentence)
        self.code, self.sentence, self.cursor, self.again = code, sentence, cursor, again


class Operate(Protocol):
    """Answers operations of every kind over any transport."""

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        """The messages of one operation: one for a query or a mutation, one an event for a subscription.

        `after` is a cursor that the transport was given (Last-Event-ID) and that wins over the argument of that name.
        It, or the iterator before its first message, raises WrongDocumentError or RefusedError where it does not begin;
        the iterator raises EndedError. Closing the iterator ends the subscription at once.
        """
