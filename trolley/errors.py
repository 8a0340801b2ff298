"""Failures that a command reports in one line. Each message says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

_REFERENCE = re.compile(r"\s*Correct the \w+ that `errors` names\.")
"""It refers to a member of the problem document, which a terminal does not show."""


def describe_errors(detail: str, errors: Iterable[tuple[str, str]]) -> str:
    """The detail of a problem and the messages of its fields, by their pointers, as text for a person."""
    fields = [f"{pointer}: {message}" for pointer, message in errors if message != detail]
    head = _REFERENCE.sub("", detail) if fields else detail
    return "\n  ".join([head, *fields]) if head else "\n".join(fields)


class CommandFailed(Exception):
    """The command did not do what it was asked to do."""


class NoShopChosen(CommandFailed):
    """The command does not know which shop to work on, so it touched none."""


class LocalRunFailed(CommandFailed):
    """The local shop did not start, or did not become ready."""
