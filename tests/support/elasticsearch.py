"""The real Elasticsearch of a test run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

# Where the address is kept while the tests run: under its own name every service would read it.
_KEPT = "TEST_ELASTICSEARCH_URL"


def hide_address() -> None:
    """Takes ELASTICSEARCH_URL out of the environment, for this process and its workers, so that only
    tests that ask for Elasticsearch use it."""
    address = os.environ.pop("ELASTICSEARCH_URL", "")
    if address:
        os.environ[_KEPT] = address


def require_elasticsearch() -> str:
    """The address of Elasticsearch. Skips the test if there is none."""
    url = os.environ.get(_KEPT, "")
    if not url:
        pytest.skip("ELASTICSEARCH_URL is not set")
    return url


@contextmanager
def elasticsearch_in_use(shared_directory: Path, *, alone: bool = False) -> Iterator[None]:
    """Waits while a test of another worker restarts the server; or, `alone`, for all tests that use it."""
    with (shared_directory / "elasticsearch.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def delete_indices(url: str, prefix: str) -> None:
    """Removes every index of a test."""
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.get(f"/_cat/indices/{prefix}*", params={"format": "json", "h": "index"})
        names = [row["index"] for row in answer.raise_for_status().json()]
        for name in names:
            client.delete(f"/{name}", params={"ignore_unavailable": "true"}).raise_for_status()


def empty_indices(url: str, prefix: str) -> None:
    """Removes every document of a test, and keeps the indices."""
    with httpx.Client(base_url=url, timeout=60) as client:
        while found := _documents(client, prefix):
            lines = b"".join(orjson.dumps({"delete": document}) + b"\n" for document in found)
            headers = {"Content-Type": "application/x-ndjson"}
            client.post("/_bulk", content=lines, headers=headers).raise_for_status()


def _documents(client: httpx.Client, prefix: str) -> list[dict[str, str]]:
    client.post(f"/{prefix}*/_refresh").raise_for_status()
    answer = client.post(f"/{prefix}*/_search", json={"size": 10_000, "_source": False}).raise_for_status()
    return [{"_index": hit["_index"], "_id": hit["_id"]} for hit in answer.json()["hits"]["hits"]]
