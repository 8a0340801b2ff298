"""Use cases are found by their class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from shared.backends import create_verifier
from shared.clock import SystemClock
from shared.http.pagination import CursorCodec
from shared.http.runtime import Runtime, use_cases
from shared.settings import ServiceSettings


class Reading:
    pass


class Writing:
    pass


class Special(Writing):
    """Somebody else's: a class is found, not its subclasses."""


@dataclass(frozen=True, slots=True)
class Everything:
    reading: Reading
    writing: Writing


@pytest.fixture
def runtime() -> Runtime:
    settings = ServiceSettings()
    return Runtime(create_verifier(settings, SystemClock()), CursorCodec(settings.cursor_secret))


@pytest.fixture
def request_to(runtime: Runtime) -> Request:
    app = FastAPI()
    app.state.runtime = runtime
    return Request({"type": "http", "app": app})


def test_each_group_is_found_by_its_class(runtime: Runtime, request_to: Request) -> None:
    everything = Everything(Reading(), Writing())
    runtime.start_with(everything)
    assert use_cases(request_to, Reading) is everything.reading
    assert use_cases(request_to, Writing) is everything.writing
    assert use_cases(request_to, Everything) is everything


@pytest.mark.parametrize("unknown", [Special, timedelta])
def test_an_unknown_class_is_an_error_that_names_it(
    runtime: Runtime, request_to: Request, unknown: type
) -> None:
    runtime.start_with(Everything(Reading(), Writing()))
    with pytest.raises(TypeError, match=unknown.__name__):
        use_cases(request_to, unknown)
