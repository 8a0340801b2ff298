"""`python -m trolley`."""

from __future__ import annotations

from trolley.cli import app

if __name__ == "__main__":
    app()
