"""Runs a check over all keys, in bounded memory, while the shop may be open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from shared.errors import ShopError, Unavailable
from shared.observability.logging import get_logger
from trolley.verify.findings import ConsistencyCheck, Finding, FindingOutcome, FindingTally

T = TypeVar("T")
log = get_logger(__name__)

PAGE = 200
MOST_SUSPECTS = 5_000
SECOND_LOOK_SECONDS = 1.0
_FIXES_AT_ONCE = 100


class Listener(Protocol):
    """Gets the progress and the findings."""

    def looked(self, check: ConsistencyCheck, tally: FindingTally) -> None: ...

    def found(self, finding: Finding, outcome: FindingOutcome) -> None: ...


class Run:
    """One run of one check. Each finding is checked again after `second_look_seconds`, and only counts if it
    is the same then. So writes under way do not count."""

    def __init__(
        self,
        check: ConsistencyCheck,
        listener: Listener,
        *,
        fix: bool,
        second_look_seconds: float = SECOND_LOOK_SECONDS,
    ) -> None:
        self._check = check
        self._listener = listener
        self._fix = fix
        self._second_look_seconds = second_look_seconds
        self._tally = FindingTally()

    async def run(self) -> FindingTally:
        """Raises `Unavailable` if something cannot be checked."""
        suspects: list[Finding] = []
        async for page in _pages(self._check.keys()):
            suspects += await self._check.look(page)
            self._tally.looked_at += len(page)
            self._listener.looked(self._check, self._tally)
            if len(suspects) >= MOST_SUSPECTS:
                await self._judge(suspects)
                suspects = []
        await self._judge(suspects)
        self._listener.looked(self._check, self._tally)
        return self._tally

    async def _judge(self, suspects: Sequence[Finding]) -> None:
        if not suspects:
            return
        await asyncio.sleep(self._second_look_seconds)
        for some in _portions(dict.fromkeys(suspects), PAGE):
            again = set(await self._look(some))
            confirmed = [finding for finding in some if finding in again]
            outcomes = await self._repair(confirmed)
            for finding, outcome in zip(confirmed, outcomes, strict=True):
                self._tally.found += 1
                self._tally.repaired += outcome is FindingOutcome.REPAIRED
                self._listener.found(finding, outcome)

    async def _repair(self, findings: Sequence[Finding]) -> list[FindingOutcome]:
        if not self._fix:
            return [FindingOutcome.FOUND] * len(findings)
        for some in _portions((finding for finding in findings if finding.fixable), _FIXES_AT_ONCE):
            await asyncio.gather(*map(self._try_to_fix, some))
        still_wrong = {finding.what for finding in await self._look(findings)}
        return [FindingOutcome.LEFT if it.what in still_wrong else FindingOutcome.REPAIRED for it in findings]

    async def _try_to_fix(self, finding: Finding) -> None:
        try:
            await self._check.fix(finding)
        except Unavailable:
            raise
        except ShopError as error:  # the check afterwards reports it as left
            log.error("not repaired", check=finding.check, what=finding.what, reason=error.detail)

    async def _look(self, findings: Sequence[Finding]) -> list[Finding]:
        return await self._check.look(list(dict.fromkeys(finding.what for finding in findings)))


def _portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some


async def _pages(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for key in keys:
        page.append(key)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
