"""What routes ask for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from auth_service.accounts.administration import AdministrationService
from auth_service.accounts.authentication import Client
from auth_service.accounts.credentials import PASSWORD_MAX
from auth_service.accounts.service import AccountService
from auth_service.keys.service import KeyService
from auth_service.service import AuthService
from auth_service.sessions.service import Endings
from auth_service.sign_in.service import SessionService
from shared.http.headers import RequestHeader
from shared.http.runtime import use_cases


async def accounts(request: Request) -> AccountService:
    return use_cases(request, AuthService).accounts


async def sessions(request: Request) -> SessionService:
    return use_cases(request, AuthService).sessions


async def endings(request: Request) -> Endings:
    return use_cases(request, AuthService).endings


async def administration(request: Request) -> AdministrationService:
    return use_cases(request, AuthService).administration


async def keys(request: Request) -> KeyService:
    return use_cases(request, AuthService).keys


async def client(request: Request) -> Client:
    """The client's address is what the gateway wrote last into `X-Forwarded-For`: earlier entries are the
    client's own claims. Without a gateway it is the other end of the connection."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    address = forwarded or (request.client.host if request.client else "unknown")
    return Client(address[:64], request.headers.get("user-agent", ""))


class PasswordHeader(RequestHeader):
    """Gives a password in UTF-8. It is never logged: no header is."""

    async def __call__(self, request: Request) -> Any:
        text = self.read(request)
        try:
            return None if text is None else text.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise self.invalid("Expected UTF-8.") from error

    def parameter(self) -> dict[str, Any]:
        described = super().parameter()
        return {**described, "schema": {**described["schema"], "format": "password"}}


current_password = PasswordHeader(
    "Current-Password", "The account's password, in UTF-8, instead of the body.", max_length=4 * PASSWORD_MAX
)


async def no_store(response: Response) -> None:
    """Answers with tokens are not kept by caches (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"


AccountsDep = Annotated[AccountService, Depends(accounts)]
SessionsDep = Annotated[SessionService, Depends(sessions)]
EndingsDep = Annotated[Endings, Depends(endings)]
AdministrationDep = Annotated[AdministrationService, Depends(administration)]
KeysDep = Annotated[KeyService, Depends(keys)]
CurrentPasswordDep = Annotated[str | None, Depends(current_password)]
ClientDep = Annotated[Client, Depends(client)]
