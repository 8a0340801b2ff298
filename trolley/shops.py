"""Finds the shops that run on this machine, and the one that a command works on.

Each local run leaves a pointer to the folder of its data in the user's state folder. That folder holds its
addresses, and a lock for as long as it runs. So an outdated pointer is recognised.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from trolley.errors import CommandFailed
from trolley.invocation import REPOSITORY, command
from trolley.local.environment import ADDRESSES, PROCESS, SECRETS
from trolley.local.lock import running_process
from trolley.state import private_folder, state_folder, write_private

DATA = ".data"
CHOICE = "TROLLEY_SHOP"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class LocalShop:
    """The shop whose data are in a folder of this machine. `recorded` are the settings and secrets of its
    last run."""

    directory: Path
    recorded: Mapping[str, str]
    running: bool

    @classmethod
    def in_folder(cls, directory: Path) -> LocalShop | None:
        """Returns None if no run in the folder has become ready yet."""
        addresses = _values(directory / ADDRESSES)
        if not addresses:
            return None
        process = addresses.pop(PROCESS, "")
        running = process != "" and process == str(running_process(directory))
        folders = {"SQLITE_DIRECTORY": str(directory / "store"), "MAIL_DIRECTORY": str(directory / "mail")}
        return cls(directory, {**folders, **_values(directory / SECRETS), **addresses}, running)

    @property
    def port(self) -> str:
        return self.recorded.get("GATEWAY_PORT", "3000")

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def _values(path: Path) -> dict[str, str]:
    return {
        name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None
    }


@contextmanager
def pointed_out(directory: Path, environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Lets all commands of this user find the shop in that folder. Raises OSError."""
    folder = private_folder(state_folder(environ)) / "shops"
    folder.mkdir(exist_ok=True)
    pointer = folder / hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    write_private(pointer, os.fsencode(directory))
    try:
        yield
    finally:
        pointer.unlink(missing_ok=True)


def running_shops(environ: Mapping[str, str] = os.environ) -> list[LocalShop]:
    """The running shops, by port. Outdated pointers are ignored."""
    shops = []
    for pointer in sorted((state_folder(environ) / "shops").glob("[0-9a-f]*")):
        try:
            shop = LocalShop.in_folder(Path(os.fsdecode(pointer.read_bytes())))
        except (OSError, ValueError):
            continue
        if shop is not None and shop.running:
            shops.append(shop)
    return sorted(shops, key=lambda shop: (len(shop.port), shop.port))


def find_shop(environ: Mapping[str, str], folders: Sequence[Path] | None = None) -> LocalShop | None:
    """The shop that TROLLEY_SHOP, TROLLEY_URL or GATEWAY_PORT chooses, else that of this folder or this
    clone, else the only running one. Raises `CommandFailed` if several run and none is chosen."""
    if chosen := environ.get(CHOICE):
        return _chosen(chosen, environ)
    running = running_shops(environ)
    if address := environ.get("TROLLEY_URL"):
        return next((shop for shop in running if _is_at(shop, address)), None)
    if port := environ.get("GATEWAY_PORT"):
        return next((shop for shop in running if shop.port == port), None)
    own = [shop for folder in folders or own_folders() if (shop := LocalShop.in_folder(folder))]
    if here := [shop for shop in own if shop.running]:
        return here[0]
    if len(running) > 1:
        raise CommandFailed(f"Several shops run on this machine. Choose one:\n{_listed(running)}")
    return next(iter([*running, *own]), None)


def own_folders() -> list[Path]:
    """The folders for the data of a shop that runs in this folder, or from this installation."""
    return list(dict.fromkeys([Path.cwd() / DATA, REPOSITORY / DATA]))


def _chosen(chosen: str, environ: Mapping[str, str]) -> LocalShop:
    running = running_shops(environ)
    if chosen.isdecimal():
        found = next((shop for shop in running if shop.port == chosen), None)
    else:
        folder = Path(chosen).expanduser().absolute()
        found = LocalShop.in_folder(folder) or LocalShop.in_folder(folder / DATA)
    if found is None:
        others = f" These shops run:\n{_listed(running)}" if running else " No shop runs on this machine."
        raise CommandFailed(f"There is no shop {'on port' if chosen.isdecimal() else 'in'} {chosen}.{others}")
    return found


def _is_at(shop: LocalShop, address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.hostname in _LOOPBACK and str(parts.port) == shop.port
    except ValueError:
        return False


def _listed(shops: Sequence[LocalShop]) -> str:
    return "\n".join(f"  {command('--shop', shop.port, '…')}   in {shop.directory}" for shop in shops)
