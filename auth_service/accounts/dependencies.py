"""Dependencies of the routes of accounts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from auth_service.accounts.administration import AdministrationService
from auth_service.accounts.credentials import PASSWORD_MAX
from auth_service.accounts.service import AccountService
from auth_service.clients import Client
from shared.http.headers import RequestHeader
from shared.http.runtime import provided


async def client(request: Request) -> Client:
    """The client's address is the last entry of `X-Forwarded-For`, which the gateway wrote; the client can
    make up the earlier ones. Without a gateway it is the peer of the connection."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    address = forwarded or (request.client.host if request.client else "unknown")
    return Client(address[:64], request.headers.get("user-agent", ""))


class PasswordHeader(RequestHeader):
    """Gives a password in UTF-8. Headers are never logged, so neither is the password."""

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        try:
            return None if text is None else text.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise self.invalid("Send the password in UTF-8.") from error

    def parameter(self) -> dict[str, Any]:
        described = super().parameter()
        return {**described, "schema": {**described["schema"], "format": "password"}}


current_password = PasswordHeader(
    "Current-Password", "The account's password, in UTF-8, instead of the body.", max_length=4 * PASSWORD_MAX
)


AccountsDep = Annotated[AccountService, Depends(provided(AccountService))]
AdministrationDep = Annotated[AdministrationService, Depends(provided(AdministrationService))]
CurrentPasswordDep = Annotated[str | None, Depends(current_password)]
ClientDep = Annotated[Client, Depends(client)]
