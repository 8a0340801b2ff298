"""The devices that accounts know."""

from __future__ import annotations

from auth_service.accounts.model import is_live
from auth_service.accounts.ports import UserRepository
from auth_service.clients import Client
from auth_service.throttling.devices import DeviceTokens


class KnownDevices:
    """Finds out whether the device of a client has signed in to an account before. What is read depends on
    the token alone, so it tells nobody whether an address has an account."""

    def __init__(self, users: UserRepository, tokens: DeviceTokens) -> None:
        self._users = users
        self._tokens = tokens

    async def find(self, email: str | None, client: Client) -> str | None:
        """The id of the client's device, if the account of this address knows it."""
        device = self._tokens.holder(client.device)
        if device is None:
            return None
        user = await self._users.get(device.user_id)
        return device.id if is_live(user) and user.email == email and device.is_known_to(user) else None
