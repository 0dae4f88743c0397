"""An address is the one httpx would read, whichever way it came about."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import ContractBroken, Refused
from sources.kit.http.addressing import Addresses
from sources.kit.http.ask import Ask

BASES = ("http://127.0.0.1:8000", "https://acme.example/odata", "https://ACME.example:443/a b", "http://[::1]:8000")
PLAIN = ["/", "//", ".", "..", "/./", "/../", "?", "&", "=", "a", "Z9", "-_~", "'", "(1)", "$batch", "@", ":", ";", ","]
ODD = [
    "%27",
    "%2f",
    "%",
    "%zz",
    "#",
    "é",
    "漢",
    " ",
    '"',
    "*",
    "+",
    "!",
    "<",
    ">",
    "`",
    "{",
    "}",
    "|",
    "\\",
    "^",
    "[",
    "]",
]
PIECES = st.sampled_from(PLAIN + ODD)


@given(st.sampled_from(BASES), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=8).map("".join))
def test_the_address_is_what_httpx_reads(base: str, path: str, query: str) -> None:
    question = f"/{path}" if not query else f"/{path}{'&' if '?' in path else '?'}{query}"

    found = Addresses("northwind", base).of(Ask(path=f"/{path}", query=query, operation="read"))

    expected = httpx.URL(base + question)
    assert found == expected
    assert (found.raw_path, found.host, found.port) == (expected.raw_path, expected.host, expected.port)


@pytest.mark.parametrize(
    "path,query,expected",
    [
        ("/orders", (), "https://acme.example/odata/orders"),
        ("/orders", (("q", "a b&c"), ("n", "é")), "https://acme.example/odata/orders?q=a+b%26c&n=%C3%A9"),
        ("/orders?a=1", "b=%27x%27", "https://acme.example/odata/orders?a=1&b=%27x%27"),
        ("/orders('1')/to_Item", "", "https://acme.example/odata/orders('1')/to_Item"),
        ("/orders/../customers", "", "https://acme.example/odata/customers"),
        ("/a b/é", "", "https://acme.example/odata/a%20b/%C3%A9"),
        ("/links('http://x/y')", "", "https://acme.example/odata/links('http://x/y')"),
        ("https://acme.example/next?a=%27b%27", "", "https://acme.example/next?a=%27b%27"),
        ("https://acme.example:443/next", (("p", "2"),), "https://acme.example/next?p=2"),
    ],
)
def test_an_address_is_path_and_query_below_the_system_s_own(
    path: str, query: tuple[tuple[str, str], ...] | str, expected: str
) -> None:
    addresses = Addresses("northwind", "https://acme.example/odata")

    assert str(addresses.of(Ask(path=path, query=query, operation="read"))) == expected


@pytest.mark.parametrize(
    "path",
    ["http://acme.example/next", "https://other.example/next", "https://acme.example:8443/next", "@other.example/"],
)
def test_an_address_elsewhere_is_a_broken_contract(path: str) -> None:
    with pytest.raises(ContractBroken, match="another address"):
        Addresses("northwind", "https://acme.example").of(Ask(path=path, operation="read"))


@pytest.mark.parametrize("path", ["/a\nb", "/a\x00b", "/" + "a" * 70_000, "https://acme.example:notaport/"])
def test_an_address_that_cannot_be_called_is_refused_in_words(path: str) -> None:
    with pytest.raises(Refused, match="cannot be called"):
        Addresses("northwind", "https://acme.example").of(Ask(path=path, operation="read"))


def test_an_address_asked_for_again_is_the_same_object() -> None:
    addresses = Addresses("northwind", "https://acme.example")
    ask = Ask(path="/orders", query="q=1", operation="read")

    assert addresses.of(ask) is addresses.of(Ask(path="/orders", query="q=1", operation="read again"))
