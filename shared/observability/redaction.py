"""Keeps secrets out of logs, by the name of the key and by the pattern of the text."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

# Neither a token nor an address with a password is that short.
_LONGEST_HARMLESS = 8

_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|private_?key", re.IGNORECASE
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*")
_URL_PASSWORD = re.compile(r"(://[^/\s:@?#]*:)[^/\s]+@")
_URL_TOKEN = re.compile(r"(://)[^/\s:@?#]+@")


@lru_cache(maxsize=2048)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _redact_text(text: str) -> str:
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1{REDACTED}@", text)
        text = _URL_TOKEN.sub(rf"\1{REDACTED}@", text)
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if " " in text:
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return text


def redact(value: Any) -> Any:
    """The value without what looks like a password, a token or a key; containers are copied, not changed."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, dict):
        return {
            key: REDACTED if isinstance(key, str) and _is_secret(key) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return value


def redact_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor. It comes after tracebacks were rendered, so that it reads them too."""
    for key, value in event.items():
        if _is_secret(key):
            event[key] = REDACTED
        elif type(value) is str:
            if len(value) > _LONGEST_HARMLESS:
                event[key] = _redact_text(value)
        elif isinstance(value, (dict, list, tuple)):
            event[key] = redact(value)
    return event
