"""The list of all problem types as a page for the repository, and as one that every service serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from textwrap import wrap

from shared.http.problem_types import PROBLEM_TYPES, TYPE_PREFIX, ProblemType

_INTRODUCTION = (
    f"Every error is a problem document (RFC 9457). Its `type` is `{TYPE_PREFIX}` and one of the names below;"
    " it stays the same, so branch on it and never on `title` or `detail`. `detail` says what happened and"
    " what to do, `errors` points at the values that were refused, and `request_id` is in the logs. Treat a"
    " type that you do not know by its status."
)
_ORIGIN = (
    "The running shop shows the same at [/docs/problems](http://localhost:3000/docs/problems). `make openapi`"
    " writes both pages from `shared/http/problem_types.json`."
)
_WIDTH = 120


def markdown_page() -> str:
    """`docs/problems.md`."""
    lines = ["# Problems", "", *wrap(_INTRODUCTION, _WIDTH), "", *wrap(_ORIGIN, _WIDTH), ""]
    for status, problems in _by_status():
        lines += [f"## {status}", ""]
        for problem in problems:
            lines += [f"### {problem.code}", "", *wrap(f"{problem.title}. {problem.when}", _WIDTH), ""]
            lines += [*wrap(f"*What to do:* {problem.remedy}", _WIDTH), ""]
            lines += [f"*Further members:* {_members(problem)}.", ""] if problem.members else []
    return "\n".join(lines).rstrip() + "\n"


def html_page() -> str:
    """`/docs/problems`. Each type has its name as its anchor."""
    sections = "\n".join(_section(status, problems) for status, problems in _by_status())
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Problems - Trolley API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/problems.css">
  </head>
  <body>
    <header><a href="/docs">Trolley API</a></header>
    <main>
      <h1>Problems</h1>
      <p>{_html(_INTRODUCTION)}</p>
{sections}
    </main>
  </body>
</html>
"""


def _by_status() -> Iterator[tuple[int, list[ProblemType]]]:
    for status, problems in groupby(PROBLEM_TYPES, key=lambda problem: problem.status):
        yield status, list(problems)


def _section(status: int, problems: list[ProblemType]) -> str:
    entries = "\n".join(_entry(problem) for problem in problems)
    return f"""      <section aria-labelledby="status-{status}">
        <h2 id="status-{status}">{status}</h2>
{entries}
      </section>"""


def _entry(problem: ProblemType) -> str:
    further = f"\n          <p>Further members: {_html(_members(problem))}.</p>" if problem.members else ""
    return f"""        <article id="{problem.code}">
          <h3><a href="#{problem.code}">{problem.code}</a></h3>
          <p>{escape(problem.title)}. {_html(problem.when)}</p>
          <p><strong>What to do:</strong> {_html(problem.remedy)}</p>{further}
        </article>"""


def _members(problem: ProblemType) -> str:
    return ", ".join(f"`{member}`" for member in problem.members)


def _html(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
