"""The refusals of the throttle.

429 TooManyRequests   └── SignInThrottled      a mailed code opens the door at once
"""

from __future__ import annotations

import math
from typing import Self

from shared.errors import TooManyRequests


class SignInThrottled(TooManyRequests):
    """The same for every reason and every address, so it does not tell whether an account exists."""

    code, title = "sign-in-throttled", "Too many failed sign-ins"

    @classmethod
    def for_seconds(cls, wait: float) -> Self:
        seconds = whole_seconds(wait)
        return cls(
            f"Too many sign-ins have failed. Try again in {in_words(seconds)}. Or ask for a code by e-mail "
            "at `/api/v1/auth/codes`, with the purpose `sign_in`, or `unlock` to sign in with the password.",
            retry_after=seconds,
        )


def whole_seconds(wait: float) -> int:
    """For `Retry-After`, which has no fractions. At least 1."""
    return max(1, math.ceil(wait))


def in_words(seconds: int) -> str:
    return f"{seconds} second{'s' * (seconds != 1)}"
