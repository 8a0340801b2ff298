"""The refusal of codes.

403 PermissionDenied   └── InvalidCode     wrong, used, expired, for another purpose or request: never which
"""

from __future__ import annotations

from shared.errors import PermissionDenied


class InvalidCode(PermissionDenied):
    code, title = "invalid-code", "Code not accepted"
    detail = (
        "The code is wrong, was used, or is not valid any more. Check it, or ask for another code. A request "
        "for a code has five tries and ten minutes."
    )
