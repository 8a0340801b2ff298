"""What can go wrong with a local run; each message says what to do."""

from __future__ import annotations


class LocalRunFailed(Exception):
    """The stack could not start, or did not become ready."""
