"""Many at once: one wins, and nothing gets lost."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from product_service.main import create_app
from tests.product_service.catalogues import body
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import PRODUCTS, Editor
from tests.support.apps import running


async def test_of_two_changes_of_one_version_one_wins(
    product_settings: MakeSettings, shop: httpx.AsyncClient, editor: Editor
) -> None:
    """Sent to two replicas, again and again."""
    added = await editor.add()
    async with running(create_app(product_settings())) as other:
        editors = [editor, Editor(other, editor.authorization)]
        for version in range(1, 11):
            changes = [
                each.send("PATCH", f"/{added['id']}", version=version, json={"price": 10 * version + number})
                for number, each in enumerate(editors)
            ]
            answers = await asyncio.gather(*changes)
            assert sorted(answer.status_code for answer in answers) == [200, 412]
            loser = next(answer for answer in answers if answer.status_code == 412)
            winner = next(answer for answer in answers if answer.status_code == 200)
            assert loser.json()["current_version"] == winner.json()["version"] == version + 1
            shown = await shop.get(f"{PRODUCTS}/{added['id']}")
            assert shown.json() == winner.json()


async def test_fifty_who_add_one_sku_make_one_product(product_settings: MakeSettings, editor: Editor) -> None:
    async with running(create_app(product_settings())) as other:
        editors = [editor, Editor(other, editor.authorization)]
        same = body()
        sent = [editors[number % 2].send("POST", json={**same, "price": number}) for number in range(50)]
        answers = await asyncio.gather(*sent)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
        added = next(answer.json() for answer in answers if answer.status_code == 201)
        assert {a.json()["product_id"] for a in answers if a.status_code == 409} == {added["id"]}
        assert (await editor.send("GET", f"/{added['id']}")).json() == added


async def test_changes_of_many_products_at_once_all_count(editor: Editor) -> None:
    added = await asyncio.gather(*(editor.send("POST", json=body()) for _ in range(40)))
    ids = [answer.json()["id"] for answer in added]
    changed = await asyncio.gather(
        *(editor.send("PATCH", f"/{id}", version=1, json={"price": number}) for number, id in enumerate(ids))
    )
    assert {answer.status_code for answer in changed} == {200}
    listed = await editor.send("GET", params={"ids": ",".join(ids)})
    assert [item["price"] for item in listed.json()["items"]] == list(range(40))
