from __future__ import annotations

import json
import logging

import httpx
import pytest

from tests.gateway.pretend import ask

ID = {"X-Correlation-Id": "case-7"}


async def test_a_fault_tells_the_system_its_owner_and_when_to_come_back(client: httpx.AsyncClient) -> None:
    said = await ask(client, "{ hello down }", ID)

    assert said["data"] == {"hello": "hello you", "down": None}
    assert said["errors"] == [
        {
            "message": "The books cannot be reached just now.",
            "locations": [{"line": 1, "column": 9}],
            "path": ["down"],
            "extensions": {
                "code": "SOURCE_UNAVAILABLE",
                "category": "SYSTEM_UNAVAILABLE",
                "system": "books",
                "owner": "integration team",
                "outcome": "NOT_APPLIED",
                "retryable": True,
                "retryAfter": 2,
                "correlationId": "case-7",
            },
        }
    ]


@pytest.mark.parametrize(
    "field,code,category,outcome,retryable,owner",
    [
        ("busy", "SOURCE_THROTTLED", "THROTTLED", "NOT_APPLIED", True, "integration team"),
        ("uncertain", "OUTCOME_UNKNOWN", "UNCERTAIN_OUTCOME", "UNCERTAIN", False, "integration team"),
        ("forbidden", "FORBIDDEN", "PERMISSION", "NOT_APPLIED", False, "system administrator"),
        ("credit", "SOURCE_REFUSED", "CREDIT", "NOT_APPLIED", False, "credit desk"),
    ],
)
async def test_each_kind_of_failure_has_its_own_words_for_programs(
    client: httpx.AsyncClient, field: str, code: str, category: str, outcome: str, retryable: bool, owner: str
) -> None:
    [error] = (await ask(client, f"{{ {field} }}"))["errors"]

    told = error["extensions"]
    assert (told["code"], told["category"], told["outcome"], told["retryable"], told["owner"]) == (
        code,
        category,
        outcome,
        retryable,
        owner,
    )


@pytest.mark.parametrize("query", ["{ broken }", "{ strange { must } }"])
async def test_the_unexpected_is_masked_and_only_the_log_knows_it(
    client: httpx.AsyncClient, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="revgraph.errors"):
        said = await ask(client, query, ID)

    [error] = said["errors"]
    assert error["message"] == "Something went wrong inside the gateway"
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["correlationId"] == "case-7"
    assert "hunter2" not in json.dumps(said)
    [written] = caplog.records
    assert written.__dict__["fields"] == {"correlationId": "case-7"}
    assert written.exc_info is not None


async def test_a_vendors_own_words_stay_inside(client: httpx.AsyncClient) -> None:
    assert "10.0.0.7" not in json.dumps(await ask(client, "{ down }"))


async def test_no_more_than_a_hundred_errors_are_echoed(client: httpx.AsyncClient) -> None:
    failed = await ask(client, "{ items { down } }")
    flooded = await ask(client, "{ again { " + " ".join(f"no{n}" for n in range(150)) + " } }")

    assert len(failed["data"]["items"]) == 150
    assert len(failed["errors"]) == 100
    assert len(flooded["errors"]) == 100


async def test_a_clients_mistake_is_not_written_as_our_error(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await ask(client, "{ nobodyKnows }")

    assert caplog.records == []


async def test_an_argument_that_turns_out_wrong_is_the_callers_mistake(client: httpx.AsyncClient) -> None:
    said = await ask(client, "query ($n: String) { hello(name: $n) }", ID, variables={"n": None})

    [error] = said["errors"]
    assert error["message"].startswith("Argument 'name' has invalid value")
    assert error["path"] == ["hello"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
