"""The passwords that people use most, and so the ones that others try first."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

_LIST = "common_passwords.txt.gz"


def is_common(text: str) -> bool:
    """Whether the text, in lower case, is one of the listed passwords. `common_passwords.NOTICE.md` names the
    sources."""
    return text in common_passwords()


@cache
def common_passwords() -> frozenset[str]:
    """All of the list, each in lower case and NFC. The first call reads it, in some 20 ms."""
    packed = files(__package__).joinpath(_LIST).read_bytes()
    return frozenset(gzip.decompress(packed).decode().splitlines())
