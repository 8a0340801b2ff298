"""No secret reaches a log."""

from __future__ import annotations

from typing import Any

import pytest

from shared.observability.redaction import REDACTED, redact, redact_secrets


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "PASSWD",
        "Authorization",
        "Set-Cookie",
        "token",
        "refresh_token",
        "client_secret",
        "api_key",
    ],
)
def test_a_value_under_a_secret_key(key: str) -> None:
    assert redact_secrets(None, "info", {"event": "e", key: "hunter2"})[key] == REDACTED
    assert redact({"deep": [{key: {"even": "deeper"}}]}) == {"deep": [{key: REDACTED}]}


@pytest.mark.parametrize("key", ["user_id", "key", "path", "event", "author", "passenger"])
def test_other_keys_stay(key: str) -> None:
    assert redact_secrets(None, "info", {key: "a value"})[key] == "a value"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://user:hunter2@cache:6379/0", f"redis://user:{REDACTED}@cache:6379/0"),
        ("redis://:hunter2@cache:6379/0", f"redis://:{REDACTED}@cache:6379/0"),
        ("redis://:hunt@er2@cache:6379/0", f"redis://:{REDACTED}@cache:6379/0"),
        ("nats://hunter2@bus:4222", f"nats://{REDACTED}@bus:4222"),
        ("nats://a:b@c:1,nats://hunter2@d", f"nats://a:{REDACTED}@c:1,nats://{REDACTED}@d"),
        ("nats://bus:4222,hunter2@other", f"nats://bus:{REDACTED}@other"),
        ("http://cache:9200/path", "http://cache:9200/path"),
        ("http://cache:9200/path?to=a@b.example", "http://cache:9200/path?to=a@b.example"),
        ("http://cache?to=a@b.example", "http://cache?to=a@b.example"),
        ("sent Bearer abcdefgh.ijkl", f"sent Bearer {REDACTED}"),
        ("Authorization: Basic dXNlcjpwdw==", f"Authorization: Basic {REDACTED}"),
        ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln here", f"got {REDACTED} here"),
        ("the bearer of news", "the bearer of news"),
    ],
)
def test_a_secret_inside_a_text(text: str, expected: str) -> None:
    assert redact_secrets(None, "info", {"event": text})["event"] == expected


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"bytes", "short"])
def test_other_values_stay(value: Any) -> None:
    assert redact_secrets(None, "info", {"value": value}) == {"value": value}


def test_the_callers_containers_are_not_changed() -> None:
    given = {"password": "hunter2"}
    redact_secrets(None, "info", {"given": given})
    assert given == {"password": "hunter2"}
