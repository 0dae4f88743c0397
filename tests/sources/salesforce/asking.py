"""A question to the org, and an org whose answers a test scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

import httpx
import orjson

from canonical.deadline import Deadline
from canonical.principal import Principal, View
from sources.kit.call import Call
from sources.landscape import Instance, Limits, Secret
from sources.salesforce.adapter import Salesforce, open_source

Settings = dict[str, str | int | float | bool | list[str] | dict[str, str]]


def asked(accounts: frozenset[str] | None = None, entities: frozenset[str] | None = None) -> Call:
    view = View(legal_entities=entities, accounts=accounts)
    return Call(Principal("anna", "acme", "test", frozenset()), view, Deadline.after(10), "cid-1")


class ScriptedOrg:
    """Answers queries by the object they select from, further pages by their address; keeps what it was asked."""

    def __init__(self, pages: Mapping[str, object], limit_info: str = "api-usage=18/15000") -> None:
        self.pages = dict(pages)
        self.requests: list[httpx.Request] = []
        self.queries: list[str] = []
        self._limit_info = limit_info

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/services/oauth2/token":
            return httpx.Response(200, json={"access_token": "00Dxx!token"})
        self.requests.append(request)
        headers = {"Sforce-Limit-Info": self._limit_info}
        if request.url.path.endswith("/composite"):
            parts = orjson.loads(request.content)["compositeRequest"]
            told = [
                {
                    "body": self.query(unquote_plus(part["url"].partition("?q=")[2])),
                    "httpHeaders": {},
                    "httpStatusCode": 200,
                    "referenceId": part["referenceId"],
                }
                for part in reversed(parts)
            ]
            return httpx.Response(200, json={"compositeResponse": told}, headers=headers)
        if request.url.path.endswith("/query"):
            return httpx.Response(200, json=self.query(request.url.params["q"]), headers=headers)
        return httpx.Response(200, json=self.pages[request.url.path], headers=headers)

    def query(self, soql: str) -> object:
        self.queries.append(soql)
        outer = re.sub(r"\([^()]*\)", "", soql)
        found = re.search(r"FROM (\w+)", outer)
        assert found
        return self.pages.get(found[1], {"totalSize": 0, "done": True, "records": []})


def instance_of(url: str, settings: Settings | None = None) -> Instance:
    return Instance(
        "crm",
        "salesforce",
        "crm",
        url,
        settings=settings or {},
        credentials={"client_id": Secret("key"), "client_secret": Secret("consumer-secret")},
        limits=Limits(attempts=1),
    )


def adapter_on(answer: Callable[[httpx.Request], object], settings: Settings | None = None) -> Salesforce:
    """The adapter over an answer function instead of a network."""
    transport = httpx.MockTransport(answer)  # type: ignore[arg-type]
    return open_source(instance_of("https://acme.my.salesforce.com", settings), transport=transport)
