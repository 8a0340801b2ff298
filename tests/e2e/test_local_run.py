"""What the local run looks after while the shop is open."""

from __future__ import annotations

import os

import pytest

from shared.ids import new_id
from tests.e2e.shops import Shop
from tests.support.waiting import eventually
from trolley.local.gateway import ACCESS_LOG, ACCESS_LOG_BYTES

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_the_access_log_is_bounded_while_the_shop_runs(own_shop: Shop) -> None:
    log = own_shop.stack.directory / ACCESS_LOG
    os.truncate(log, ACCESS_LOG_BYTES + 1)
    await eventually(lambda: not log.exists() or log.stat().st_size < ACCESS_LOG_BYTES)
    id = new_id()

    async def written_anew() -> bool:
        await own_shop.client.get("/api/v1/products", headers={"X-Request-Id": id})
        return log.exists() and id.encode() in log.read_bytes()

    await eventually(written_anew)
    assert log.stat().st_size < ACCESS_LOG_BYTES
    assert {path.name for path in log.parent.glob("access*")} == {ACCESS_LOG, "access.old.log"}
