"""The real Elasticsearch of a test run."""

from __future__ import annotations

import os

import httpx
import pytest


def require_elasticsearch() -> str:
    """Its address; skips the test where there is none."""
    url = os.environ.get("ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("ELASTICSEARCH_URL is not set")
    return url


def delete_indices(url: str, prefix: str) -> None:
    """Removes every index of a test."""
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.get(f"/_cat/indices/{prefix}*", params={"format": "json", "h": "index"})
        names = [row["index"] for row in answer.raise_for_status().json()]
        for name in names:
            client.delete(f"/{name}", params={"ignore_unavailable": "true"}).raise_for_status()
