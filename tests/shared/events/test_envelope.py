"""Events as CloudEvents 1.0 JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.observability.tracing import continue_trace, current_traceparent

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


@given(data=st.dictionaries(st.text("abc", max_size=3), _JSON, max_size=4), version=st.integers(0, 2**53))
def test_an_event_survives_the_wire(data: dict[str, object], version: int) -> None:
    time = datetime(2026, 1, 31, 12, 0, 0, 123000, UTC)
    event = Event("id-1", "product.created", "p1", version, time, data, "00-aa-bb-01")
    assert Event.from_json(orjson.loads(orjson.dumps(event.to_json()))) == event


def test_it_is_a_cloud_event() -> None:
    event = Event.new("product.price_changed", "p1", 3, SystemClock().now(), {"price": 5})
    body = event.to_json()
    assert event.subject == "shop.product.price_changed.p1"
    assert (body["specversion"], body["source"], body["type"]) == (
        "1.0",
        "/product",
        "shop.product.price_changed",
    )
    assert (body["id"], body["subject"], body["entityversion"]) == (event.id, "p1", 3)
    assert body["datacontenttype"] == "application/json"
    assert "traceparent" not in body


def test_a_new_event_belongs_to_the_request_that_caused_it() -> None:
    with continue_trace(None):
        assert Event.new("x.y", "1", 1, SystemClock().now(), {}).traceparent == current_traceparent()


@pytest.mark.parametrize("missing", ["id", "type", "subject", "entityversion", "time", "data"])
def test_what_lacks_a_part_is_no_event(missing: str) -> None:
    body = Event.new("x.y", "1", 1, SystemClock().now(), {}).to_json()
    del body[missing]
    with pytest.raises(KeyError):
        Event.from_json(body)


def test_a_malformed_time_is_refused() -> None:
    body = Event.new("x.y", "1", 1, SystemClock().now(), {}).to_json()
    with pytest.raises(ValueError, match="isoformat"):
        Event.from_json({**body, "time": "yesterday"})
