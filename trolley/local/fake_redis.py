"""`python -m trolley.local.fake_redis PORT`: a Redis in Python, for machines without redis-server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler
from redis.exceptions import ResponseError


class ErrorReplyingHandler(TCPFakeRequestHandler):
    """Answers an error and continues, as Redis does. fakeredis ends the connection. The client's other
    requests fail then, and it cannot load a script after `NOSCRIPT`."""

    def setup(self) -> None:
        super().setup()
        client = self.current_client
        client.read_response = partial(_reply_or_error, client.read_response)  # type: ignore[method-assign]  # of this instance


def _reply_or_error(read_response: Callable[[], object]) -> object:
    try:
        return read_response()
    except ResponseError as error:
        return error


def main() -> None:
    """Serves until it is ended."""
    server = TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis")
    server.RequestHandlerClass = ErrorReplyingHandler
    server.serve_forever()


if __name__ == "__main__":
    main()
