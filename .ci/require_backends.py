"""`require_backends.py RESULTS BACKEND…`: fails when a case of a backend was skipped, or none of it ran.

RESULTS is what pytest wrote with --junitxml. A case belongs to a backend when its name, the property that the
tests' own plugin notes, or the reason for which it was skipped names the backend, as a word of its own.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree


def words_of(case: ElementTree.Element) -> str:
    """What a case says about itself."""
    properties = [element.get("value") for element in case.iter("property")]
    reasons = [element.get("message") for element in case.iter("skipped")]
    return " ".join(filter(None, [case.get("classname"), case.get("name"), *properties, *reasons]))


def main(results: str, *backends: str) -> int:
    """The exit status."""
    root = ElementTree.fromstring(Path(results).read_text())  # noqa: S314 (pytest wrote it)
    ran = dict.fromkeys(backends, 0)
    skipped: list[str] = []
    for case in root.iter("testcase"):
        words = words_of(case)
        said = set(re.findall(r"[a-z0-9]+", words.lower()))
        named = said.intersection(backends)
        if case.find("skipped") is not None:
            skipped += [words] if named else []
        else:
            ran |= {backend: ran[backend] + 1 for backend in named}
    for backend, count in ran.items():
        sys.stdout.write(f"{backend}: {count} cases ran\n")
    for words in skipped:
        sys.stdout.write(f"skipped: {words}\n")
    return 1 if skipped or not all(ran.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
