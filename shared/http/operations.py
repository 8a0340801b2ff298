"""Routes for operators and balancers: liveness, readiness, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import exposition

from shared.health import CheckResult, Report, Status
from shared.http.responses import JsonBytes
from shared.http.runtime import runtime_of
from shared.observability.metrics import REGISTRY

TAG = {"name": "Operations", "description": "Liveness and readiness, for balancers and operators."}

health = APIRouter(prefix="/health", tags=[TAG["name"]])
internal = APIRouter(include_in_schema=False)
"""The gateway has no route to these."""


@health.get("/live", summary="The process answers")
async def get_liveness() -> Report:
    """200 as long as the process runs. Restart the process if it does not answer."""
    return Report(Status.OK)


@health.get(
    "/started",
    summary="The service has been ready once",
    responses={
        200: {"description": "It has been ready, and it lives."},
        503: {"description": "It still waits for a backend at its start."},
    },
)
async def get_startup(request: Request) -> Report:
    """Stays 200 when a backend goes away later. Container engines use it to admit a new replica."""
    return _answer(_startup(request))


@health.get(
    "/ready",
    summary="The service can do its work",
    responses={
        200: {"description": "`ok`, or `degraded`: it serves with limits."},
        503: {"model": Report, "description": "`unavailable`: it cannot serve now."},
    },
)
async def get_readiness(request: Request) -> Report:
    """Send requests here only while this is 200. The checks run at most once a second."""
    runtime = runtime_of(request)
    if runtime.draining.is_set():
        detail = CheckResult(Status.UNAVAILABLE, "it is shutting down")
        return _answer(Report(Status.UNAVAILABLE, {"process": detail}))
    return _answer(await runtime.health.report() if runtime.ready else _startup(request))


def _answer(report: Report) -> Report:
    """A `Response`, because the status depends on the report. The routes declare `Report` for the
    document."""
    return JsonBytes.of(report, status_code=503 if report.status is Status.UNAVAILABLE else 200)  # type: ignore[return-value]  # see above


def _startup(request: Request) -> Report:
    runtime = runtime_of(request)
    if runtime.ready:
        return Report(Status.OK)
    detail = f"it waits for {runtime.waiting_for}"
    return Report(Status.UNAVAILABLE, {"start": CheckResult(Status.UNAVAILABLE, detail)})


@internal.get("/gateway/accepts")
async def get_acceptance(request: Request) -> Response:
    """204 until the process shuts down. The gateway asks this before it fetches the docs here, because the
    docs need no backend and so no readiness."""
    return Response(status_code=503 if runtime_of(request).draining.is_set() else 204)


@internal.get("/metrics")
async def get_metrics(request: Request) -> Response:
    encode, media_type = exposition.choose_encoder(request.headers.get("accept", ""))
    return Response(encode(REGISTRY), media_type=media_type)
