import pytest

from tests.cart_service.memory import Replica, Shop


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
