"""Entities as Atom XML: what a caller gets who did not ask for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast
from xml.sax.saxutils import escape, quoteattr

_NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
    ' xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
)


def feed(title: str, entities: Sequence[Mapping[str, object]], count: str | None) -> bytes:
    """A collection."""
    counted = "" if count is None else f"<m:count>{count}</m:count>"
    entries = "".join(_entry(one, "") for one in entities)
    return _document(f'<feed {_NAMESPACES}><title type="text">{title}</title>{counted}{entries}</feed>')


def entry(entity: Mapping[str, object]) -> bytes:
    """One entity."""
    return _document(_entry(entity, f" {_NAMESPACES}"))


def _document(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _entry(entity: Mapping[str, object], namespaces: str) -> str:
    metadata = cast(Mapping[str, str], entity["__metadata"])
    tag = f" m:etag={quoteattr(metadata['etag'])}" if "etag" in metadata else ""
    plain = {name: value for name, value in entity.items() if not isinstance(value, Mapping)}
    properties = "".join(_property(name, value) for name, value in plain.items())
    return (
        f'<entry{namespaces}{tag}><id>{escape(metadata["id"])}</id><title type="text">{escape(metadata["id"])}</title>'
        f'<category term="{metadata["type"]}"'
        ' scheme="http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"/>'
        f'<content type="application/xml"><m:properties>{properties}</m:properties></content></entry>'
    )


def _property(name: str, value: object) -> str:
    if value is None:
        return f'<d:{name} m:null="true"/>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<d:{name}>{escape(text)}</d:{name}>"
