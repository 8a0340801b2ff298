"""`require_backends.py RESULTS BACKEND…`: fails when a case of a backend was skipped, or none of it ran.

RESULTS is what pytest wrote with --junitxml. A case belongs to a backend when its name, or the reason for which
it was skipped, names the backend.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(results: str, *backends: str) -> int:
    """The exit status."""
    cases = ElementTree.fromstring(Path(results).read_text()).iter("testcase")  # noqa: S314 (pytest wrote it)
    ran = dict.fromkeys(backends, 0)
    skipped = []
    for case in cases:
        skip = case.find("skipped")
        words = f"{case.get('classname')} {case.get('name')} {skip.get('message') if skip is not None else ''}"
        for backend in backends:
            if backend in words.lower():
                ran[backend] += skip is None
                skipped += [words] if skip is not None else []
    for backend, count in ran.items():
        sys.stdout.write(f"{backend}: {count} cases ran\n")
    for words in skipped:
        sys.stdout.write(f"skipped: {words}\n")
    return 1 if skipped or not all(ran.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
