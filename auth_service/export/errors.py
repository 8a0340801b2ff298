"""The refusals of exports."""

from __future__ import annotations

from shared.errors import Unavailable


class ExportUnavailable(Unavailable):
    """A service did not say what it keeps about the user. An export is complete or none."""

    code, title = "export-unavailable", "Export not available"

    def __init__(self, service: str) -> None:
        super().__init__(
            f"The service {service} does not answer. Try again shortly.",
            retry_after=2,
            extra={"service": service},
        )
