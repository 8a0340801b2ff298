"""A silent skip is seen in the summary, with and without workers."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest

@pytest.fixture
def nats_url(): return "nats://"

@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.skip)])
def store(request): return request.param

def test_a(store): pass
def test_b(store, nats_url): pass
def test_c(nats_url): assert False
"""

CONFTEST = """
from tests.support.backend_counts import BackendCounts

def pytest_configure(config):
    config.pluginmanager.register(BackendCounts())
"""


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]])
def test_cases_are_counted_per_backend(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(CASES)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the others take most of the time
    result = pytester.runpytest_subprocess(*workers)
    result.assert_outcomes(passed=2, skipped=2, failed=1)
    result.stdout.fnmatch_lines(
        ["cases per backend: sqlite 2, elasticsearch 0, redis 0, fakeredis 0, nats 2"]
    )
