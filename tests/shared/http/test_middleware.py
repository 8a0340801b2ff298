"""Request ids, traces, body limits, metrics, and the small conveniences of HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.http.service import create_service
from tests.shared.http.demo import SPEC, DemoSettings, bootstrap, create_app
from tests.support.apps import running

PREFIX = "/api/v1/demo"


async def test_a_request_id_is_made(client: httpx.AsyncClient) -> None:
    first, second = [(await client.get(PREFIX)).headers["x-request-id"] for _ in range(2)]
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


async def test_a_request_id_is_handed_back(client: httpx.AsyncClient) -> None:
    answer = await client.get(PREFIX, headers={"X-Request-Id": "from-the-gateway.1"})
    assert answer.headers["x-request-id"] == "from-the-gateway.1"


@pytest.mark.parametrize("unusable", ["", "a b", "x" * 129, "<script>", "é"])
async def test_an_unusable_request_id_is_replaced(client: httpx.AsyncClient, unusable: str) -> None:
    answer = await client.get(PREFIX, headers={b"X-Request-Id": unusable.encode("latin-1")})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_the_trace_of_the_client_goes_on(client: httpx.AsyncClient) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    own = (await client.get(f"{PREFIX}/trace", headers={"traceparent": parent})).json()
    assert own.startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert own != parent


async def test_a_trace_begins_without_one(client: httpx.AsyncClient) -> None:
    own = (await client.get(f"{PREFIX}/trace", headers={"traceparent": "nonsense"})).json()
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", own)


async def test_an_announced_body_that_is_too_large(client: httpx.AsyncClient) -> None:
    answer = await client.put(PREFIX, content=b"x" * 1_048_577)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:trolley:problem:payload-too-large"


async def test_a_body_of_the_largest_size(client: httpx.AsyncClient) -> None:
    assert (await client.put(PREFIX, content=b"x" * 1_048_576)).json() == {"bytes": 1_048_576}


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 1024


async def test_a_body_in_chunks_that_is_too_large(remote: httpx.AsyncClient) -> None:
    assert (await remote.put(PREFIX, content=chunks(1024))).json() == {"bytes": 1_048_576}
    assert (await remote.put(PREFIX, content=chunks(1025))).status_code == 413


async def test_a_chunked_json_body_that_is_too_large(remote: httpx.AsyncClient) -> None:
    answer = await remote.post(PREFIX, content=chunks(1025), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_a_route_with_a_limit_of_its_own(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{PREFIX}/import", content=b"x" * 4_000_000)).json() == {"bytes": 4_000_000}
    assert (await client.post(f"{PREFIX}/import", content=b"x" * 4_000_001)).status_code == 413


async def test_a_slash_at_the_end_changes_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{PREFIX}/")).json() == {"version": 7}
    assert (await client.get(f"{PREFIX}/trace//")).status_code == 200


async def test_head_is_answered_as_get_is(remote: httpx.AsyncClient) -> None:
    answer = await remote.head(PREFIX)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", '"7"')
    assert (await remote.head(f"{PREFIX}/things/3")).status_code == 404


async def test_an_unchanged_entity(client: httpx.AsyncClient) -> None:
    answer = await client.get(PREFIX, headers={"If-None-Match": 'W/"7", "8"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"7"')
    assert (await client.get(PREFIX, headers={"If-None-Match": '"6"'})).status_code == 200


async def test_conditions_and_keys_reach_the_route(client: httpx.AsyncClient) -> None:
    headers = [("If-Match", '"1"'), ("If-Match", '"7"'), ("Idempotency-Key", "k1")]
    answer = await client.post(PREFIX, json={"items": []}, headers=headers)
    assert answer.json() == {"lines": 0, "key": "k1", "allowed": True}


async def test_requests_are_counted_by_route(client: httpx.AsyncClient) -> None:
    before = await counted(client, f"{PREFIX}/things/{{thing_id}}")
    for number in (901, 902):
        await client.get(f"{PREFIX}/things/{number}")
    assert await counted(client, f"{PREFIX}/things/{{thing_id}}") == before + 2
    await client.request("BREW", f"{PREFIX}/coffee")
    text = (await client.get("/metrics")).text
    assert 'method="other",route="unmatched",status="404"' in text
    assert "things/901" not in text
    assert "http_requests_in_flight 1.0" in text


async def counted(client: httpx.AsyncClient, route: str) -> float:
    """How many GETs of the route were answered with 404, as Prometheus reads it."""
    sample = f'http_request_duration_seconds_count{{method="GET",route="{route}",status="404"}} '
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(float(line.removeprefix(sample)) for line in lines if line.startswith(sample))


async def test_a_line_for_each_request(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    await client.get(f"{PREFIX}/things/5?limit=42", headers={"X-Request-Id": "abc"})
    line = next(line for line in capsys.readouterr().out.splitlines() if "event='request'" in line)
    assert f"path='{PREFIX}/things/5'" in line
    assert "status=404" in line
    assert "limit" not in line


async def test_lines_only_for_failures(settings: DemoSettings, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = settings.model_copy(update={"log_requests": False})
    async with running(create_app(quiet)) as client:
        capsys.readouterr()
        await client.get(PREFIX)
        assert "event='request'" not in capsys.readouterr().out
        await client.get(f"{PREFIX}/bug")
        assert "event='request'" in capsys.readouterr().out


def test_a_route_that_would_need_a_thread_is_refused() -> None:
    from fastapi import APIRouter

    router = APIRouter()

    @router.get("/sync")
    def get_sync() -> str:
        return "slow"

    spec = SPEC.__class__("demo", "/demo", "Demo", "Demo", [router])
    with pytest.raises(TypeError, match="get_sync must be async"):
        create_service(spec, DemoSettings(), bootstrap)


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("gzip", '"7-gzip"'),
        ("br, gzip;q=0.5", '"7-gzip"'),
        ("*", '"7"'),
        ("br", '"7"'),
        ("identity", '"7"'),
        ("", '"7"'),
    ],
)
async def test_an_answer_that_may_be_compressed_has_a_tag_of_its_own(
    client: httpx.AsyncClient, accepted: str, tag: str
) -> None:
    headers = {"Accept-Encoding": accepted}
    answer = await client.get(PREFIX, headers=headers)
    assert (answer.headers["etag"], answer.headers["vary"]) == (tag, "accept-encoding")
    for known in (tag, f"W/{tag}", '"7"', '"7-gzip"'):
        unchanged = await client.get(PREFIX, headers={**headers, "If-None-Match": known})
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, tag)
    changed = await client.post(PREFIX, json={"items": []}, headers={**headers, "If-Match": tag})
    assert changed.json()["allowed"]


@pytest.mark.parametrize(
    "headers", [{"Cookie": "a" * 33_000}, {f"x-{number}": "v" * 300 for number in range(120)}]
)
async def test_headers_that_are_too_large_are_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get(PREFIX, headers=headers)
    kind = "urn:trolley:problem:request-header-fields-too-large"
    assert (answer.status_code, answer.json()["type"]) == (431, kind)


async def test_a_path_that_is_too_long_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/things/{'x' * 33_000}")
    assert (answer.status_code, answer.json()["type"]) == (414, "urn:trolley:problem:uri-too-long")
    assert len(answer.content) < 10_000


async def test_a_byte_order_mark_before_json_is_skipped(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post(PREFIX, content=b'\xef\xbb\xbf{"items": []}', headers=headers)
    assert answer.status_code == 201
