"""Operations that are answered as a stream at the graph's own path: one a request, as events or as parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from engine.documents import WrongDocumentError
from gateway.graphql_http import METHODS, refusal
from gateway.multipart import Parts
from gateway.negotiating import Wanted, wanted
from gateway.reception import Reception
from gateway.request import LEGACY, GraphQLRequest, RefusedError, read_request
from gateway.sse import Events
from gateway.stream import Frames, Stream

LAST_EVENT: Final = "last-event-id"
LONGEST_CURSOR: Final = 1_024
_ONLY: Final = ""
"""The id of the only operation of a stream."""


@dataclass(frozen=True, slots=True)
class StreamDoor:
    """Answers with a stream what likes that best; `otherwise` is who answers the rest. An ASGI app."""

    reception: Reception

    def wants(self, scope: Scope) -> bool:
        """Whether this request is to be answered here."""
        return wanted(Headers(scope=scope).get("accept", "")) is not Wanted.ONE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what cannot be begun at all is refused as the HTTP door does."""
        headers = Headers(scope=scope)
        frames: Frames = Parts() if wanted(headers.get("accept", "")) is Wanted.PARTS else Events()
        try:
            caller = self.reception.caller(scope, headers.get("authorization"))
            asked, after = await self._asked(scope, headers, receive), cursor_of(headers)
            stream = Stream(self.reception, frames, caller, scope, receive, send)
            self.reception.connections.open(stream, caller.principal)
        except Exception as error:  # noqa: BLE001 - the last place to mask what must not be told
            await refusal(error, LEGACY, scope["state"]["correlation_id"]).send(send)
            return
        try:
            await stream.serve(lambda operations: operations.begin(_ONLY, asked, caller, after))
        finally:
            self.reception.connections.close(stream)

    async def _asked(self, scope: Scope, headers: Headers, receive: Receive) -> GraphQLRequest:
        if scope["method"] not in {"GET", "POST"}:
            raise RefusedError(
                405, "METHOD_NOT_ALLOWED", "Ask with POST, or what only reads with GET.", {"Allow": METHODS}
            )
        asked = await read_request(scope, headers, receive, self.reception.bounds.message_bytes)
        if scope["method"] == "GET" and self._writes(asked):
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Mutations are sent with POST.", {"Allow": "POST"})
        return asked

    def _writes(self, asked: GraphQLRequest) -> bool:
        try:
            return self.reception.answers.kind_of(asked) is OperationType.MUTATION
        except WrongDocumentError:
            # Told in the stream: a browser's EventSource tells its page nothing of a response that is not a stream.
            return False


def cursor_of(headers: Headers) -> str | None:
    """Last-Event-ID, the cursor behind which a client that connects again goes on; RefusedError where it is none."""
    given = headers.get(LAST_EVENT)
    if given and len(given) > LONGEST_CURSOR:
        raise RefusedError(400, "BAD_REQUEST", f"Last-Event-ID has more than {LONGEST_CURSOR} letters.")
    return given or None
