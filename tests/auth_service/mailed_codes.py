"""Asking for codes, and using them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.auth_service.people import AUTH, Person
from tests.support.mails import MailsInFolder

SUBJECTS = {
    "verify": "Confirm your address",
    "reset": "new password",
    "sign_in": "sign in",
    "unlock": "new device",
    "change_email": "Confirm your new address",
}


class Codes:
    """Asks for codes, reads them in the mails and uses them."""

    def __init__(self, shop: httpx.AsyncClient, mails: MailsInFolder) -> None:
        self.shop = shop
        self.mails = mails

    async def request(self, email: str, purpose: str) -> str:
        """The handle of a new request."""
        answer = await self.shop.post(f"{AUTH}/codes", json={"email": email, "purpose": purpose})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["code_id"])

    async def mailed(self, email: str, purpose: str, count: int = 1) -> str:
        """The code in the newest mail."""
        return await self.mails.code(email, SUBJECTS[purpose], count)

    async def use(
        self, code_id: str, code: str, purpose: str, email: str, *, by: Person | None = None, **more: Any
    ) -> httpx.Response:
        body = {"code_id": code_id, "code": code, "purpose": purpose, "email": email, **more}
        return await self.shop.post(f"{AUTH}/codes/use", json=body, headers=by.headers if by else None)

    async def through(self, email: str, purpose: str, **more: Any) -> httpx.Response:
        """Asks for a code, waits for the mail and uses the code."""
        code_id = await self.request(email, purpose)
        return await self.use(code_id, await self.mailed(email, purpose), purpose, email, **more)
