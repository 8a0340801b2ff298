"""Every problem type of the API: when a service answers it, and what a client does then.

`problem_types.json` is the one list for all services. The enumeration in the OpenAPI document,
`docs/problems.md` and the page `/docs/problems` are made from it. A test compares it with the error classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

TYPE_PREFIX = "urn:trolley:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """`code` is the slug at the end of the problem's `type`. `members` are further members that the problem
    document can have."""

    code: str
    status: int
    title: str
    when: str
    remedy: str
    members: Sequence[str] = ()

    @property
    def uri(self) -> str:
        """The value of `type`."""
        return TYPE_PREFIX + self.code


PROBLEM_TYPES = tuple(
    ProblemType(**row) for row in orjson.loads(Path(__file__).with_suffix(".json").read_bytes())
)
BY_CODE = {problem.code: problem for problem in PROBLEM_TYPES}
