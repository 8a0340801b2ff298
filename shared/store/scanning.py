"""Reading a whole collection page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from shared.store.ports import Condition, Document, Found, Query


async def scan_pages(
    find: Callable[[Query], Awaitable[Found]], conditions: Sequence[Condition], batch: int
) -> AsyncIterator[Document]:
    """The documents of all pages in the order of ids. Each page sees what was visible when it was read."""
    query: Query | None = Query(conditions, limit=batch)
    while query is not None:
        page = await find(query)
        for document in page.documents:
            yield document
        query = Query(conditions, limit=batch, after=page.next_after) if page.next_after else None
