from __future__ import annotations

import asyncio

import httpx
import pytest

from canonical.errors import Refused
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.s4hana.csrf import Pair, Tokens
from sources.s4hana.services import ORDERS
from tests.sources.s4hana.opened import call


class Gateway:
    """Hands out a new token with new cookies each time, when it is let."""

    def __init__(self, headers: list[tuple[str, str]] | None = None) -> None:
        self.asks: list[Ask] = []
        self.learnt: list[str] = []
        self.let = asyncio.Event()
        self._headers = headers

    async def send(self, _: Call, ask: Ask) -> Answer:
        self.asks.append(ask)
        number = len(self.asks)
        await self.let.wait()
        given = [
            ("x-csrf-token", f"token-{number}"),
            ("set-cookie", f"SAP_SESSIONID_S4H_100=id%3d{number}; path=/; secure; HttpOnly"),
            ("set-cookie", "sap-usercontext=sap-client=100; path=/"),
        ]
        return Answer(200, httpx.Headers(self._headers if self._headers is not None else given), b"{}")


async def test_all_who_wait_get_one_token_with_its_cookies_whole() -> None:
    gateway = Gateway()
    tokens = Tokens("sap", gateway.send, gateway.learnt.append)

    waiting = [asyncio.create_task(tokens.pair(call(), ORDERS)) for _ in range(5)]
    await asyncio.sleep(0)
    gateway.let.set()
    pairs = set(await asyncio.gather(*waiting))

    assert len(gateway.asks) == 1
    assert {pair.headers for pair in pairs} == {
        (
            ("X-CSRF-Token", "token-1"),
            ("Cookie", "SAP_SESSIONID_S4H_100=id%3d1; sap-usercontext=sap-client=100"),
        )
    }
    assert gateway.learnt == ["token-1"]


async def test_it_is_fetched_at_the_service_root_with_its_slash() -> None:
    gateway = Gateway()
    gateway.let.set()
    await Tokens("sap", gateway.send, gateway.learnt.append).pair(call(), ORDERS)

    (ask,) = gateway.asks
    assert (ask.method, ask.path) == ("GET", "/sap/opu/odata/sap/API_SALES_ORDER_SRV/")
    assert ("x-csrf-token", "Fetch") in ask.headers


async def test_a_held_pair_is_used_again_and_a_stale_one_is_replaced_once() -> None:
    gateway = Gateway()
    gateway.let.set()
    tokens = Tokens("sap", gateway.send, gateway.learnt.append)
    first = await tokens.pair(call(), ORDERS)

    assert await tokens.pair(call(), ORDERS) == first
    second, again = await asyncio.gather(
        tokens.pair(call(), ORDERS, stale=first), tokens.pair(call(), ORDERS, stale=first)
    )
    assert second == again != first
    assert await tokens.pair(call(), ORDERS, stale=first) == second
    assert len(gateway.asks) == 2


@pytest.mark.parametrize("headers", [[], [("x-csrf-token", "Required")], [("x-csrf-token", "")]])
async def test_a_system_that_gives_no_token_refuses(headers: list[tuple[str, str]]) -> None:
    gateway = Gateway(headers)
    gateway.let.set()

    with pytest.raises(Refused, match="no token"):
        await Tokens("sap", gateway.send, gateway.learnt.append).pair(call(), ORDERS)


def test_a_pair_never_shows_itself() -> None:
    assert repr(Pair("secret", "cookie=secret")) == "Pair(***)"
