"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

UrlOption = Annotated[
    str | None, typer.Option("--url", help="Address of the shop. [TROLLEY_URL, else this machine's]")
]
