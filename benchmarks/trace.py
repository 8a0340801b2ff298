"""`python -m benchmarks.trace`: the functions of this project that an add, a search and a login run through.

The three applications run in this process, on SQLite and with their own NATS and Redis. Each request is hot:
the same request was sent before. A function counts if it is called between the start of the request and the
end of its answer, in any thread. `--list` prints the functions in the order of their first call.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp, Receive, Scope, Send

import auth_service.main
import cart_service.main
import product_service.main
from auth_service.bootstrap import open_operator_tools
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings
from shared.observability.logging import configure_logging
from shared.security.identity import Scope as Permission
from shared.settings import LogFormat
from trolley.catalogue import demo
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess
from trolley.local.programs import nats_program, redis_program
from trolley.secrets import NATS_PASSWORDS, nats_url_for, new_secret
from trolley.seeding import IMPORT

ROOT = Path(__file__).parents[1]
TRACED = tuple(f"{ROOT / name}/" for name in ("auth_service", "product_service", "cart_service", "shared"))
WARM_UP, TURNS = 5, 5
PRODUCTS = 200
ACCOUNT = {"name": "Ada", "email": "ada@bench.example", "password": "correct horse battery"}

Request = Callable[[], Awaitable[httpx.Response]]


class TracedFunction(NamedTuple):
    """A function that a request runs through."""

    file: str
    function: str

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")


class Recorder:
    """Records each function that is called between `start` and `stop`, in this thread and in every thread
    that starts after `install`."""

    def __init__(self) -> None:
        self._codes: dict[CodeType, None] | None = None

    def install(self) -> None:
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def uninstall(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def start(self) -> None:
        self._codes = {}

    def stop(self) -> list[TracedFunction]:
        """The functions in the order of their first call. A lambda or a comprehension belongs to the function
        around it."""
        codes, self._codes = self._codes or {}, None
        return [
            TracedFunction(code.co_filename.removeprefix(f"{ROOT}/"), code.co_qualname)
            for code in codes
            if code.co_filename.startswith(TRACED) and not code.co_name.startswith("<")
        ]

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        codes = self._codes
        if codes is not None and event == "call":
            codes.setdefault(frame.f_code)


async def trace(recorder: Recorder, request: Request) -> list[TracedFunction]:
    """The functions that every one of several hot requests runs through. A function that only some of them
    run through is background work."""
    turns = []
    for _ in range(WARM_UP + TURNS):
        await asyncio.sleep(0.1)  # the events of the last request are published meanwhile
        recorder.start()
        response = await request()
        turns.append(recorder.stop())
        response.raise_for_status()
    common = set.intersection(*map(set, turns[WARM_UP:]))
    return [step for step in turns[-1] if step in common]


@asynccontextmanager
async def open_services(directory: Path) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client of the three applications once they are ready, and an operator's token."""
    async with AsyncExitStack() as stack:
        options = await _start_servers(stack, directory)
        async with open_operator_tools(AuthSettings(**options("operator"))) as operator:
            token = await operator.issue_operator_token(Permission)
        apps = {
            "/api/v1/auth": auth_service.main.create_app(AuthSettings(**options("auth"))),
            "/api/v1/products": product_service.main.create_app(ProductSettings(**options("products"))),
            "/api/v1/cart": cart_service.main.create_app(CartSettings(**options("cart"))),
        }
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
            while not app.state.runtime.ready:  # noqa: ASYNC110 - the runtime has no event for it
                await asyncio.sleep(0.02)
        transport = httpx.ASGITransport(_by_path(apps))
        client = httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=60)
        yield await stack.enter_async_context(client), token


async def _start_servers(stack: AsyncExitStack, directory: Path) -> Callable[[str], dict[str, Any]]:
    """Starts NATS and Redis. Returns the settings for a user of NATS, with SQLite in the folder."""
    nats_port, redis_port = free_port(), free_port()
    passwords = {name: new_secret() for name in NATS_PASSWORDS}
    for program in (nats_program(directory, nats_port, passwords), redis_program(directory, redis_port, {})):
        process = ManagedProcess(program)
        await process.start()
        stack.push_async_callback(process.stop, 3)
    return lambda user: {
        "nats_url": nats_url_for(user, f"nats://127.0.0.1:{nats_port}", passwords),
        "redis_url": f"redis://127.0.0.1:{redis_port}/0",
        "elasticsearch_url": "",
        "sqlite_directory": directory / "store",
        "mail_directory": directory / "mail",
        "log_requests": False,
    }


def _by_path(apps: Mapping[str, FastAPI]) -> ASGIApp:
    """Passes each request to the application of its prefix, as the gateway does."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        prefix = next(prefix for prefix in apps if scope["path"].startswith(prefix))
        await apps[prefix](scope, receive, send)

    return app


async def requests(client: httpx.AsyncClient, operator: str) -> dict[str, Request]:
    """The three requests by name. The shop has products and an account afterwards."""
    lines = [line for _, line in zip(range(PRODUCTS), demo().lines, strict=False)]
    headers = {"Authorization": f"Bearer {operator}", "Content-Type": "application/x-ndjson"}
    headers["Prefer"] = "wait=search"
    (await client.post(IMPORT, content=b"\n".join(lines), headers=headers)).raise_for_status()
    (await client.post("/api/v1/auth/register", json=ACCOUNT)).raise_for_status()
    guest = (await client.post("/api/v1/auth/guest")).raise_for_status().json()["access_token"]
    found = await client.get("/api/v1/products", params={"in_stock": True, "limit": 1})
    product = found.raise_for_status().json()["items"][0]["id"]
    credentials = {name: ACCOUNT[name] for name in ("email", "password")}
    bearer = {"Authorization": f"Bearer {guest}"}
    return {
        "add": lambda: client.post("/api/v1/cart/items", json={"product_id": product}, headers=bearer),
        "search": lambda: client.get("/api/v1/products", params={"q": "coffee", "limit": 20}),
        "login": lambda: client.post("/api/v1/auth/login", json=credentials),
    }


async def trace_all() -> dict[str, list[TracedFunction]]:
    """The steps of each request, by its name."""
    recorder = Recorder()
    recorder.install()
    try:
        with tempfile.TemporaryDirectory() as directory:
            async with open_services(Path(directory)) as (client, operator):
                named = await requests(client, operator)
                return {name: await trace(recorder, request) for name, request in named.items()}
    finally:
        recorder.uninstall()


def show(console: Console, traces: Mapping[str, Sequence[TracedFunction]], *, listed: bool) -> None:
    table = Table("hot request", "functions", "files")
    for name, steps in traces.items():
        table.add_row(name, str(len(steps)), str(len({step.file for step in steps})))
        if listed:
            console.print(f"[bold]{name}[/bold]")
            for step in steps:
                console.print(f"  {step.module}.{step.function}", highlight=False, soft_wrap=True)
    console.print(table)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.trace", description=__doc__)
    arguments.add_argument("--list", action="store_true", help="print each function, in order")
    chosen = arguments.parse_args()
    configure_logging("error", LogFormat.CONSOLE, "trace")
    show(Console(), asyncio.run(trace_all()), listed=chosen.list)


if __name__ == "__main__":
    main()
