"""How much a cart may hold."""

from __future__ import annotations

MAX_QUANTITY = 999
MAX_LINES = 500
