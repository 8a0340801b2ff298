"""Says at the end of a run how many cases ran on which backend, so that a silent skip is seen.

A case counts for a backend when one of its parameters is the backend's name, or when it uses the backend's
fixture. Under pytest-xdist the counts travel with the reports to the controller.
"""

from __future__ import annotations

from collections import Counter

import pytest

BACKENDS = ("sqlite", "elasticsearch", "redis", "fakeredis", "nats")
_PROPERTY = "backend"
_OF_FIXTURE = {"nats_url": "nats", "nats_server": "nats", "elasticsearch_url": "elasticsearch"}
_REDIS_FIXTURES = {"redis_url", "redis_server"}

redis_kind = pytest.StashKey[str]()


def backends_of(item: pytest.Item) -> set[str]:
    """The backends that this case runs on."""
    names = set(getattr(item, "fixturenames", ()))
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.values() if callspec else ()
    found = {value for value in parameters if isinstance(value, str) and value in BACKENDS}
    found |= {backend for fixture, backend in _OF_FIXTURE.items() if fixture in names}
    if names & _REDIS_FIXTURES and not found & {"redis", "fakeredis"}:
        found.add(item.config.stash.get(redis_kind, "redis"))
    return found


class BackendCounts:
    """The pytest plugin."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> object:
        report = yield
        if report.when == "call":
            report.user_properties += [(_PROPERTY, backend) for backend in sorted(backends_of(item))]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self._counts.update(str(value) for name, value in report.user_properties if name == _PROPERTY)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        counts = ", ".join(f"{backend} {self._counts[backend]}" for backend in BACKENDS)
        terminalreporter.write_line(f"cases per backend: {counts}")
