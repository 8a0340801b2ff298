"""Lists of products: the query in the address, and the page in the answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from product_service.products.model import ProductStatus
from product_service.search.ports import SearchQuery, Sort
from shared.errors import FieldError, InvalidInput

MOST_IDS = 100

Money = Annotated[int, Field(ge=0, le=10**9)]


class ListParameters(BaseModel):
    """The query of `GET /`."""

    q: str = Field(
        "",
        max_length=200,
        description="Words of the name, brand, SKU, categories, description or attributes, or their"
        " beginnings. Case and accents do not count. If nothing matches, typos are accepted.",
        examples=["creme brulee"],
    )
    category: str | None = Field(None, max_length=100, description="One of the product's categories.")
    brand: str | None = Field(None, max_length=100, description="The product's brand.")
    price_min: Money | None = Field(
        None, description="In minor units, inclusive; not above `price_max`, where both are given."
    )
    price_max: Money | None = Field(None, description="In minor units, inclusive.")
    in_stock: bool | None = Field(
        None, description="`true`: products in stock; `false`: products that are sold out."
    )
    status: Literal["draft", "active", "archived"] = Field(
        "active", description="A status other than `active` needs the scope `catalog:write`."
    )
    sort: Sort = Field(Sort.RELEVANCE, description="Relevance without `q` is the newest first.")
    limit: int = Field(20, ge=1, le=100, description="Most products on a page.")
    cursor: str | None = Field(None, max_length=4096, description="`next_cursor` of the page before.")
    ids: str | None = Field(
        None,
        max_length=4096,
        description="Lists these products instead, in this order, as of their last write: at most 100 ids,"
        " with commas. Leaves out products that are not on sale. Goes with no other parameter.",
    )

    def query(self) -> SearchQuery:
        """Raises `InvalidInput` for a range of prices that is empty."""
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            message = f"must not be above price_max, which is {self.price_max}"
            raise InvalidInput("No price is in this range.", errors=[FieldError("query:price_min", message)])
        return SearchQuery(
            text=self.q.strip(),
            category=self.category,
            brand=self.brand,
            price_min=self.price_min,
            price_max=self.price_max,
            in_stock=self.in_stock,
            status=ProductStatus(self.status),
            sort=self.sort,
        )

    def wanted_ids(self) -> list[str]:
        """Raises `InvalidInput` for too many ids, and for ids beside anything else."""
        ids = list(dict.fromkeys(filter(None, (self.ids or "").split(","))))
        if len(ids) > MOST_IDS:
            raise _refused(f"has {len(ids)} ids; at most {MOST_IDS} are accepted")
        if others := self.model_fields_set - {"ids"}:
            raise _refused(f"cannot be sent with other parameters: leave out {', '.join(sorted(others))}")
        return ids


def _refused(message: str) -> InvalidInput:
    return InvalidInput("The list of ids is not acceptable.", errors=[FieldError("query:ids", message)])
