"""The circuit breaker: after a failure, one attempt at a time finds out whether it still fails."""

from __future__ import annotations

from shared.cache.redis_cache import Circuit
from tests.support.waiting import eventually


def test_a_closed_circuit_admits_everything() -> None:
    circuit = Circuit(probe_seconds=60)
    assert circuit.is_closed
    assert all(circuit.admits() for _ in range(3))


def test_after_a_failure_nothing_is_admitted_until_the_probe_is_due() -> None:
    circuit = Circuit(probe_seconds=60)
    circuit.failed()
    assert not circuit.is_closed
    assert not circuit.admits()


async def test_one_probe_is_admitted_at_a_time() -> None:
    circuit = Circuit(probe_seconds=0.05)
    circuit.failed()
    await eventually(circuit.admits)
    assert not circuit.admits()
    assert not circuit.is_closed


def test_only_the_first_failure_and_the_first_success_are_news() -> None:
    circuit = Circuit(probe_seconds=60)
    assert [circuit.succeeded(), circuit.failed(), circuit.failed(), circuit.succeeded()] == [
        False,
        True,
        False,
        True,
    ]
    assert circuit.admits()
