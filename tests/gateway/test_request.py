"""What of a request is read, and what is not."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.datastructures import Headers

from gateway.request import GraphQLRequest, read_request


async def read(variables: dict[str, Any]) -> GraphQLRequest:
    body = orjson.dumps({"query": "{ __typename }", "variables": variables})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    headers = Headers({"content-type": "application/json"})
    return await read_request({"type": "http", "method": "POST"}, headers, receive, 10_000_000)


async def test_of_a_list_that_is_too_long_just_so_much_is_read_as_shows_that_it_is() -> None:
    lines = [{"sku": "P-1", "quantity": number} for number in range(10_000)]

    found = await read({"input": {"lines": lines}, "ids": ["a", "b"]})

    assert found.variables["input"]["lines"] == lines[:1001]
    assert found.variables["ids"] == ["a", "b"]
