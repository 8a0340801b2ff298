"""`python -m trolley.openapi`: writes the generated files, such as the merged OpenAPI document.

With a folder as its argument it writes the document of each service there instead, for a linter.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from trolley.openapi.artefacts import artefacts, service_artefacts


def main() -> None:
    console = Console()
    for path, content in _files(sys.argv[1:]).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        console.print(f"wrote {path.name} ({len(content):,} bytes)")


def _files(arguments: list[str]) -> dict[Path, bytes]:
    if not arguments:
        return dict(artefacts())
    return {Path(arguments[0]) / name: content for name, content in service_artefacts().items()}


if __name__ == "__main__":
    main()
