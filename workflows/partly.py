"""The end of what was done in one system and not in another, and cannot be taken back: told as it is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from canonical.errors import Outcome
from canonical.integration_exception import Severity
from canonical.submission import SubmissionState
from workflows.round import Ending


def partly_done(ending: Ending, done: Sequence[str], what: str) -> Ending:
    """The ending of the part that was not done, with what was done of the others said beside it."""
    if not done or ending.resume_in is not None:
        return ending
    sentence = f"{' and '.join(done)} {what}; the rest was not. {ending.problems[0].message}"
    problem = replace(ending.problems[0], message=sentence, outcome=Outcome.APPLIED)
    causes = tuple(replace(cause, problem=problem, severity=Severity.CRITICAL) for cause in ending.causes)
    return Ending(state=SubmissionState.FAILED, problems=(problem, *ending.problems[1:]), causes=causes)
