"""What can go wrong with a local run; each message says what to do."""

from __future__ import annotations

from trolley.errors import CommandFailed


class LocalRunFailed(CommandFailed):
    """The stack could not start, or did not become ready."""
