"""Failures that a command tells in one line."""

from __future__ import annotations


class CommandFailed(Exception):
    """It did not work; the message says what to do."""
