"""The graph over a small company that takes orders: asked as the gateway asks, by the compiled plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from graphql import ExecutionResult, parse, validate
from msgspec.structs import replace

from canonical.deadline import Deadline
from canonical.principal import Principal
from engine.loom import Loom
from resolvers.access import SCOPES, view_of
from resolvers.context import Context
from schema import build_schema
from schema.dialect import DIALECT
from sources.kit.call import Call
from tests.fakes.company import NOW
from tests.fakes.systems import FakeSystems
from tests.workflows.house import House
from workflows.desk import Desk

SCHEMA = build_schema()._schema
LOOMS = {"loom": Loom(SCHEMA, DIALECT), "core": Loom(SCHEMA, DIALECT, compiled=False)}
EVERYTHING = Principal("ann", "acme", "quoting", frozenset(SCOPES))

SUBMISSION = """
  id state operation externalReference idempotencyKey submittedBy correlationId
  steps { name state system legalEntity attempts message }
  problems { code category message field blocking retryable outcome owner system correlationId }
"""
SUBMIT = f"""
mutation Submit($input: SubmitOrderInput!, $key: String!) {{
  submitOrder(input: $input, idempotencyKey: $key) {{
    replayed
    problems {{ code category message field blocking retryable retryAfterSeconds outcome owner correlationId }}
    submission {{ {SUBMISSION} }}
  }}
}}
"""


@dataclass
class Graph:
    """Asks with all rights, or with those it was narrowed to. Without a desk the gateway reads only."""

    house: House
    desk: Desk | None
    principal: Principal = EVERYTHING
    engine: str = "loom"
    seconds: float = 60.0
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def systems(self) -> FakeSystems:
        """The company's systems."""
        return FakeSystems(self.house.crm, self.house.eu, self.house.us)

    def narrowed(self, **rights: Any) -> Graph:
        """The same graph for somebody with other rights."""
        return Graph(self.house, self.desk, replace(self.principal, **rights), self.engine, numbers=self.numbers)

    def context(self) -> Context:
        """A new operation's."""
        call = Call(self.principal, view_of(self.principal), Deadline.after(self.seconds), f"c-{next(self.numbers)}")
        return Context(self.house.landscape, self.systems, call, clock=lambda: NOW, desk=self.desk)

    async def execute(self, text: str, **variables: Any) -> ExecutionResult:
        """The answer, errors and all; AssertionError where the document itself is wrong."""
        document = parse(text)
        assert validate(SCHEMA, document) == []
        return await LOOMS[self.engine].execute(document, self.context(), variables)

    async def __call__(self, text: str, **variables: Any) -> Any:
        """The data of an answer that has no errors."""
        result = await self.execute(text, **variables)
        assert result.errors is None, result.errors
        return result.data

    async def submit(self, input: Any = None, key: str = "key-of-sixteen-letters", **facts: Any) -> Any:
        """The payload of submitOrder for the usual order with these facts."""
        answer = await self(SUBMIT, input=input or order_input(**facts), key=key)
        return answer["submitOrder"]

    async def submission(self, id: str) -> Any:
        """The submission as it stands."""
        answer = await self(f"query($id: ID!) {{ submission(by: {{id: $id}}) {{ {SUBMISSION} }} }}", id=id)
        return answer["submission"]

    async def done(self, key: str = "key-of-sixteen-letters", **facts: Any) -> Any:
        """The submission of the usual order with these facts, carried out."""
        payload = await self.submit(key=key, **facts)
        assert payload["submission"], payload["problems"]
        await self.house.work()
        return await self.submission(payload["submission"]["id"])


def order_input(*lines: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """An order of two of P-1, unless told otherwise."""
    usual = {"customer": {"crmId": "acc1"}, "currencyCode": "EUR", "source": {"system": "crm", "key": "sale1"}}
    return {**usual, "lines": list(lines) or [line_input()], **facts}


def line_input(sku: str = "P-1", quantity: object = 2, **facts: Any) -> dict[str, Any]:
    """A line."""
    return {"sku": sku, "quantity": quantity, **facts}


def said(payload: Any) -> list[tuple[str, str | None]]:
    """The codes and paths of a payload's problems."""
    return [(one["code"], ".".join(one["field"]) if one["field"] else None) for one in payload["problems"]]
