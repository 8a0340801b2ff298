"""The JavaScript that Postman and newman run around requests; it is in `javascript/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "javascript"
BEFORE, AFTER = "prerequest", "test"


WORKS_FOR_AN_ADMIN = (
    "pm.collectionVariables.get('has_admin')"
    " && pm.test('works for an admin', () => pm.expect(pm.response.code).to.be.below(300));"
)


def script(listen: str, lines: Sequence[str]) -> dict[str, Any]:
    """A Postman event that runs `BEFORE` a request or `AFTER` its response."""
    return {"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}


def from_file(name: str) -> list[str]:
    """The lines of `javascript/<name>.js`; none where there is no such file."""
    file = FOLDER / f"{name}.js"
    return file.read_text().splitlines() if file.exists() else []


def answers(status: int) -> str:
    """A test that the answer has this status."""
    return f"pm.test('answers {status}', () => pm.response.to.have.status({status}));"


def answers_one_of(statuses: Sequence[str]) -> str:
    """A test that the answer is one that the OpenAPI document names."""
    documented = f"[{', '.join(statuses)}]"
    return f"pm.test('answers as documented', () => pm.expect(pm.response.code).to.be.oneOf({documented}));"
