"""Restarting services when their code changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from watchfiles import PythonFilter, awatch

from trolley.local.programs import MODULES, REPOSITORY
from trolley.local.stack import LocalStack


async def restart_on_change(stack: LocalStack) -> None:
    """Watches the services' folders and `shared` for ever."""
    folders = [REPOSITORY / name for name in (*MODULES.values(), "shared")]
    async for changes in awatch(*folders, watch_filter=PythonFilter()):
        for service in services_of(Path(path) for _, path in changes):
            for index in range(stack.scale[service]):
                await stack.restart(service, index)


def services_of(paths: Iterable[Path]) -> list[str]:
    """The services that run code from these files; `shared` belongs to all of them."""
    folders = {path.relative_to(REPOSITORY).parts[0] for path in paths}
    return [service for service, folder in MODULES.items() if folders & {folder, "shared"}]
