"""What a subscriber of the soak reads of a farewell, over each transport."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest

from bench.soak.transports import TRANSPORTS, followed_by
from tests.gateway.news import SUBSCRIPTION, News, served, until
from tests.gateway.pretend import TOKEN


@pytest.mark.parametrize("way", TRANSPORTS)
async def test_where_to_go_on_is_read_from_the_farewell_of_each_transport(way: str) -> None:
    news = News(["one", "two"])
    asked = {"query": SUBSCRIPTION, "variables": {"after": "1"}, "extensions": {"after": "1"}}
    told: list[dict[str, Any]] = []

    async def listen() -> None:
        async with aclosing(TRANSPORTS[way](session, gateway.url, TOKEN, asked)) as payloads:
            async for payload in payloads:
                told.append(payload)
                if "errors" in payload:
                    return

    async with aiohttp.ClientSession() as session, served(news) as gateway, asyncio.TaskGroup() as group:
        group.create_task(listen())
        await until(lambda: told)
        await gateway.transports.drain()

    event, farewell = told
    assert event["data"] == {"news": "two"}
    assert followed_by(event) is None
    assert [error["extensions"]["code"] for error in farewell["errors"]] == ["GOING_AWAY"]
    assert followed_by(farewell) == "2"
