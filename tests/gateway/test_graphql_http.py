"""The cases of the GraphQL-over-HTTP audit by their ids, and what we promise beyond them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.gateway.pretend import HEADERS, ask, gateway

LEGACY = "application/json"
MODERN = "application/graphql-response+json"
HELLO = {"query": "{ hello }"}
NAMED = "query Type($name: String!) { __type(name: $name) { name } }"
WRONG_SHAPES: list[Any] = [{"obj": "ect"}, 0, False, ["array"]]
WRONG_OBJECTS: list[Any] = ["string", 0, False, ["array"]]


async def post(client: httpx.AsyncClient, body: object, accept: str | None = None) -> httpx.Response:
    headers = {**HEADERS, "Accept": accept} if accept else HEADERS
    return await client.post("/graphql", json=body, headers=headers)


async def post_text(client: httpx.AsyncClient, text: bytes, **headers: str) -> httpx.Response:
    return await client.post("/graphql", content=text, headers={**HEADERS, "Content-Type": LEGACY, **headers})


async def test_22eb_the_modern_media_type_is_answered_in_itself(client: httpx.AsyncClient) -> None:
    answer = await post(client, HELLO, MODERN)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{MODERN}; charset=utf-8"
    assert answer.json() == {"data": {"hello": "hello you"}}


async def test_4655_the_legacy_media_type_is_answered_in_itself(client: httpx.AsyncClient) -> None:
    answer = await post(client, HELLO, LEGACY)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{LEGACY}; charset=utf-8"


@pytest.mark.parametrize("accept", ["*/*", "application/*"])
async def test_47de_whoever_takes_anything_gets_the_legacy_media_type(client: httpx.AsyncClient, accept: str) -> None:
    assert (await post(client, HELLO, accept)).headers["content-type"] == f"{LEGACY}; charset=utf-8"


async def test_80d8_whoever_says_nothing_gets_the_legacy_media_type(client: httpx.AsyncClient) -> None:
    client.headers.pop("accept")

    answer = await client.get("/graphql", params=HELLO, headers=HEADERS)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{LEGACY}; charset=utf-8"


@pytest.mark.parametrize(
    "accept,media",
    [
        (f"{LEGACY};q=0.5, {MODERN}", MODERN),
        (f"{MODERN}; charset=utf-8, {LEGACY}; charset=utf-8", MODERN),
        (f"{MODERN};q=0.1, {LEGACY};q=0.9", LEGACY),
        (f"{MODERN};q=nonsense, {LEGACY};q=0.1", LEGACY),
        ("text/html, */*;q=0.1", LEGACY),
    ],
)
async def test_the_media_type_that_is_liked_best_is_chosen(client: httpx.AsyncClient, accept: str, media: str) -> None:
    assert (await post(client, HELLO, accept)).headers["content-type"] == f"{media}; charset=utf-8"


async def test_a_media_type_that_nobody_speaks_is_refused_with_406(client: httpx.AsyncClient) -> None:
    answer = await post(client, HELLO, "text/csv")

    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"


async def test_bf61_78d5_utf8_is_taken_whether_named_or_not(client: httpx.AsyncClient) -> None:
    named = await post_text(client, b'{"query": "{ hello }"}', **{"Content-Type": "application/json; charset=utf-8"})
    unnamed = await post_text(client, '{"query": "{ hello(name: \\"Zoë\\") }"}'.encode())

    assert named.json() == {"data": {"hello": "hello you"}}
    assert unnamed.json() == {"data": {"hello": "hello Zoë"}}


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/jsonx", "application/json; charset=utf-16", "application/x-www-form-urlencoded"],
)
async def test_9abe_any_other_content_type_is_refused_with_415(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await post_text(client, b'{"query": "{ hello }"}', **{"Content-Type": content_type})

    assert answer.status_code == 415
    assert "errors" in answer.json()


async def test_5a70_a_query_may_be_sent_with_get(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params=HELLO, headers=HEADERS)

    assert answer.json() == {"data": {"hello": "hello you"}}


async def test_9c48_a_mutation_is_never_executed_by_get(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", params={"query": "mutation { __typename }"}, headers=HEADERS)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "data" not in answer.json()


@pytest.mark.parametrize("accept", [LEGACY, MODERN])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused_with_405(client: httpx.AsyncClient, method: str, accept: str) -> None:
    answer = await client.request(method, "/graphql", headers={**HEADERS, "Accept": accept})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_7267_a_post_without_a_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await post_text(client, b"")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("The request body is empty")


@pytest.mark.parametrize("query", [None, *WRONG_SHAPES])
async def test_6610_4f5_a_query_that_is_missing_or_no_text_is_a_400(client: httpx.AsyncClient, query: Any) -> None:
    answer = await post(client, {"query": query}, MODERN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "The request needs a query, as text."


@pytest.mark.parametrize("name", WRONG_SHAPES)
async def test_e3e_an_operation_name_that_is_no_text_is_a_400(client: httpx.AsyncClient, name: Any) -> None:
    assert (await post(client, {**HELLO, "operationName": name}, MODERN)).status_code == 400


async def test_8161_an_operation_is_chosen_by_its_name(client: httpx.AsyncClient) -> None:
    two = {"query": 'query A { hello } query B { hello(name: "B") }', "operationName": "B"}

    assert (await post(client, two, MODERN)).json() == {"data": {"hello": "hello B"}}


@pytest.mark.parametrize("name", [None, "C"])
async def test_an_operation_that_is_unclear_is_a_400(client: httpx.AsyncClient, name: str | None) -> None:
    two = {"query": "query A { hello } query B { hello }", "operationName": name}

    assert (await post(client, two, MODERN)).status_code == 400


@pytest.mark.parametrize("accept", [LEGACY, MODERN])
@pytest.mark.parametrize("parameter", ["variables", "operationName", "extensions"])
async def test_94b_022_null_stands_for_absent(client: httpx.AsyncClient, parameter: str, accept: str) -> None:
    answer = await post(client, {**HELLO, parameter: None}, accept)

    assert answer.status_code == 200
    assert answer.json() == {"data": {"hello": "hello you"}}


@pytest.mark.parametrize("value", WRONG_OBJECTS)
@pytest.mark.parametrize("parameter", ["variables", "extensions"])
async def test_69b_904_a_parameter_that_is_no_object_is_a_400(
    client: httpx.AsyncClient, parameter: str, value: Any
) -> None:
    assert (await post(client, {**HELLO, parameter: value}, MODERN)).status_code == 400


@pytest.mark.parametrize("accept", [LEGACY, MODERN])
async def test_2ea1_28b9_variables_are_taken_from_an_object(client: httpx.AsyncClient, accept: str) -> None:
    answer = await post(client, {"query": NAMED, "variables": {"name": "Query"}}, accept)

    assert answer.json() == {"data": {"__type": {"name": "Query"}}}


@pytest.mark.parametrize("accept", [LEGACY, MODERN])
async def test_d6d5_6a70_variables_are_taken_from_json_in_a_get(client: httpx.AsyncClient, accept: str) -> None:
    asked = {"query": NAMED, "variables": '{"name": "Query"}'}

    answer = await client.get("/graphql", params=asked, headers={**HEADERS, "Accept": accept})

    assert answer.json() == {"data": {"__type": {"name": "Query"}}}


async def test_60aa_2163_text_that_is_not_json_is_a_400(client: httpx.AsyncClient) -> None:
    answer = await post_text(client, b'{ "not a JSON', Accept=MODERN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_34d6_a_refused_request_has_no_data(client: httpx.AsyncClient) -> None:
    assert "data" not in (await post(client, {"qeury": "{ hello }"}, MODERN)).json()


async def test_865d_556a_d586_a_document_that_does_not_parse_is_a_400_without_data(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "{"}, MODERN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert "data" not in answer.json()


async def test_51fe_74ff_5e5b_a_document_that_does_not_fit_is_a_400_without_data(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "{ nobodyKnows }"}, MODERN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer.json()["errors"][0]["locations"] == [{"line": 1, "column": 3}]
    assert "data" not in answer.json()


@pytest.mark.parametrize("variables", [{}, {"name": 7}])
async def test_86ee_variables_that_do_not_fit_are_a_400_without_data(client: httpx.AsyncClient, variables: Any) -> None:
    answer = await post(client, {"query": NAMED, "variables": variables}, MODERN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in answer.json()


@pytest.mark.parametrize("query", ["{", "{ nobodyKnows }"])
async def test_572b_fde2_the_legacy_media_type_answers_a_wrong_document_with_200(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await post(client, {"query": query}, LEGACY)

    assert answer.status_code == 200
    assert "errors" in answer.json()


@pytest.mark.parametrize(
    "text",
    [b"null", b"42", b'"x"', b"true", b"\xff\xfe", b"[" * 100_000, b'{"query": ' + b"9" * 200_000 + b"}", b"[]"],
)
async def test_a_body_of_any_other_shape_is_a_400_and_never_a_500(client: httpx.AsyncClient, text: bytes) -> None:
    answer = await post_text(client, text)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["retryable"] is False


async def test_a_batch_is_refused_in_words(client: httpx.AsyncClient) -> None:
    answer = await post(client, [HELLO, HELLO])

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "Send one operation a request; batches are not answered."


async def test_a_body_over_the_limit_is_refused_by_its_announced_length_and_by_its_real_one() -> None:
    async def streamed() -> Any:
        for _ in range(20):
            yield b"x" * 100

    async with gateway(body_limit_bytes=1_000) as client:
        announced = await post(client, {"query": "x" * 2_000})
        real = await client.post("/graphql", content=streamed(), headers={**HEADERS, "Content-Type": LEGACY})

    assert (announced.status_code, real.status_code) == (413, 413)
    assert real.json()["errors"][0]["message"] == "The request body is larger than 1000 bytes."


async def test_a_subscription_is_refused_in_words(client: httpx.AsyncClient) -> None:
    said = await ask(client, "subscription { news }")

    assert said["errors"][0]["extensions"]["code"] == "OPERATION_NOT_SUPPORTED"


async def test_the_deadline_ends_an_answer_that_never_comes() -> None:
    async with gateway(deadline_seconds=0.01) as client:
        said = await ask(client, "{ slow }")

    assert said["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert said["errors"][0]["extensions"]["retryable"] is True


async def test_the_answer_tells_its_calls_to_the_systems_when_asked_to(client: httpx.AsyncClient) -> None:
    said = await ask(client, "{ asks }", {"X-Revgraph-Sources": "true"})

    assert said["extensions"]["sources"] == {
        "calls": [
            {"system": "books", "operation": "orders by number", "milliseconds": 12.3, "rows": 3, "outcome": "ok"},
            {"system": "sales", "operation": "orders by key", "milliseconds": 7.0, "rows": 1, "outcome": "timeout"},
        ],
        "systems": ["books", "sales"],
        "totalMilliseconds": 19.3,
    }
    assert "extensions" not in await ask(client, "{ asks }")


async def test_what_was_served_without_a_call_is_told_apart_and_counts_as_none(client: httpx.AsyncClient) -> None:
    said = await ask(client, "{ keeps }", {"X-Revgraph-Sources": "true"})

    sources = said["extensions"]["sources"]
    assert [call["system"] for call in sources["calls"]] == ["books"]
    assert (sources["systems"], sources["totalMilliseconds"]) == (["books"], 12.3)
    assert sources["kept"] == [
        {"system": "sales", "operation": "customer", "milliseconds": 0.4, "rows": 2, "outcome": "kept"},
        {"system": "sales", "operation": "customer", "milliseconds": 0.4, "rows": 1, "outcome": "stale"},
    ]


async def test_a_plan_is_told_beside_the_answer_or_instead_of_it(client: httpx.AsyncClient) -> None:
    beside = await ask(client, "{ hello }", {"X-Revgraph-Plan": "true"})
    alone = await ask(client, "{ slow hello }", {"X-Revgraph-Plan": " Only "})
    by_get = await client.get("/graphql", params=HELLO, headers={**HEADERS, "X-Revgraph-Plan": "only"})

    nothing = {"levels": [], "systems": [], "calls": 0, "atMost": 0, "budget": None, "exceeded": []}
    assert beside == {"data": {"hello": "hello you"}, "extensions": {"plan": nothing}}
    assert alone == by_get.json() == {"data": None, "extensions": {"plan": nothing}}


@pytest.mark.parametrize("wish", ["true", "only"])
async def test_what_cannot_be_executed_cannot_be_planned_either(client: httpx.AsyncClient, wish: str) -> None:
    headers = {"X-Revgraph-Plan": wish}

    wrong = await ask(client, "{ helo }", headers)
    streamed = await ask(client, "subscription { news }", headers)
    named = await ask(client, "query ($n: Int!) { __typename @skip(if: false) }", headers)

    assert wrong["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert streamed["errors"][0]["extensions"]["code"] == "OPERATION_NOT_SUPPORTED"
    assert named["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert all("data" not in said for said in (wrong, streamed, named))


async def test_a_plan_is_told_to_nobody_without_a_token(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json=HELLO, headers={"X-Revgraph-Plan": "only"})

    assert answer.status_code == 401
    assert "extensions" not in answer.json()
