"""A TCP proxy in front of a server, which can take the server away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on. `away` cuts every connection and refuses new ones until `back`. `freeze` keeps all
    connections, accepts new ones and passes nothing on until `thaw`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.held = b""
        """What came from clients since `freeze`, or the beginning of it."""

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator[Self]:
        """A proxy on a free port, until the block ends."""
        parts = urlsplit(url)
        proxy = cls(parts.hostname or "127.0.0.1", parts.port or 80)
        await proxy.back()
        try:
            yield proxy
        finally:
            await proxy.away()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def back(self) -> None:
        """Accepts connections (again), always at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def away(self) -> None:
        """Acts as a killed server: connections are cut, and new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._connections):
            writer.transport.abort()

    def freeze(self) -> None:
        """Acts as a server after SIGSTOP."""
        self.held = b""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            back_reader, back_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            self._connections.discard(writer)
            return
        self._connections.add(back_writer)
        there = self._pump(reader, back_writer, self.sending)
        await asyncio.gather(there, self._pump(back_reader, writer, self.answering))
        self._connections -= {writer, back_writer}

    def sending(self, chunk: bytes) -> None:
        """A client has sent this."""

    def answering(self, chunk: bytes) -> None:
        """The server has sent this."""

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                note(chunk)
                if not self._flows.is_set():
                    self.held += chunk
                    await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
