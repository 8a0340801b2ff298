from __future__ import annotations

from typing import Any

import pytest

from trolley.openapi.merge import ContradictingDocuments, merge

INFO = {"title": "Shop", "version": "1"}


def document(path: str, schemas: dict[str, Any], tag: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "paths": {path: {"get": {"operationId": tag}}},
        "components": {"schemas": schemas},
        "tags": [{"name": tag}],
    }


def test_paths_components_and_tags_come_together() -> None:
    problem = {"type": "object"}
    merged = merge(
        INFO, [document("/b", {"Problem": problem}, "b"), document("/a", {"Problem": problem, "A": {}}, "a")]
    )
    assert list(merged["paths"]) == ["/b", "/a"]
    assert merged["components"]["schemas"] == {"A": {}, "Problem": problem}
    assert [tag["name"] for tag in merged["tags"]] == ["b", "a"]
    assert merged["info"] == INFO


def test_an_operation_id_of_two_services_gets_the_services_name() -> None:
    merged = merge(INFO, [document("/api/v1/cart", {}, "live"), document("/api/v1/auth", {}, "live")])
    assert merged["paths"]["/api/v1/cart"]["get"]["operationId"] == "cart_live"
    assert merged["paths"]["/api/v1/auth"]["get"]["operationId"] == "auth_live"
    assert merged["tags"] == [{"name": "live"}]


def test_one_name_with_two_meanings_is_refused() -> None:
    with pytest.raises(ContradictingDocuments, match="'Page'"):
        merge(INFO, [document("/a", {"Page": {"type": "object"}}, "a"), document("/b", {"Page": {}}, "b")])


def test_one_path_in_two_services_is_refused() -> None:
    with pytest.raises(ContradictingDocuments, match="path '/a'"):
        merge(INFO, [document("/a", {}, "a"), document("/a", {}, "b")])
