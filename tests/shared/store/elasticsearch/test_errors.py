"""Errors of Elasticsearch become the errors of the port."""

from __future__ import annotations

import pytest

from shared.store.elasticsearch.errors import refused
from shared.store.ports import SchemaMismatch


def block(reason: str) -> dict[str, str]:
    return {"type": "cluster_block_exception", "reason": f"index [shop-carts-v1] blocked by: [{reason}];"}


@pytest.mark.parametrize(
    ("status", "details"),
    [
        (404, {"type": "index_not_found_exception", "reason": "no such index [shop-carts-v1-live]"}),
        (403, block("FORBIDDEN/8/index write (api)")),
    ],
)
def test_an_index_that_is_gone_or_closed_to_writes_was_migrated(status: int, details: dict[str, str]) -> None:
    error = refused(status, details)
    assert isinstance(error, SchemaMismatch)
    assert "trolley migrate" in error.detail


def test_a_full_disk_is_no_migration() -> None:
    error = refused(429, block("TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"))
    assert not isinstance(error, SchemaMismatch)
    assert "flood-stage" in error.detail
    assert "migrate" not in error.detail
