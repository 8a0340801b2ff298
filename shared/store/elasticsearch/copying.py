"""Reads one index and writes another, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from shared.store.declaration import ID_FIELD
from shared.store.elasticsearch.bulk import BULK_ANSWER, BulkWrite, bulk_body, bulk_outcomes, document_of
from shared.store.elasticsearch.gateway import Gateway
from shared.store.elasticsearch.query import SEARCH_ANSWER
from shared.store.ports import Document

_PAGE = 250


class IndexReader:
    """Reads all of an index. The pages have the documents written before `pages` or `id_pages` began."""

    def __init__(self, gateway: Gateway, index: str) -> None:
        self._gateway = gateway
        self._path = f"/{index}"

    async def checkpoint(self) -> int:
        """A sequence number up to which every write is done. Pages read from now on contain these writes."""
        answer = await self._gateway.send("GET", f"{self._path}/_stats", level="shards")
        copies = [copy for index in answer["indices"].values() for copy in index["shards"]["0"]]
        checkpoints: list[int] = [copy["seq_no"]["local_checkpoint"] for copy in copies]
        return min(checkpoints)

    async def pages(self, written_after: int | None = None) -> AsyncIterator[list[Document]]:
        """All documents in the order of ids, or only those whose last write has a higher sequence number."""
        query = {"match_all": {}} if written_after is None else {"range": {"_seq_no": {"gt": written_after}}}
        async for hits in self._hits({"query": query, "seq_no_primary_term": True}):
            yield [document_of(hit) for hit in hits]

    async def id_pages(self) -> AsyncIterator[list[str]]:
        async for hits in self._hits({"_source": False}):
            yield [hit["_id"] for hit in hits]

    async def missing(self, ids: Sequence[str]) -> list[str]:
        """The ids that have no document here at this moment."""
        answer = await self._gateway.send(
            "POST",
            f"{self._path}/_mget",
            {"ids": list(ids)},
            _source="false",
            filter_path="docs._id,docs.found",
        )
        return [item["_id"] for item in answer["docs"] if not item["found"]]

    async def _hits(self, body: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        await self._gateway.send("POST", f"{self._path}/_refresh")
        request = {**body, "size": _PAGE, "sort": [{ID_FIELD: "asc"}], "track_total_hits": False}
        while True:
            answer = await self._gateway.send(
                "POST", f"{self._path}/_search", request, filter_path=SEARCH_ANSWER
            )
            hits = answer.get("hits", {}).get("hits", [])
            if not hits:
                return
            yield hits
            request["search_after"] = hits[-1]["sort"]


class IndexWriter:
    """Writes through an alias, so a write never creates a deleted index again."""

    def __init__(self, gateway: Gateway, alias: str) -> None:
        self._gateway = gateway
        self._path = f"/{alias}/_bulk"

    async def write(self, writes: Sequence[BulkWrite]) -> None:
        """Does all writes. Raises the first failure."""
        if not writes:
            return
        answer = await self._gateway.send(
            "POST", self._path, bulk_body(writes), require_alias="true", filter_path=BULK_ANSWER
        )
        for outcome in bulk_outcomes(writes, answer):
            if isinstance(outcome, Exception):
                raise outcome
