"""The step that says who we are."""

from __future__ import annotations

from http import HTTPStatus

from sources.kit.auth.authorization import Authorization
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.heading import Pairs
from sources.kit.http.redaction import Redactor
from sources.kit.http.wire import Wire


class Authorized:
    """Adds the authorization; on a 401 renews it once and asks once more (a 401 was not acted upon, so writes too)."""

    def __init__(self, authorization: Authorization, wire: Wire, redactor: Redactor) -> None:
        self._authorization = authorization
        self._wire = wire
        self._redactor = redactor
        self._learnt: Pairs = ()

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer, whatever its status."""
        answer, used = await self._once(call, ask)
        if answer.status != HTTPStatus.UNAUTHORIZED or not await self._authorization.renew(dict(used)):
            return answer
        return (await self._once(call, ask))[0]

    async def headers(self, call: Call) -> Pairs:
        """What says who we are; secrets in it never show themselves from then on."""
        used = tuple((await self._authorization.headers(call, self._wire.send_anywhere)).items())
        if used != self._learnt:
            self._learnt = used
            for _, value in used:
                self._redactor.learn(value.rpartition(" ")[2])
        return used

    async def _once(self, call: Call, ask: Ask) -> tuple[Answer, Pairs]:
        used = await self.headers(call)
        return await self._wire.send(call, ask, used), used
