"""How the gateway's time grows with a page, and what a second worker brings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.peers import questions
from bench.peers.asking import DeskAsked, ask, body, in_order
from bench.peers.contestants import Contestant
from bench.peers.desk import story

LARGEST = 200
"""Orders of one list; a thousand are five lists of one query, as a client that needs them all at once would ask."""
_TRIES = 15


@dataclass(frozen=True)
class Grown:
    """One size: orders and fields of the answer, its calls, the median time of one request alone, and CPU."""

    orders: int
    fields: int
    calls: float
    p50: float
    cpu_ms: float


def of_size(orders: int, turn: int) -> bytes:
    """A question for that many orders, in one list or in several side by side."""
    parts = [min(LARGEST, orders - start) for start in range(0, orders, LARGEST)]
    lists = " ".join(
        f"p{place}: orders(first: {size}, filter: {{orderedTo: $d{place}}}) {{ nodes {{ {questions.ORDER} }} }}"
        for place, size in enumerate(parts)
    )
    newest = story.ORDERS - 1 - turn % LARGEST
    days = {f"d{place}": f"{story.day_of(newest - place * LARGEST)}" for place in range(len(parts))}
    return body(f"query Many({', '.join(f'${name}: Date' for name in days)}) {{ {lists} }}", days)


def grow(one: Contestant, desk: DeskAsked, token: str, sizes: Sequence[int]) -> list[Grown]:
    """Every size in turn, again and again, one request at a time."""
    times: dict[int, list[float]] = {size: [] for size in sizes}
    cpu: dict[int, float] = dict.fromkeys(sizes, 0.0)
    calls: dict[int, int] = dict.fromkeys(sizes, 0)
    fields: dict[int, int] = {}
    for size in sizes:
        answer = in_order(ask(one.port, token, of_size(size, 0))[1])
        fields[size] = questions.fields_of(answer)
    for turn in range(_TRIES):
        for size in sizes:
            question = of_size(size, turn + 1)
            asked, used, began = desk.calls().total(), one.cpu_seconds(), time.perf_counter()
            ask(one.port, token, question)
            times[size].append((time.perf_counter() - began) * 1000)
            cpu[size] += one.cpu_seconds() - used
            calls[size] += desk.calls().total() - asked
    return [
        Grown(size, fields[size], calls[size] / _TRIES, median(times[size]), cpu[size] * 1000 / _TRIES)
        for size in sizes
    ]
