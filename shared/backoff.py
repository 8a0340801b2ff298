"""The pause before another attempt."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff(first: float = 0.05, most: float = 2.0) -> Iterator[float]:
    """Delays in seconds, without end. They double up to `most`, and a random part of up to a half is taken
    off, so replicas do not try again at the same time."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1)
        delay = min(delay * 2, most)
