"""The documentation page: Swagger UI over the whole API or one service, without assets from other hosts.

Every service can serve it, so the page works while one of them does. Swagger UI comes from the wheel
`fastapi-offline`, the rest of the page from `assets/`. The page has no inline script, so a strict
Content-Security-Policy allows it.
"""

from __future__ import annotations

import mimetypes
from functools import cache
from hashlib import sha256
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request, Response

from shared.entity_tags import EntityTags
from shared.errors import NotFound
from shared.http.etag import IfNoneMatchDep, etag_of, not_modified
from shared.http.responses import JsonBytes

router = APIRouter(include_in_schema=False)
service_router = APIRouter(include_in_schema=False)

_OWN = Path(__file__).parent / "assets"
_SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
_FILES = {
    **{path.name: path for path in _OWN.iterdir()},
    "swagger-ui-bundle.js": _SWAGGER_UI / "swagger-ui-bundle.js",
    "swagger-ui.css": _SWAGGER_UI / "swagger-ui.css",
    "openapi.json": Path(__file__).parent / "openapi.json",
}


class _Asset:
    """A file, read once. The gateway compresses it."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.version = sha256(self.content).hexdigest()[:16]
        self.media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"

    def response(self) -> Response:
        headers = {"ETag": etag_of(self.version), "Cache-Control": "no-cache"}
        return Response(self.content, headers=headers, media_type=self.media_type)


@cache
def _asset(name: str) -> _Asset:
    path = _FILES.get(name)
    if path is None or not path.exists():
        raise NotFound(f"The documentation has no {name}. /docs is its first page.")
    return _Asset(path)


@router.get("/docs")
async def get_docs_page(condition: IfNoneMatchDep) -> Response:
    return _answer("docs.html", condition)


@router.get("/docs/problems")
async def get_problems_page(condition: IfNoneMatchDep) -> Response:
    """Every problem type, each with its name as its anchor."""
    return _answer("problems.html", condition)


@router.get("/docs/{name}")
async def get_docs_asset(name: str, condition: IfNoneMatchDep) -> Response:
    return _answer(name, condition)


@router.get("/openapi.json")
async def get_whole_document(condition: IfNoneMatchDep) -> Response:
    """The API of all services in one document, as `make openapi` wrote it."""
    return _answer("openapi.json", condition)


@service_router.get("/openapi.json")
async def get_service_document(request: Request) -> Response:
    """The document of this service alone."""
    return JsonBytes.of(request.app.openapi(), headers={"Cache-Control": "no-cache"})


def _answer(name: str, condition: EntityTags | None) -> Response:
    asset = _asset(name)
    return not_modified(condition, asset.version) or asset.response()
