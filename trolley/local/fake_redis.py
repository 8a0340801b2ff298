"""`python -m trolley.local.fake_redis PORT`: a Redis in Python, for machines without redis-server."""

from __future__ import annotations

import sys

from fakeredis import TcpFakeServer


def main() -> None:
    """Serves until it is ended."""
    TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()


if __name__ == "__main__":
    main()
