"""Codes and ids that derive from the service's secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from auth_service.codes.model import CodePurpose

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words, and no digits, so no mix-ups (RFC 8628, section 6.1). Eight letters are 2.6 · 10^10
codes; the alphabet is case-insensitive."""
CODE_LETTERS = 8
CODES_KEY = "trolley mailed codes"
IDS_KEY = "trolley ids of mailed codes"


class CodeDerivation:
    """Derives codes from nonces. Both keys are given as the current one, followed by earlier ones that are
    still accepted."""

    def __init__(self, code_keys: Sequence[bytes], id_keys: Sequence[bytes]) -> None:
        self._code_keys = code_keys
        self._id_keys = id_keys

    def code(self, codes_id: str, nonce: str) -> str:
        """The code as it is mailed: `WDJB-MJHT`."""
        letters = _letters(self._code_keys[0], codes_id, nonce)
        return f"{letters[:4]}-{letters[4:]}"

    def matches(self, given: str, codes_id: str, nonce: str) -> bool:
        """Whether the given text is the code, in upper or lower case, with any hyphens and spaces. The time
        does not depend on the text."""
        letters = "".join(given.upper().replace("-", "").split()).encode()
        # A list, because `any` over a generator would end at the first match.
        matches = [
            hmac.compare_digest(letters, _letters(key, codes_id, nonce).encode()) for key in self._code_keys
        ]
        return any(matches)

    def codes_id(self, purpose: CodePurpose, subject: str) -> str:
        """The id of the codes of one purpose for a subject: a claim id, or a user and a claim id. It tells
        nobody the address, so logs may hold it."""
        return _id(self._id_keys[0], purpose, subject)

    def is_codes_id(self, id: str, purpose: CodePurpose, subject: str) -> bool:
        """Whether the id belongs to the subject, under the current secret or an earlier one."""
        return any(hmac.compare_digest(id, _id(key, purpose, subject)) for key in self._id_keys)


def _letters(key: bytes, codes_id: str, nonce: str) -> str:
    number = int.from_bytes(hmac.digest(key, f"{codes_id}.{nonce}".encode(), hashlib.sha256))
    letters = []
    for _ in range(CODE_LETTERS):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def _id(key: bytes, purpose: CodePurpose, subject: str) -> str:
    return hmac.digest(key, f"{purpose.value}.{subject}".encode(), hashlib.sha256).hex()
