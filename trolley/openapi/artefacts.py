"""The generated files in the repository, and their content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

import auth_service.main
import cart_service.main
import product_service.main
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from trolley.openapi.merge import merge
from trolley.openapi.operations import operations_of
from trolley.openapi.postman import collection, environment
from trolley.openapi.problem_pages import html_page, markdown_page

Json = dict[str, Any]
REPOSITORY = Path(__file__).parents[2]
INFO = {
    "title": "Trolley",
    "version": "1.0",
    "description": "Sign in, find products, fill a cart: three services behind one gateway. Every error is a"
    " problem document (RFC 9457), prices are integers in minor units, every answer has an `X-Request-Id`.",
}


def service_documents() -> list[Json]:
    """The OpenAPI document of each service, with default settings. It ignores the environment."""
    return [
        auth_service.main.create_app(AuthSettings.model_construct()).openapi(),
        product_service.main.create_app(ProductSettings.model_construct()).openapi(),
        cart_service.main.create_app(CartSettings.model_construct()).openapi(),
    ]


def service_artefacts() -> Mapping[str, bytes]:
    """The document of each service by a name for its file: `cart.json`."""
    return {f"{_service(document)}.json": _text(document) for document in service_documents()}


def _service(document: Json) -> str:
    return operations_of(document)[0].service


def artefacts() -> Mapping[Path, bytes]:
    """The content of each generated file."""
    document = merge(INFO, service_documents())
    return {
        REPOSITORY / "shared/http/openapi.json": _text(document),
        REPOSITORY / "docs/problems.md": markdown_page().encode(),
        REPOSITORY / "shared/http/assets/problems.html": html_page().encode(),
        REPOSITORY / "postman/trolley.postman_collection.json": _text(collection(document)),
        REPOSITORY / "postman/trolley.postman_environment.json": _text(environment()),
    }


def _text(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
