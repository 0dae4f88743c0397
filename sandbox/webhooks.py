"""Where the pretend company's systems post what happens in them: chosen while it is open, for nobody knows before."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sources.kit.sandbox.contract import Emits, Sandbox


class WebhookAt(BaseModel):
    """Where a system is to post what happens in it."""

    url: str = Field(pattern=r"^https?://[^\s/]+")
    secret: str | None = None


class WebhookSeen(BaseModel):
    """Where a system posts; `sent` and `lost` count messages since it was opened."""

    url: str | None
    sent: int
    lost: int


def webhooks(sandboxes: Mapping[str, Sandbox]) -> APIRouter:
    """The control port's part about what systems post by themselves."""
    router = APIRouter()

    @router.get("/webhooks")
    async def seen() -> dict[str, WebhookSeen]:
        """Every system that can post, and where it does."""
        return {name: _webhook(sandbox) for name, sandbox in sandboxes.items() if isinstance(sandbox, Emits)}

    @router.put("/webhooks/{system}")
    async def post_there(system: str, given: WebhookAt) -> WebhookSeen:
        """Let a system post what happens in it; what waited for another address is forgotten."""
        emits = _emits(sandboxes, system)
        emits.send_to(given.url, given.secret)
        return _webhook(emits)

    @router.delete("/webhooks/{system}", status_code=204)
    async def post_nowhere(system: str) -> None:
        """Let it be silent."""
        _emits(sandboxes, system).send_to(None)

    return router


def _emits(sandboxes: Mapping[str, Sandbox], name: str) -> Emits:
    found = sandboxes.get(name)
    if found is None:
        raise HTTPException(404, f"There is no pretend system {name!r}; known: {', '.join(sandboxes)}.")
    if not isinstance(found, Emits):
        raise HTTPException(409, f"{name} posts nothing by itself: ask it what was changed.")
    return found


def _webhook(emits: Emits) -> WebhookSeen:
    return WebhookSeen(**emits.posting._asdict())
