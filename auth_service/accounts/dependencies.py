"""Dependencies of the routes of accounts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from auth_service.accounts.characters import is_invisible
from auth_service.accounts.password_rules import PASSWORD_MAX
from auth_service.accounts.reauthentication import RecentSignIn
from auth_service.accounts.service import AccountService
from auth_service.browsers import DEVICE_COOKIE, cookie_of
from auth_service.clients import USER_AGENT_MAX, Client, ClientAddresses
from auth_service.throttling.devices import DEVICE_TOKEN_MAX
from shared.http.headers import RequestHeader, headers_of
from shared.http.identity import CurrentUserDep
from shared.http.runtime import provided, use_cases

device_token = RequestHeader(
    "Device-Token",
    "`device_token` of an earlier sign-in to this account. What others do does not slow down a known "
    "device. Browsers in cookie mode send a cookie instead.",
    max_length=DEVICE_TOKEN_MAX,
)


def readable_user_agent(header: str) -> str:
    """The `User-Agent` as people are shown it: its beginning, without control and invisible characters."""
    return "".join(each for each in header[:USER_AGENT_MAX] if not is_invisible(each)).strip()


async def client(request: Request, shown: Annotated[str | None, Depends(device_token)]) -> Client:
    """Who sends the request."""
    peer = request.client.host if request.client else None
    address = use_cases(request, ClientAddresses).address(headers_of(request), peer)
    device = shown or cookie_of(request, DEVICE_COOKIE)
    return Client(address, readable_user_agent(request.headers.get("user-agent", "")), device)


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


async def recent_sign_in(
    identity: CurrentUserDep, recent: Annotated[RecentSignIn, Depends(provided(RecentSignIn))]
) -> None:
    """Raises `Reauthenticate`."""
    recent.require(identity)


RECENT_SIGN_IN = [Depends(recent_sign_in)]
"""The dependencies of a route for sensitive changes."""

AccountsDep = Annotated[AccountService, Depends(provided(AccountService))]
CurrentPasswordDep = Annotated[str | None, Depends(current_password)]
ClientDep = Annotated[Client, Depends(client)]
