"""Lines of networks, served in turn and bounded in all."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from auth_service.accounts.fair_lines import FairLines


def drained(lines: FairLines[str]) -> list[str]:
    return [item for item in iter(lines.take, None) if item is not None]


def test_networks_are_served_in_turn() -> None:
    lines: FairLines[str] = FairLines(10)
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        assert lines.put(item[0], item) is None
    assert drained(lines) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert lines.take() is None


def test_the_longest_line_makes_place() -> None:
    lines: FairLines[str] = FairLines(3)
    for item in ("a1", "a2", "a3"):
        lines.put("a", item)
    assert lines.put("a", "a4") == "a4"
    assert lines.put("b", "b1") == "a3"
    assert lines.put("b", "b2") == "b2"
    assert lines.put("c", "c1") == "a2"
    assert lines.put("d", "d1") == "d1"
    assert drained(lines) == ["a1", "b1", "c1"]


def test_without_places_nobody_waits() -> None:
    lines: FairLines[str] = FairLines(0)
    assert lines.put("a", "a1") == "a1"
    assert len(lines) == 0


def test_one_who_gives_up_leaves_the_line() -> None:
    lines: FairLines[str] = FairLines(2)
    lines.put("a", "a1")
    lines.put("a", "a2")
    lines.remove("a", "a1")
    lines.remove("a", "a1")
    lines.remove("b", "a2")
    assert (len(lines), drained(lines)) == (1, ["a2"])
    lines.put("a", "a3")
    lines.remove("a", "a3")
    assert drained(lines) == []


@given(st.lists(st.sampled_from("abcde") | st.just("aaaa")), st.integers(1, 8))
def test_nobody_is_refused_for_a_longer_line(arrivals: list[str], capacity: int) -> None:
    lines: FairLines[tuple[str, int]] = FairLines(capacity)
    waiting: Counter[str] = Counter()
    for number, arrival in enumerate(arrivals):
        network = arrival[0]
        waiting[network] += 1
        refused = lines.put(network, (network, number))
        if refused is not None:
            assert waiting[refused[0]] >= max(waiting.values()) - 1
            waiting[refused[0]] -= 1
        assert len(lines) == waiting.total() <= capacity
