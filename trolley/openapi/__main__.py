"""`python -m trolley.openapi`: writes the merged OpenAPI document and the Postman collection anew."""

from __future__ import annotations

from rich.console import Console

from trolley.openapi.artefacts import artefacts


def main() -> None:
    console = Console()
    for path, content in artefacts().items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        console.print(f"wrote {path.name} ({len(content):,} bytes)")


if __name__ == "__main__":
    main()
