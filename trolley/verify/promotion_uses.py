"""The uses of promo codes against the carts that have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from cart_service.bootstrap import OperatorTools
from cart_service.upkeep.promotion_audit import Recount
from trolley.verify.findings import Finding

_NAMED = 5


class PromotionUsesCheck:
    """Every use that is counted is somebody's, every reserved one is counted, its cart has the code, and no
    other cart has. Otherwise the claims to the code are right, and it is counted anew. Codes of no promotion
    are looked at as well."""

    name = "uses of promo codes"

    def __init__(self, carts: OperatorTools) -> None:
        self._carts = carts

    async def keys(self) -> AsyncIterator[str]:
        codes = set()
        async for document in self._carts.promotions.store.scan():
            codes.add(document.id)
            yield document.id
        async for code in self._carts.service.promotion_audit.claimed_codes():
            if code not in codes:
                yield code

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        audit = self._carts.service.promotion_audit
        counted = [await audit.recount(code, repair=False) for code in keys]
        return [Finding(self.name, it.code, _disagreement(it)) for it in counted if not it.is_clean]

    async def fix(self, finding: Finding) -> None:
        await self._carts.service.promotion_audit.recount(finding.what, repair=True)


def _disagreement(counted: Recount) -> str:
    parts = [
        _named("reserved for users whose carts do not have it", counted.abandoned),
        _named("not reserved for users whose carts have it", counted.unreserved),
        _named("counted and nobody's", counted.orphans),
        _named("reserved and not counted", counted.uncounted),
    ]
    if counted.final != counted.final_counted:
        parts.append(f"{counted.final} orders were placed, {counted.final_counted} are counted")
    return "; ".join(part for part in parts if part)


def _named(what: str, names: Sequence[str]) -> str:
    return f"{len(names)} {what}: {', '.join(sorted(names)[:_NAMED])}" if names else ""
