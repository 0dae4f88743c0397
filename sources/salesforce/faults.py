"""Salesforce's error bodies as faults of our own tree: of an answer, or of the parts of one that is itself a 200."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

from canonical.errors import ContractBroken, Fault
from sources.kit.http.ask import Answer
from sources.kit.http.statuses import not_json, plain_fault
from sources.salesforce.meanings import meaning_of
from sources.salesforce.wire import CompositeAnswer, ErrorEntry, Subanswer
from sources.salesforce.wire_written import GraphAnswer, Saved

WHOLE_DAY_USED: Final = 3600.0
"""Seconds to wait when a day's calls are used up: the window slides, so some come back within the hour."""
_NOBODY_S_OWN: Final = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})
"""Said of the innocent parts of a composite: the culprit's own error says why."""
_MOST_TOLD: Final = 5
_LONGEST_WORDS: Final = 300
_ENTRIES: Final = msgspec.json.Decoder(list[ErrorEntry])
_COMPOSITE: Final = msgspec.json.Decoder(CompositeAnswer)
_MARK: Final = re.compile(rb'\s*\{\s*"compositeResponse"')
_TOKEN: Final = re.compile(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+")


class Part(NamedTuple):
    """A part of an answer that failed: what people call it, its status, and its error body."""

    label: str
    status: int
    entries: Sequence[ErrorEntry]

    @property
    def guilty(self) -> bool:
        """Whether it failed for itself, and not because another part did."""
        return any(entry.code not in _NOBODY_S_OWN for entry in self.entries) or not self.entries

    def told(self) -> str:
        """Its error in one line, without tokens."""
        entry = _first(self.entries)
        line = _TOKEN.sub("***", f"{self.status} {entry.code}: {entry.message.strip()}")
        return f"{self.label}: {line}" if self.label else line


def fault_in(system: str, answer: Answer) -> Fault | None:
    """The fault that an answer tells: of its own, or in a part of a composite; None when all of it is well.

    What became of the parts of a graph and of the records of a collection is told by `fault_of_parts`.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return not_json(system, answer) or _in_a_composite(system, answer)
    entries = _entries(answer.content)
    if entries is None:
        return plain_fault(system, answer) or to_fault(system, answer.status, [])
    return to_fault(system, answer.status, entries)


def to_fault(system: str, status: int, entries: Sequence[ErrorEntry], label: str = "") -> Fault:
    """The fault that an error body means; the label says first what it is about."""
    entry = _first(entries)
    meaning = meaning_of(status, entry.code, entry.fields)
    words = _TOKEN.sub("***", " ".join(entry.message.split()))[:_LONGEST_WORDS]
    sentence = meaning.sentence.format(system, words)
    after = WHOLE_DAY_USED if entry.code == "REQUEST_LIMIT_EXCEEDED" and "TotalRequests" in entry.message else None
    return meaning.fault(
        system,
        f"{label}: {sentence}" if label else sentence,
        detail=Part(label, status, entries).told(),
        retry_after=after,
        category=meaning.category,
    )


def parts_of_graph(graph: GraphAnswer, labels: Mapping[str, str]) -> list[Part]:
    """The parts of a graph that failed, each under its label."""
    parts = _failed(graph.graph_response.composite_response, labels)
    return parts or ([] if graph.is_successful else [Part("", HTTPStatus.BAD_REQUEST, ())])


def parts_of_records(saved: Sequence[Saved], labels: Sequence[str]) -> list[Part]:
    """The records of a collection that were not written, each under its label."""
    told = zip(saved, labels, strict=True)
    return [Part(label, HTTPStatus.BAD_REQUEST, one.errors) for one, label in told if not one.success]


def fault_of_parts(system: str, parts: Sequence[Part]) -> Fault | None:
    """The fault of what was written all or not at all: the first culprit's, with the others in its detail."""
    if not parts:
        return None
    guilty = [part for part in parts if part.guilty] or parts
    fault = to_fault(system, guilty[0].status, guilty[0].entries, guilty[0].label)
    fault.detail = "; ".join(part.told() for part in guilty[:_MOST_TOLD])
    return fault


def _in_a_composite(system: str, answer: Answer) -> Fault | None:
    if _MARK.match(answer.content) is None:
        return None
    try:
        parts = _COMPOSITE.decode(answer.content).composite_response
    except msgspec.DecodeError:
        return ContractBroken(system, f"{system} sent an answer that cannot be read.", detail=answer.excerpt(200))
    return fault_of_parts(system, _failed(parts, {}))


def _failed(parts: Sequence[Subanswer], labels: Mapping[str, str]) -> list[Part]:
    return [
        Part(labels.get(part.reference_id, ""), part.http_status_code, _entries(bytes(part.body)) or ())
        for part in parts
        if part.http_status_code >= HTTPStatus.MULTIPLE_CHOICES
    ]


def _entries(body: bytes) -> list[ErrorEntry] | None:
    try:
        return _ENTRIES.decode(body)
    except msgspec.DecodeError:
        return None


def _first(entries: Sequence[ErrorEntry]) -> ErrorEntry:
    return next((one for one in entries if one.code not in _NOBODY_S_OWN), entries[0] if entries else ErrorEntry())
