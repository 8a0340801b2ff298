"""A start waits for no library that is not used afterwards: each takes a tenth of a second or more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("modules", "unused"),
    [
        ("trolley.cli.call", {"elasticsearch", "fastapi", "nats", "prompt_toolkit", "redis", "uvicorn"}),
        ("auth_service.main,product_service.main,cart_service.main", {"elasticsearch", "fakeredis", "typer"}),
    ],
    ids=["call", "services"],
)
def test_only_what_is_used_is_loaded(modules: str, unused: set[str]) -> None:
    code = f"import sys,{modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert set(modules.split(",")) <= loaded
    assert loaded & unused == set()
