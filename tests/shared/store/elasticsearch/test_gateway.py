"""Requests to an Elasticsearch that does not answer."""

from __future__ import annotations

import asyncio

import pytest

from shared.store.elasticsearch.gateway import Gateway
from shared.store.ports import StoreUnavailable

HEALTH = b"/_cluster/health"
"""How it is found out whether it answers again."""


async def test_a_server_that_never_answers_is_asked_once_and_then_refused(free_port: int) -> None:
    asked: list[bytes] = []

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if line and HEALTH not in line:
            asked.append(line)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", free_port):
        gateway = Gateway(f"http://127.0.0.1:{free_port}", "shop-*")
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await gateway.send("GET", "/shop-carts/_doc/one")
        await gateway.close()
    assert asked == [b"GET /shop-carts/_doc/one HTTP/1.1\r\n"]
