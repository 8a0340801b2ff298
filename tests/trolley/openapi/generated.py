"""The generated document and the other artefacts. They are made once for all tests."""

from __future__ import annotations

from typing import Any

import orjson

from trolley.openapi.artefacts import artefacts

ARTEFACTS = artefacts()
DOCUMENT: dict[str, Any] = orjson.loads(
    next(text for path, text in ARTEFACTS.items() if path.name == "openapi.json")
)
