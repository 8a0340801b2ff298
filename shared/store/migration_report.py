"""The progress and the result of a migration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[int], None]
"""Is told how many documents have been read so far."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """`from_version` is None if there was no collection. `kept_index` is the former index, write-protected;
    an operator may delete it."""

    collection: str
    from_version: int | None
    to_version: int
    documents: int
    kept_index: str | None = None

    @property
    def was_needed(self) -> bool:
        return self.from_version != self.to_version
