"""The command line's own connection to NATS."""

from __future__ import annotations

import pytest

from trolley.bus import nats_client
from trolley.errors import CommandFailed


async def test_who_does_not_answer_is_named_without_credentials(free_port: int) -> None:
    address = f"127.0.0.1:{free_port}"
    with pytest.raises(CommandFailed, match=rf"NATS at {address} does not answer.*NATS_URL") as failed:
        async with nats_client({"NATS_URL": f"nats://user:hunter2@{address}"}):
            pass
    assert "hunter2" not in str(failed.value)
