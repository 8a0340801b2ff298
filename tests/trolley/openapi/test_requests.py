"""The token of each request of the collection, and the data that it changes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.security.identity import Scope
from tests.trolley.openapi.generated import DOCUMENT
from trolley.openapi.examples import Examples
from trolley.openapi.operations import ApiOperation, operations_of
from trolley.openapi.requests import request_of

OPERATIONS = {operation.id: operation for operation in operations_of(DOCUMENT)}


def request(operation: ApiOperation) -> dict[str, Any]:
    return request_of(operation, Examples(DOCUMENT))


@pytest.mark.parametrize("id", [id for id, operation in OPERATIONS.items() if operation.scopes])
def test_what_needs_a_scope_is_asked_for_as_an_admin(id: str) -> None:
    assert request(OPERATIONS[id])["auth"]["bearer"][0]["value"] == "{{admin_token}}"


@pytest.mark.parametrize("id", ["replace_product", "update_product", "delete_product"])
def test_only_a_product_of_the_runs_own_is_changed(id: str) -> None:
    assert OPERATIONS[id].scopes == {Scope.CATALOG_WRITE}
    changed = request(OPERATIONS[id])
    assert changed["url"]["path"][-1] == "{{own_product_id}}"
    condition = next(it for it in changed["header"] if it["key"] == "If-Match")
    assert (condition["value"], condition["disabled"]) == ("{{own_etag}}", False)


def test_the_customers_product_is_only_read() -> None:
    assert request(OPERATIONS["get_product"])["url"]["path"][-1] == "{{product_id}}"
    assert "auth" not in request(OPERATIONS["put_promo_code"])
