from __future__ import annotations

import json

import pytest

from gateway.request import GraphQLRequest
from gateway.ws_protocol import (
    BrokenRuleError,
    Close,
    Complete,
    Init,
    Ping,
    Pong,
    Subscribe,
    head_of_next,
    read,
    reason_of,
)

NOT_MESSAGES: list[tuple[str, str]] = [
    ("nonsense", "The message is not JSON"),
    ("", "The message is not JSON"),
    ("[" * 2_000, "The message is not JSON"),
    ("[]", "A message must be a JSON object"),
    ("null", "A message must be a JSON object"),
    ("{}", "There is no message of type 'None'"),
    ('{"type": 7}', "There is no message of type '7'"),
    ('{"type": "next", "id": "1", "payload": {}}', "There is no message of type 'next'"),
    ('{"type": "start", "id": "1", "payload": {"query": "{a}"}}', "There is no message of type 'start'"),
    ('{"type": "ping", "payload": "x"}', "The payload of this message must be a JSON object or nothing"),
    ('{"type": "connection_init", "payload": []}', "The payload of this message must be a JSON object or nothing"),
    ('{"type": "subscribe", "payload": {"query": "{a}"}}', "The message needs an id, as text"),
    ('{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}', "The message needs an id, as text"),
    ('{"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}', "The message needs an id, as text"),
    ('{"type": "complete"}', "The message needs an id, as text"),
    ('{"type": "subscribe", "id": "1"}', "The payload of a subscribe must be a JSON object"),
    ('{"type": "subscribe", "id": "1", "payload": "{a}"}', "The payload of a subscribe must be a JSON object"),
    ('{"type": "subscribe", "id": "1", "payload": {"query": 3}}', "The request needs a query, as text"),
    ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}', "variables must be a JSON"),
    ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": 1}}', "extensions must be a JSON"),
    ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}}', "operationName must be"),
    (json.dumps({"type": "complete", "id": "x" * 257}), "The message's id has more than 256 letters"),
]


@pytest.mark.parametrize("text,reason", NOT_MESSAGES)
def test_what_is_no_message_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(BrokenRuleError) as broken:
        read(text)

    assert broken.value.code is Close.INVALID
    assert str(broken.value).startswith(reason)


def test_each_message_of_a_client_is_read() -> None:
    asked = GraphQLRequest("{ a }", "A", {"x": 1}, {})
    payload = {"query": "{ a }", "operationName": "A", "variables": {"x": 1}, "extensions": None, "extra": True}

    assert read('{"type": "connection_init"}') == Init(None)
    assert read('{"type": "connection_init", "payload": {"AUTHORIZATION": "Bearer x"}}') == Init("Bearer x")
    assert read('{"type": "connection_init", "payload": {"Authorization": 1, "authToken": "x"}}') == Init("Bearer x")
    assert read(json.dumps({"type": "subscribe", "id": "1", "payload": payload})) == Subscribe("1", asked)
    assert read('{"type": "complete", "id": "1"}') == Complete("1")
    assert read('{"type": "ping", "payload": {"a": 1}}') == Ping({"a": 1})
    assert read('{"type": "pong", "payload": null}') == Pong()


def test_a_response_goes_into_its_message_as_it_is() -> None:
    said = head_of_next('a"\\é') + '{"data":{"n":1.0}}}'

    assert said.endswith('"payload":{"data":{"n":1.0}}}')
    assert json.loads(said) == {"id": 'a"\\é', "type": "next", "payload": {"data": {"n": 1.0}}}


def test_a_reason_is_cut_where_the_closing_frame_ends_and_not_within_a_letter() -> None:
    assert reason_of("x" + "ü" * 200) == "x" + "ü" * 61
