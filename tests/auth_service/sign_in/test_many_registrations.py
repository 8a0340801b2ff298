"""Many registrations of one mailbox at once, with the settings of a new shop."""

from __future__ import annotations

import asyncio
import unicodedata
from collections import Counter
from typing import Any

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from tests.auth_service.attempts import GATEWAY
from tests.auth_service.people import AUTH, PASSWORD
from tests.support.apps import running

REQUESTS = 200


def forms_of_one_mailbox() -> list[str]:
    local = f"josé.{new_id()}"
    return [
        f"{local}@münchen.example",
        f"{local.upper()}@MÜNCHEN.Example",
        f"  {local}@münchen.example\t",
        f"{local}@xn--mnchen-3ya.example",
        f"{local}@XN--MNCHEN-3YA.EXAMPLE",
        unicodedata.normalize("NFD", f"{local}@münchen.example"),
        f"{local}\uff20münchen\u3002example",
    ]


def hashes() -> float:
    return REGISTRY.get_sample_value("auth_password_duration_seconds_count", {"operation": "hash"}) or 0


async def test_of_many_registrations_of_one_mailbox_one_makes_an_account(
    backend_settings: dict[str, Any],
) -> None:
    async with running(create_app(AuthSettings(**backend_settings))) as shop:
        forms = forms_of_one_mailbox()
        # Clients of their own, as tests of a minute share the address and its guests.
        headers = GATEWAY | {"X-Forwarded-For": f"2001:db8:{new_id()[-4:]}::1"}
        bodies = [{"name": "José", "email": form, "password": PASSWORD} for form in forms]
        before = hashes()
        answers = await asyncio.gather(
            *(
                shop.post(f"{AUTH}/register", json=bodies[number % len(bodies)], headers=headers)
                for number in range(REQUESTS)
            )
        )
        # Past the sign-ups of a minute nobody hears whether the address is taken.
        most = AuthSettings().auth_sign_ups_per_minute
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 409: most - 1, 429: REQUESTS - most}
        assert hashes() == before + 1
        for form in forms:
            login = await shop.post(f"{AUTH}/login", json={"email": form, "password": PASSWORD})
            assert login.status_code == 200
            assert login.json()["user"]["email"] == forms[0]
