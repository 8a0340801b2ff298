"""`trolley init` and `python -m trolley.init`: writes the `.env` of a shop, with secrets of its own.

It needs nothing but Python, so that a machine with only Docker can run it in the image of Python.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trolley.secrets import SECRET_NAMES, new_secret
from trolley.state import write_private

EXAMPLE = Path(__file__).parents[1] / ".env.example"
ENV_FILE = ".env"
_KEPT = Path(".data") / "secrets.env"
_SETTING = re.compile(r"(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*)")
_USAGE = "Usage: python -m trolley.init [--force]\n\n--force replaces the secrets that .env has."


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the secrets of an `.env`, by their names. With `kept_previous` the old AUTH_SECRET is
    its AUTH_SECRET_PREVIOUS."""

    path: Path
    made: Sequence[str]
    taken_over: Sequence[str]
    kept_previous: bool

    def report(self) -> str:
        """The sentences that say what was done."""
        if not self.made and not self.taken_over:
            return f"{self.path} has every secret, so nothing was changed. --force makes new ones."
        done = []
        if self.made:
            done.append(f"{self.path} has new secrets: {', '.join(self.made)}.")
        if self.taken_over:
            source, names = self.path.parent / _KEPT, ", ".join(self.taken_over)
            done.append(f"{self.path} has secrets that were taken over from {source}: {names}.")
        if self.kept_previous:
            done.append(
                "The old AUTH_SECRET became AUTH_SECRET_PREVIOUS, so nobody is signed out. Restart the shop."
            )
        return " ".join([*done, "Only you can read it. Keep it, and keep it out of git."])


def write_env_file(folder: Path, *, force: bool = False) -> Written:
    """Writes `.env` in the folder.

    A new file lists every setting with its default. In a file that exists every line stays, and missing
    secrets are added. `force` replaces the secrets; the old AUTH_SECRET becomes AUTH_SECRET_PREVIOUS, so
    nobody is signed out. A missing secret is taken from the local run of this folder, if it has one.
    Raises OSError.
    """
    path = folder.absolute() / ENV_FILE
    text = path.read_text() if path.exists() else _example()
    present, kept = settings_of(text), {} if force else _kept_secrets(folder)
    wanted = [name for name in SECRET_NAMES if force or not present.get(name)]
    values = {name: kept.get(name) or new_secret() for name in wanted}
    keeps_previous = force and bool(present.get("AUTH_SECRET"))
    if keeps_previous:
        values["AUTH_SECRET_PREVIOUS"] = present["AUTH_SECRET"]
    write_private(path, with_settings(text, values).encode())
    taken = [name for name in wanted if kept.get(name)]
    return Written(path, [name for name in wanted if name not in taken], taken, keeps_previous)


def settings_of(text: str) -> dict[str, str]:
    """The settings of an env file, without quotes."""
    found = (_SETTING.fullmatch(line.strip()) for line in text.splitlines())
    return {match[1]: match[2].strip().strip("'\"") for match in found if match}


def with_settings(text: str, values: Mapping[str, str]) -> str:
    """The text with these settings, in place of a line that sets or shows one, else at the end."""
    lines, missing = text.splitlines(), dict(values)
    for number, line in enumerate(lines):
        match = _SETTING.fullmatch(line.strip().removeprefix("#").strip())
        if match and match[1] in missing:
            lines[number] = f"{match[1]}={missing.pop(match[1])}"
    return "\n".join([*lines, *(f"{name}={value}" for name, value in missing.items())]) + "\n"


def _example() -> str:
    return EXAMPLE.read_text() if EXAMPLE.exists() else ""


def _kept_secrets(folder: Path) -> dict[str, str]:
    try:
        return settings_of((folder / _KEPT).read_text())
    except OSError:
        return {}


def main(arguments: Sequence[str]) -> int:
    """The command. Returns its status."""
    if set(arguments) - {"--force"}:
        print(_USAGE, file=sys.stderr)  # noqa: T201
        return 2
    try:
        written = write_env_file(Path.cwd(), force="--force" in arguments)
    except OSError as error:
        print(f"Cannot write {Path.cwd() / ENV_FILE}: {os.strerror(error.errno or 0)}.", file=sys.stderr)  # noqa: T201
        return 1
    print(written.report())  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
