"""The routes of products."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from product_service.products.dependencies import (
    CatalogueDep,
    EditorDep,
    ExpectedDep,
    SeesHiddenDep,
    WaitsForSearchDep,
)
from product_service.products.model import Product, ProductChanged, ProductNotFound, SkuTaken
from product_service.products.schemas import (
    ProductCreate,
    ProductPatch,
    ProductPublic,
    ProductUpdate,
    public,
)
from product_service.products.service import CatalogueService
from shared.errors import PreconditionRequired
from shared.http.etag import IfNoneMatchDep, etag_of, not_modified
from shared.http.responses import JsonBytes, problem_responses

router = APIRouter(tags=["Products"])

ProductId = Annotated[
    str,
    Path(max_length=64, description="The `id` of a product.", examples=["pe23d91941206b368157f396c39669ce"]),
]
_REVALIDATE = {"Cache-Control": "no-cache"}
_WRITES = problem_responses(ProductNotFound, ProductChanged, PreconditionRequired)


@router.get(
    "/{product_id}",
    summary="Show a product",
    response_model=ProductPublic,
    responses={304: {"description": "Not modified."}, **problem_responses(ProductNotFound)},
)
async def get_product(
    product_id: ProductId, service: CatalogueDep, sees_hidden: SeesHiddenDep, seen: IfNoneMatchDep
) -> Response:
    """Only editors of the catalogue see drafts and archived products."""
    product = await service.get(product_id, hidden=sees_hidden)
    return not_modified(seen, product.version, _REVALIDATE) or _answer(product, headers=_REVALIDATE)


@router.post(
    "/",
    summary="Add a product",
    status_code=201,
    response_model=ProductPublic,
    responses=problem_responses(SkuTaken),
)
async def create_product(
    _editor: EditorDep, body: ProductCreate, service: CatalogueDep, waits: WaitsForSearchDep, request: Request
) -> Response:
    """The SKU determines the id: a deleted product is added again with the same id."""
    product = await service.create(body.draft(service.currency))
    location = {"Location": f"{request.url.path.rstrip('/')}/{product.id}"}
    return _answer(product, 201, {**location, **await preference(service, waits)})


@router.put("/{product_id}", summary="Replace a product", response_model=ProductPublic, responses=_WRITES)
async def replace_product(
    _editor: EditorDep,
    expected: ExpectedDep,
    product_id: ProductId,
    body: ProductUpdate,
    service: CatalogueDep,
    waits: WaitsForSearchDep,
) -> Response:
    """Replaces all fields that can be changed. The body of a read can be sent back: `id`, `sku`,
    `created_at`, `updated_at` and `version` may be left out, and otherwise must be unchanged. A request that
    changes nothing makes no new version."""
    details = body.details(service.currency)
    product = await service.replace(product_id, details, expected.includes, body.check_read_only)
    return _answer(product, headers=await preference(service, waits))


@router.patch("/{product_id}", summary="Change a product", response_model=ProductPublic, responses=_WRITES)
async def update_product(
    _editor: EditorDep,
    expected: ExpectedDep,
    product_id: ProductId,
    body: ProductPatch,
    service: CatalogueDep,
    waits: WaitsForSearchDep,
) -> Response:
    """A JSON merge patch (RFC 7396)."""
    product = await service.patch(product_id, body.changes(service.currency), expected.includes)
    return _answer(product, headers=await preference(service, waits))


@router.delete("/{product_id}", summary="Delete a product", status_code=204, responses=_WRITES)
async def delete_product(
    _editor: EditorDep,
    expected: ExpectedDep,
    product_id: ProductId,
    service: CatalogueDep,
    waits: WaitsForSearchDep,
) -> Response:
    """Carts with the product show that it is gone."""
    await service.delete(product_id, expected.includes)
    return Response(status_code=204, headers=await preference(service, waits))


def _answer(product: Product, status_code: int = 200, headers: dict[str, str] | None = None) -> JsonBytes:
    return JsonBytes.of(public(product), status_code, {"ETag": etag_of(product.version), **(headers or {})})


async def preference(service: CatalogueService, waits: bool) -> dict[str, str]:
    """Waits if the client prefers that, and returns the header that confirms it."""
    if not waits:
        return {}
    await service.wait_until_searchable()
    return {"Preference-Applied": "wait=search"}
