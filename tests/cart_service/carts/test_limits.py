from tests.cart_service.conftest import Catalogue, Customer


async def test_a_cart_has_at_most_500_lines(ann: Customer, catalogue: Catalogue) -> None:
    ids = await catalogue.put_many(501)
    for begin in range(0, 500, 50):  # 500 unknown products at once take a slow machine too long
        adds = [{"op": "add", "product_id": id} for id in ids[begin : begin + 50]]
        full = await ann.call("PATCH", "", {"operations": adds})
    assert full.json()["line_count"] == 500
    refused = await ann.add(ids[500])
    assert (refused.status_code, refused.json()["limit"]) == (409, 500)
    assert (await ann.add(ids[0], 998)).json()["items"][0]["quantity"] == 999
