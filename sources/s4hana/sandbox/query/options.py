"""System query options of a request: what to show, which rows, how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from sources.s4hana.sandbox.refusal import bad_request

_KNOWN: Final = frozenset(
    {
        "$filter",
        "$select",
        "$expand",
        "$orderby",
        "$top",
        "$skip",
        "$skiptoken",
        "$inlinecount",
        "$format",
        "$search",
    }
)


@dataclass(frozen=True)
class Options:
    """The options, parsed as far as their own syntax goes; `given` holds every parameter, custom ones too."""

    given: tuple[tuple[str, str], ...] = ()
    filter: str | None = None
    select: tuple[tuple[str, ...], ...] = ()
    expand: tuple[tuple[str, ...], ...] = ()
    orderby: str = ""
    top: int | None = None
    skip: int = 0
    skiptoken: int = 0
    inlinecount: bool = False


def parse_options(query: str) -> Options:
    """The options of a raw query string; 400 for unknown ones, doubled ones and numbers that are none."""
    given = tuple(_pairs(query))
    known = [(name, value) for name, value in given if name.startswith("$")]
    for name, _ in known:
        if name not in _KNOWN:
            raise bad_request(f"The system query option '{name}' is not supported.")
    options = dict(known)
    if len(options) != len(known):
        raise bad_request("A system query option was given more than once.")
    if (counting := options.get("$inlinecount", "none")) not in {"none", "allpages"}:
        raise bad_request(f"Invalid value '{counting}' of $inlinecount.")
    return Options(
        given=given,
        filter=options.get("$filter") or None,
        select=_paths(options.get("$select", "")),
        expand=_paths(options.get("$expand", "")),
        orderby=options.get("$orderby", ""),
        top=_count(options, "$top") if "$top" in options else None,
        skip=_count(options, "$skip"),
        skiptoken=_count(options, "$skiptoken"),
        inlinecount=counting == "allpages",
    )


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def _paths(text: str) -> tuple[tuple[str, ...], ...]:
    words = (word.strip() for word in text.split(","))
    return tuple(tuple(word.split("/")) for word in words if word)


def _count(options: dict[str, str], name: str) -> int:
    text = options.get(name, "0")
    if not text.isdecimal() or len(text) > 9:
        raise bad_request(f"Invalid value '{text}' of {name}.")
    return int(text)
