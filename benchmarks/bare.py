"""The ceilings: a FastAPI application that does nothing, reads one key of Redis, or checks a token."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

from cart_service.carts.requests import ItemAdd
from shared.backends import create_verifier
from shared.clock import SystemClock
from shared.http.identity import CurrentUserDep
from shared.http.pagination import CursorCodec
from shared.http.runtime import Runtime
from shared.jetstream.nats_bus import NatsEventBus
from shared.settings import ServiceSettings

settings = ServiceSettings()
redis = Redis.from_url(settings.redis_url.get_secret_value())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Starts the services' verifier, which reads the signing keys from NATS."""
    bus = NatsEventBus(settings.nats_url.get_secret_value(), name="bare")
    verifier = create_verifier(settings, SystemClock())
    await bus.start()
    await verifier.start(bus)
    app.state.runtime = Runtime(verifier, CursorCodec(settings.cursor_secret))
    yield
    await verifier.stop()
    await bus.close()


app = FastAPI(openapi_url=None, lifespan=lifespan)


@app.get("/bare/route")
async def route() -> dict[str, bool]:
    return {"ok": True}


@app.get("/bare/redis")
async def one_get() -> dict[str, bool]:
    return {"there": await redis.get("bare") is not None}


@app.get("/bare/me")
async def me(user: CurrentUserDep) -> dict[str, str]:
    return {"user_id": user.user_id, "session_id": user.session_id}


@app.post("/bare/add")
async def add(item: ItemAdd, user: CurrentUserDep) -> dict[str, str]:
    return {"user_id": user.user_id, "product_id": item.product_id}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
