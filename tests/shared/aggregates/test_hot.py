"""Hot aggregates count by their memory, with that of derived values."""

from __future__ import annotations

import orjson

from shared.aggregates.hot import BYTES_FOR_JSON, BYTES_OF_ENTRY, Held, HotAggregates

LARGE = {"text": "x" * 10_000}
SIZE = BYTES_OF_ENTRY + BYTES_FOR_JSON * len(orjson.dumps(LARGE))


def test_large_ones_take_the_room_of_many() -> None:
    hot: HotAggregates[str] = HotAggregates(2 * SIZE)
    for id in "abc":
        hot.put(id, Held(id, "1"), LARGE)
    assert ([hot.get(id) is not None for id in "abc"], hot.held_bytes) == ([False, True, True], 2 * SIZE)
    for number in range(20):
        hot.put(str(number), Held("small", "1"), {})
    assert all(hot.get(str(number)) for number in range(20))
    assert hot.held_bytes <= 2 * SIZE


def test_what_was_made_of_one_is_counted_until_it_goes() -> None:
    hot: HotAggregates[str] = HotAggregates(2 * SIZE)
    hot.put("a", Held("a", "1"), LARGE)
    hot.note_derived("a", 1000)
    hot.note_derived("nobody", 1000)
    assert hot.held_bytes == SIZE + 1000
    hot.put("a", Held("a", "2"), LARGE)
    assert hot.held_bytes == SIZE + 1000
    hot.put("b", Held("b", "1"), LARGE)
    assert (hot.get("a"), hot.held_bytes) == (None, SIZE)
    hot.drop("b")
    assert hot.held_bytes == 0


def test_what_does_not_fit_is_not_kept() -> None:
    hot: HotAggregates[str] = HotAggregates(2 * SIZE)
    hot.put("a", Held("a", "1"), LARGE)
    hot.note_derived("a", 2 * SIZE)
    assert (hot.get("a"), hot.held_bytes) == (None, 0)
