"""Restarting services when their code changes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from watchfiles import PythonFilter, awatch

from trolley.invocation import REPOSITORY
from trolley.local.errors import LocalRunFailed
from trolley.local.programs import MODULES


class Restartable(Protocol):
    """What is needed of a `LocalStack`."""

    @property
    def scale(self) -> Mapping[str, int]: ...

    def restart(self, service: str, index: int, /) -> Awaitable[None]: ...


async def changed_code() -> AsyncIterable[list[Path]]:
    """Python files of the services and `shared`, as they change, for ever."""
    folders = [REPOSITORY / name for name in (*MODULES.values(), "shared")]
    async for changes in awatch(*folders, watch_filter=PythonFilter()):
        yield [Path(path) for _, path in changes]


async def restart_on_change(
    stack: Restartable, say: Callable[[str], None], changes: AsyncIterable[Iterable[Path]] | None = None
) -> None:
    """Restarts what runs each of the changes, replica by replica. Code that does not start is told, and left
    to the next change; the service's other replicas go on with the code they have."""
    async for paths in changes or changed_code():
        for service in services_of(paths):
            try:
                for index in range(stack.scale[service]):
                    await stack.restart(service, index)
            except LocalRunFailed as error:
                say(f"{error}\nThe next change of its code starts {service} again.")


def services_of(paths: Iterable[Path]) -> list[str]:
    """The services that run code from these files; `shared` belongs to all of them."""
    folders = {path.relative_to(REPOSITORY).parts[0] for path in paths}
    return [service for service, folder in MODULES.items() if folders & {folder, "shared"}]
