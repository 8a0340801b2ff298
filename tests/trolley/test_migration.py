"""The documents of the former release are there after the migration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cart_service.carts.store import CARTS, CartCodec
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from trolley.migration import COLLECTIONS, migrate_all

AT = "2026-01-01T00:00:00.000Z"
FORMER_FIELDS = {"version", "updated_at", "lines", "used_keys", "recent", "pending_events", "pending_since"}
FORMER = replace(
    CARTS,
    schema_version=1,
    fields={name: field for name, field in CARTS.fields.items() if name in FORMER_FIELDS},
)
CART = {
    "version": 3,
    "updated_at": AT,
    "lines": [["mug", 2, 1299, AT]],
    "used_keys": [["k", "f"]],
    "recent": [{"mug": 0}],
    "pending_events": [],
    "pending_since": None,
}


async def test_carts_of_the_former_release_go_on(store_settings: dict[str, Any]) -> None:
    settings = ServiceSettings(**store_settings)
    former = create_store_factory(settings)
    await (await former.open(FORMER)).create("ann", CART)
    await former.close()

    reported: list[tuple[str, int]] = []
    reports = [report async for report in migrate_all(settings, lambda *progress: reported.append(progress))]
    assert [report.collection for report in reports] == [collection.name for collection in COLLECTIONS]
    moved = next(report for report in reports if report.collection == "carts")
    assert (moved.from_version, moved.to_version, moved.documents) == (1, CARTS.schema_version, 1)
    assert ("carts", 1) in reported

    factory = create_store_factory(settings)
    document = await (await factory.open(CARTS)).get("ann")
    await factory.close()
    assert document is not None
    cart = CartCodec().from_document("ann", document.body)
    assert (cart.version, cart.quantity_of("mug"), cart.has_used("k", "f")) == (3, 2, True)
