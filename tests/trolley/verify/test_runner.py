"""How a check runs: in pages, with a second check, and a check after repairs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from shared.errors import Conflict, Unavailable
from trolley.verify.findings import ConsistencyCheck, Finding, FindingOutcome, FindingTally
from trolley.verify.runner import MOST_SUSPECTS, PAGE, Run


class Numbers:
    """Every number has a finding until it is repaired."""

    name = "numbers"

    def __init__(self, count: int, failure: Exception | None = None) -> None:
        self._count = count
        self._failure = failure
        self.pages: list[int] = []
        self.repaired: set[str] = set()

    async def keys(self) -> AsyncIterator[str]:
        for number in range(self._count):
            yield str(number)

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        self.pages.append(len(keys))
        return [Finding(self.name, key, "wrong", key != "1") for key in keys if key not in self.repaired]

    async def fix(self, finding: Finding) -> None:
        if self._failure and finding.what == "2":
            raise self._failure
        self.repaired.add(finding.what)


class Flickering(Numbers):
    """The finding is another one each time."""

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        self.pages.append(len(keys))
        return [Finding(self.name, key, f"wrong {len(self.pages)}") for key in keys]


class Heard:
    def __init__(self) -> None:
        self.outcomes: dict[str, FindingOutcome] = {}

    def looked(self, check: ConsistencyCheck, tally: FindingTally) -> None: ...

    def found(self, finding: Finding, outcome: FindingOutcome) -> None:
        assert finding.what not in self.outcomes
        self.outcomes[finding.what] = outcome


async def run(check: Numbers, heard: Heard, *, fix: bool = False) -> FindingTally:
    return await Run(check, heard, fix=fix, second_look_seconds=0).run()


async def test_everything_is_looked_at_once_in_pages() -> None:
    check, heard = Numbers(2 * MOST_SUSPECTS + PAGE + 1), Heard()
    tally = await run(check, heard)
    assert (tally.looked_at, tally.found, tally.repaired) == (10_201, 10_201, 0)
    assert len(heard.outcomes) == 10_201
    assert max(check.pages) == PAGE


async def test_a_repair_counts_when_the_next_look_finds_nothing() -> None:
    check, heard = Numbers(5, Conflict("in the way")), Heard()
    tally = await run(check, heard, fix=True)
    assert (tally.found, tally.repaired, tally.left) == (5, 3, 2)
    assert heard.outcomes["1"] is FindingOutcome.LEFT, "it is not to be repaired"
    assert heard.outcomes["2"] is FindingOutcome.LEFT, "its repair failed"
    assert heard.outcomes["3"] is FindingOutcome.REPAIRED


async def test_what_is_not_the_same_at_the_second_look_is_no_finding() -> None:
    check, heard = Flickering(5), Heard()
    assert (await run(check, heard, fix=True)).found == 0
    assert check.repaired == set()


async def test_a_server_that_goes_away_ends_the_run() -> None:
    with pytest.raises(Unavailable):
        await run(Numbers(5, Unavailable("away")), Heard(), fix=True)
