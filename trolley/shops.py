"""Finds the shops that run on this machine, and the one that a command works on.

Each local run leaves a pointer to the folder of its data in the user's state folder. That folder holds its
addresses, and a lock for as long as it runs. So an outdated pointer is recognised.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from trolley.errors import NoShopChosen
from trolley.invocation import REPOSITORY, command, make
from trolley.local.environment import ADDRESSES, PROCESS, SECRETS
from trolley.local.lock import running_process, was_locked
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
        """Returns None if the folder is not that of a shop. Before its first run has become ready, a shop has
        no settings."""
        addresses = _values(directory / ADDRESSES)
        if not addresses:
            return cls(directory, {}, running=False) if was_locked(directory) else None
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
    """The shop that TROLLEY_SHOP, TROLLEY_URL or GATEWAY_PORT chooses, else that of this folder, else that of
    this clone. Only where neither has one is it the only one that runs. Raises `NoShopChosen` if several run,
    or if the own shop does not run and others do: a command must not change somebody else's."""
    if chosen := environ.get(CHOICE):
        return _chosen(chosen, environ)
    running = running_shops(environ)
    if address := environ.get("TROLLEY_URL"):
        return next((shop for shop in running if _is_at(shop, address)), None)
    if port := environ.get("GATEWAY_PORT"):
        return next((shop for shop in running if shop.port == port), None)
    own = [shop for folder in folders or own_folders() if (shop := LocalShop.in_folder(folder))]
    others = list({shop.directory: shop for shop in [*running, *own] if shop.running}.values())
    if own and (own[0].running or not others):
        return own[0]
    if own:
        raise NoShopChosen(f"Your shop {does_not_run(own[0])} {_choices(others)}")
    if len(running) > 1:
        raise NoShopChosen(f"Several shops run on this machine. Choose one:\n{_listed(running)}")
    return next(iter(running), None)


def does_not_run(shop: LocalShop) -> str:
    """The end of a sentence about this shop, and how to start it."""
    if running_process(shop.directory) is not None:
        return f"({shop.directory}) is starting. Wait until it is open."
    return f"({shop.directory}) does not run. Start it with `{_start_of(shop.directory)}`."


def _start_of(directory: Path) -> str:
    clone = directory.parent
    if directory.name == DATA and (clone / "Makefile").exists() and (clone / "trolley" / "cli").is_dir():
        return make("run", clone)
    return command("run", "--data", shlex.quote(str(directory)))


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
        where = "on port" if chosen.isdecimal() else "in"
        raise NoShopChosen(f"There is no shop {where} {chosen}. {_choices(running)}")
    return found


def require_running(shop: LocalShop, environ: Mapping[str, str]) -> None:
    """Raises `NoShopChosen` if the shop does not run: another one may have its port by now."""
    if not shop.running:
        raise NoShopChosen(f"The shop {does_not_run(shop)} {_choices(running_shops(environ))}")


def _choices(running: Sequence[LocalShop]) -> str:
    if not running:
        return "No shop runs on this machine."
    return f"These shops run; choose one with --shop:\n{_listed(running)}"


def _is_at(shop: LocalShop, address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.hostname in _LOOPBACK and str(parts.port) == shop.port
    except ValueError:
        return False


def _listed(shops: Sequence[LocalShop]) -> str:
    return "\n".join(f"  {command('--shop', shop.port, '…')}   in {shop.directory}" for shop in shops)
