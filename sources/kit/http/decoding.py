"""Bodies into typed values, and bodies that are not what the contract says into faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from canonical.errors import ContractBroken
from sources.kit.http.ask import Answer

T = TypeVar("T")


class JsonDecoder(Generic[T]):
    """Decodes JSON bodies to one type: strict on the fields the type reads, silent on all others.

    `float_hook` takes numbers with a point: Decimal wherever money or quantities may come as JSON numbers.
    """

    def __init__(self, shape: type[T], *, float_hook: Callable[[str], object] | None = None) -> None:
        self._decoder = msgspec.json.Decoder(shape, float_hook=float_hook)

    def decode(self, system: str, answer: Answer) -> T:
        """The body as a value; ContractBroken when it is not JSON or not of this shape."""
        try:
            return self._decoder.decode(answer.content)
        except msgspec.DecodeError as wrong:
            sentence = f"{system} sent an answer that cannot be read."
            raise ContractBroken(system, sentence, detail=f"{wrong}: {answer.excerpt(200)}") from wrong
