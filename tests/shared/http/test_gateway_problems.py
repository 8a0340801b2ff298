"""The gateway's own texts are those that the document shows."""

from __future__ import annotations

import re
from pathlib import Path

from shared.http.problem import GATEWAY_PROBLEMS

SOURCE = (
    Path(__file__).parents[3] / "traefik" / "plugins-local" / "src" / "trolley" / "problems" / "problems.go"
)
CODES = {
    404: "not-found",
    413: "payload-too-large",
    429: "too-many-requests",
    502: "bad-gateway",
    503: "unavailable",
}


def told_by_the_gateway() -> dict[int, tuple[str, str, str, str | None]]:
    """Code, title, detail and Retry-After by status."""
    source = SOURCE.read_text()
    (tail,) = re.findall(r'^const unknownOutcome = "(.+)"$', source, re.MULTILINE)
    entry = r'^\t(\d+): \{"(.+?)", "(.+?)", "(.+?)"( \+ unknownOutcome)?, (\d+)\},$'
    return {
        int(status): (code, title, detail + (tail if more else ""), seconds if seconds != "0" else None)
        for status, code, title, detail, more, seconds in re.findall(entry, source, re.MULTILINE)
    }


def test_each_status_tells_of_its_own_problem() -> None:
    assert {status: code for status, (code, *_) in told_by_the_gateway().items()} == CODES
    assert {problem.status: problem.code for problem in GATEWAY_PROBLEMS.values()} == CODES


def test_the_gateway_says_what_the_document_says() -> None:
    assert told_by_the_gateway() == {
        status: (problem.code, problem.title, problem.detail, problem.headers.get("Retry-After"))
        for status, problem in GATEWAY_PROBLEMS.items()
    }
