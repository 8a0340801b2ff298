"""Health is honest and cheap."""

from __future__ import annotations

import asyncio

import pytest

from shared.health import Health, HealthCheck, Status
from shared.store.ports import StoreUnavailable


class Probe:
    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem
        self.runs = 0

    async def __call__(self) -> str | None:
        self.runs += 1
        await asyncio.sleep(0)
        return self.problem


async def failing() -> str | None:
    raise ConnectionError("no route to 10.0.0.7")


async def unreachable() -> str | None:
    raise StoreUnavailable("SQLite at /secret/place (SQLITE_DIRECTORY): disk I/O error")


async def hanging() -> str | None:
    await asyncio.Event().wait()
    return None


def health(*checks: HealthCheck, max_age: float = 60, time_limit: float = 0.05) -> Health:
    made = Health(max_age=max_age, time_limit=time_limit)
    for check in checks:
        made.add(check)
    return made


async def test_all_is_well() -> None:
    report = await health(HealthCheck("a", Probe(), required=True)).report()
    assert report.status is Status.OK
    assert report.checks["a"].detail is None


async def test_what_is_required_decides() -> None:
    bad = HealthCheck("bad", Probe("broken"), required=True)
    report = await health(HealthCheck("good", Probe(), required=True), bad).report()
    assert report.status is Status.UNAVAILABLE
    assert (report.checks["bad"].status, report.checks["bad"].detail) == (Status.UNAVAILABLE, "broken")
    assert report.checks["good"].status is Status.OK


async def test_what_is_not_required_only_degrades() -> None:
    report = await health(HealthCheck("cache", Probe("away"), required=False)).report()
    assert report.status is Status.DEGRADED


async def test_a_probe_that_raises_or_hangs_is_not_well() -> None:
    report = await health(
        HealthCheck("raises", failing, required=True), HealthCheck("hangs", hanging, required=True)
    ).report()
    assert report.checks["raises"].detail == "it failed"
    assert report.checks["hangs"].detail == "no answer within 0.05 s"


async def test_what_is_inside_is_in_the_log_alone_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    checked = health(HealthCheck("store", unreachable, required=True), max_age=0)
    for _ in range(2):
        assert (await checked.report()).checks["store"].detail == StoreUnavailable.public_detail
    assert capsys.readouterr().out.count("/secret/place") == 1


async def test_a_burst_of_questions_runs_the_checks_once() -> None:
    probe = Probe()
    checked = health(HealthCheck("a", probe, required=True))
    await asyncio.gather(*(checked.report() for _ in range(50)))
    await checked.report()
    assert probe.runs == 1


async def test_an_old_report_is_renewed() -> None:
    probe = Probe()
    checked = health(HealthCheck("a", probe, required=True), max_age=0)
    assert (await checked.report()).status is Status.OK
    probe.problem = "broken"
    assert (await checked.report()).status is Status.UNAVAILABLE


async def test_one_who_stops_asking_does_not_stop_the_others() -> None:
    release = asyncio.Event()

    async def slow() -> str | None:
        await release.wait()
        return None

    checked = health(HealthCheck("slow", slow, required=True), time_limit=30)
    first, second = (asyncio.create_task(checked.report()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    release.set()
    assert (await second).status is Status.OK
