"""The entity tags that a conditional request names (RFC 9110, section 8.8.3)."""

from __future__ import annotations

from dataclasses import dataclass

Version = int | str


@dataclass(frozen=True, slots=True)
class EntityTags:
    """The tags of an `If-Match` or an `If-None-Match`: `*`, or a list."""

    any: bool
    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()

    def includes(self, version: Version) -> bool:
        """Strong comparison, as `If-Match` wants it: a weak tag never matches."""
        return self.any or str(version) in self.strong

    def includes_weakly(self, version: Version) -> bool:
        """Weak comparison, as `If-None-Match` wants it."""
        return self.includes(version) or str(version) in self.weak

    @property
    def numbers(self) -> frozenset[int]:
        """The versions in strong tags such as `"7"`, and `"7-<digest>"` of an answer that more than the
        version decides."""
        versions = (tag.partition("-")[0] for tag in self.strong)
        return frozenset(int(it) for it in versions if it.isascii() and it.isdigit())

    def includes_number(self, version: int) -> bool:
        """Whether a strong tag is of this version, whatever its digest."""
        return self.any or version in self.numbers
