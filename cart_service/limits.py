"""Limits of a cart."""

from __future__ import annotations

MAX_QUANTITY = 999
MAX_LINES = 500
