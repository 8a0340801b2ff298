"""Failures that a command reports in one line. Each message says what to do."""

from __future__ import annotations


class CommandFailed(Exception):
    """The command did not do what it was asked to do."""


class NoShopChosen(CommandFailed):
    """The command does not know which shop to work on, so it touched none."""


class LocalRunFailed(CommandFailed):
    """The local shop did not start, or did not become ready."""
