from collections.abc import AsyncIterator

import pytest

from cart_service.service.live import LiveLimits
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.service.stage import Stage


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.bucket.put_product("mug")
    shop.bucket.put_product("cup")
    return shop


@pytest.fixture
async def here(shop: Shop) -> Replica:
    return await shop.replica()


@pytest.fixture
async def there(shop: Shop, here: Replica) -> Replica:
    return await shop.replica()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(LiveLimits(per_user=3, in_all=4, heartbeat_seconds=60))
    yield stage
    await stage.live.close()
