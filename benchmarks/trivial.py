"""`python -m benchmarks.trivial PORT`: answers every request with the same 600 bytes, as fast as possible.

Requests have no body, and a connection sends one at a time.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

BODY = b"x" * 600
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class TrivialAnswer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._request = b""

    def data_received(self, data: bytes) -> None:
        self._request += data
        if self._request.endswith(b"\r\n\r\n"):
            self._request = b""
            self._transport.write(HEAD + BODY)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(TrivialAnswer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
