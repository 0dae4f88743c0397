"""The desk beside its workflows: who may bind, and what it says when its store goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Outcome, ProblemCategory
from canonical.principal import Principal
from canonical.problem import Problem
from canonical.refs import Ref
from canonical.submission import Submitted
from tests.workflows.house import ANN, House, order
from workflows.audit import AuditFilter
from workflows.desk import Desk, Verdict
from workflows.store.opening import Store

KEY = "key-of-sixteen-letters"
NO = Verdict(problems=(Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message="No."),))


class Judge:
    """Says what it was told to, and counts."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict, self.asked = verdict, 0

    async def __call__(self) -> Verdict:
        self.asked += 1
        return self.verdict


class DyingStore(Store):
    """A store that goes away at the n-th transaction: before it begins, or as it is committed."""

    def __init__(self, url: str, at: int, *, commits: bool) -> None:
        super().__init__(url)
        self.left, self.commits = at, commits

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self.left -= 1
        if self.left < 0 and not self.commits:
            raise _gone()
        async with super().transaction() as connection:
            yield connection
        if self.left < 0:
            raise _gone()


class StandingStore(Store):
    """A store that stands still for ever: before it begins, or as it is committed."""

    def __init__(self, url: str, *, commits: bool) -> None:
        super().__init__(url)
        self.commits, self.reached = commits, 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        if self.commits:
            async with super().transaction() as connection:
                yield connection
        self.reached += 1
        await asyncio.Event().wait()


def _gone() -> OperationalError:
    return OperationalError("commit", {}, ConnectionResetError())


async def submit(house: House, judge: Judge) -> Submitted:
    return await house.desk.submit(ANN, order(), KEY, "corr-1", judge=judge)


async def test_what_is_forbidden_binds_nothing_and_a_key_that_is_bound_is_answered_without_asking(house: House) -> None:
    refused = await submit(house, Judge(NO))
    bound = await submit(house, Judge(Verdict(crm_customer_key="acc1")))
    late = Judge(NO)
    again = await submit(house, late)

    assert refused.submission is None
    assert [(one.code, one.correlation_id) for one in refused.problems] == [("FORBIDDEN", "corr-1")]
    assert bound.submission is not None
    assert again.submission is not None
    assert (again.submission.id, again.replayed, late.asked) == (bound.submission.id, True, 0)


async def test_whoever_is_narrowed_to_an_account_sees_its_submission_at_once(house: House) -> None:
    narrow = Principal("bob", "acme", "quoting", frozenset(), accounts=frozenset({"acc1"}))
    bound = await submit(house, Judge(Verdict(crm_customer_key="acc1")))
    other = await house.submit(order(customer=Ref("crm", "acc2")))

    assert bound.submission is not None
    assert other.submission is not None
    [mine, hers] = await house.desk.submissions(narrow, [bound.submission.id, other.submission.id])
    assert mine is not None
    assert hers is None
    acts = await house.desk.list_audit(narrow, AuditFilter(), 10)
    assert [act.subject for act in acts.items] == [f"Submission {bound.submission.id}"]


async def test_a_key_that_cannot_be_one_is_a_problem_of_the_key(house: House) -> None:
    answer = await house.submit(order(), "short")

    assert [(one.code, one.field) for one in answer.problems] == [("IDEMPOTENCY_KEY_INVALID", ("idempotency_key",))]


async def test_a_store_that_is_away_has_accepted_nothing_and_one_that_breaks_off_may_have(house: House) -> None:
    outcomes = []
    for at, commits in ((0, False), (0, True), (1, False)):
        store = DyingStore(house.store.url, at, commits=commits)
        desk = Desk(store, house.landscape, wait=0.0, clock=lambda: 0.0)
        [problem] = (await desk.submit(ANN, order(), f"{KEY}-{at}-{commits}", "corr-1")).problems
        assert (problem.code, problem.retryable) == ("STORE_UNAVAILABLE", True)
        outcomes.append(problem.outcome)
        await store.close()

    assert outcomes == [Outcome.NOT_APPLIED, Outcome.UNCERTAIN, Outcome.UNCERTAIN]


@pytest.mark.parametrize("commits,outcome", [(False, Outcome.NOT_APPLIED), (True, Outcome.UNCERTAIN)])
async def test_a_store_that_stands_still_is_not_waited_for_and_nothing_is_said_that_is_not_known(
    house: House, commits: bool, outcome: Outcome
) -> None:
    store = StandingStore(house.store.url, commits=commits)
    desk = Desk(store, house.landscape, wait=0.0, accept_within=1.0 if commits else 0.01)

    [problem] = (await desk.submit(ANN, order(), KEY, "corr-1")).problems
    await store.close()
    again = await house.submit(order(), KEY)

    assert store.reached == 1
    assert (problem.code, problem.outcome) == ("STORE_UNAVAILABLE", outcome)
    assert again.replayed is commits
