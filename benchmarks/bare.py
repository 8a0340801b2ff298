"""The ceiling: a FastAPI application that does nothing, and one Redis GET."""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis

redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
app = FastAPI(openapi_url=None)


@app.get("/bare/route")
async def route() -> dict[str, bool]:
    return {"ok": True}


@app.get("/bare/redis")
async def one_get() -> dict[str, bool]:
    return {"there": await redis.get("bare") is not None}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
