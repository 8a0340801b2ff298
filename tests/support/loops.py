"""An application on its own event loop, which measures how long the loop was blocked."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI

from shared.http.protocol import ServiceProtocol


class MeasuredLoop(asyncio.SelectorEventLoop):
    """Knows the longest of its turns in seconds of its thread's processor time, which other programs on the
    machine do not stretch."""

    longest_turn = 0.0

    def _run_once(self) -> None:
        start = time.thread_time()
        super()._run_once()  # type: ignore[misc]  # asyncio's own, without a type
        self.longest_turn = max(self.longest_turn, time.thread_time() - start)


class MeasuredServer:
    """The application behind a socket, in a thread."""

    def __init__(self, app: FastAPI) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            http=ServiceProtocol,
            ws="none",
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self.loop = MeasuredLoop()
        self._thread = threading.Thread(target=self._run, name="measured server")

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._server.serve(sockets=[self._listener]))

    def start(self, ready_path: str) -> None:
        self._thread.start()
        deadline = time.monotonic() + 60
        while self.send("GET", ready_path) != http.client.OK:
            assert time.monotonic() < deadline, "the application does not become ready"
            time.sleep(0.1)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, bytes] | None = None
    ) -> int | None:
        """The status of the answer; None if the connection was closed before everything was sent."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            try:
                connection.putrequest(method, target, skip_accept_encoding=True)
                for name, value in (headers or {}).items():
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                answer = connection.getresponse()
                media_type = answer.getheader("Content-Type", "")
                if not media_type.startswith("text/event-stream"):  # which would have no end
                    answer.read()
            except (ConnectionError, http.client.HTTPException):
                return None
            return answer.status

    def answer(self, method: str, target: str, body: Any) -> Any:
        """The decoded answer to a request that succeeds."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            typed = {"Content-Type": "application/json"}
            connection.request(method, target, orjson.dumps(body), typed)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            return orjson.loads(content)

    def held(self, method: str, target: str, bodies: Sequence[bytes], headers: Mapping[str, bytes]) -> float:
        """Seconds for which the request held the loop, the best of its tries where they are many: the first
        may load what later ones find. Each try has a body of its own, lest it changes nothing."""
        times = []
        for body in bodies:
            self.loop.longest_turn = 0.0
            self.send(method, target, body, headers)
            self._let_the_turn_end()
            times.append(self.loop.longest_turn)
            if times[-1] < 0.05:
                break
        return min(times)

    def _let_the_turn_end(self) -> None:
        """Waits until the iteration of the loop that sent the answer is measured."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result()


@contextmanager
def measured(app: FastAPI) -> Iterator[MeasuredServer]:
    server = MeasuredServer(app)
    server.start(f"{app.state.prefix}/health/ready")
    try:
        yield server
    finally:
        server.stop()
