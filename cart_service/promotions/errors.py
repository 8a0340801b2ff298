"""Refusals about promotions and their codes."""

from __future__ import annotations

from shared.errors import Conflict, FieldError, NotFound


class PromotionNotFound(NotFound):
    """There is no promotion of this code."""

    code, title = "promotion-not-found", "Promotion not found"

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no promotion {code!r}. The list of promotions shows the existing ones.")


class PromotionCodeTaken(Conflict):
    """A promotion has this code, or had it: codes are never used again."""

    code, title = "promotion-code-taken", "Promotion code taken"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The code {code} is taken. Codes are never used again. Choose another one.",
            errors=[FieldError("/code", "is taken")],
        )


class PromoCodeNotFound(NotFound):
    """There is no such code."""

    code, title = "promo-code-not-found", "Promo code not found"

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no promo code {code!r}. Check the spelling.", extra={"promo_code": code})


class PromoCodeNotStarted(Conflict):
    """The code will work later."""

    code, title = "promo-code-not-started", "Promo code not started"

    def __init__(self, code: str, starts_at: str) -> None:
        super().__init__(
            f"The code {code} works from {starts_at} on. Try it then.",
            extra={"promo_code": code, "starts_at": starts_at},
        )


class PromoCodeEnded(Conflict):
    """The code does not work any more."""

    code, title = "promo-code-ended", "Promo code ended"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The promotion of the code {code} is over. Try another code.", extra={"promo_code": code}
        )


class PromoCodeUsedUp(Conflict):
    """As many carts and orders have the code as may have it."""

    code, title = "promo-code-used-up", "Promo code used up"

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The code {code} is used up. Try another code, or try again later: a cart may give it back.",
            extra={"promo_code": code},
        )


class PromoCodeUsedByYou(Conflict):
    """This user has used the code as often as one may."""

    code, title = "promo-code-used-by-you", "Promo code used by you"

    def __init__(self, code: str, limit: int) -> None:
        times = "once" if limit == 1 else f"{limit} times"
        super().__init__(
            f"The code {code} can be used {times} by each customer. Try another code.",
            extra={"promo_code": code, "per_user_limit": limit},
        )


class MergeUndone(Conflict):
    """The merge that a promo code came with was undone meanwhile: the code stays off the cart."""

    code, title = "merge-undone", "Merge undone"
    detail = "The merge that the promo code came with is undone. Put the code on the cart by itself."
