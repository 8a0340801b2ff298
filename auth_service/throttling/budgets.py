"""Which tallies an attempt counts in, and their budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from auth_service.clients import Client
from auth_service.throttling.model import Budget, Charge

_NETWORK_LONGEST_WAIT = 60.0
_FRESH = 10
_SHARED = 3
_MINUTE, _HOUR = 60.0, 3600.0
_CHANGERS = 10
_MAIL_PAUSE = 300.0
"""Less than the life of a code, so while strangers ask for mails there is a valid code at any time."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of the throttle. None has no limit.

    A network with too many failures waits at most a minute, and has ten times the budget for an account at
    which it has not failed yet: many people may share an address. `own` is the budget of an account at one
    network, of a known device, and of a session at one network. `shared` is that of all known devices of an
    account at one network, so collected device tokens gain little, and that of a session at all networks.
    """

    account: Budget
    network: Budget
    own: Budget
    shared: Budget
    account_mails: Budget
    own_mails: Budget
    network_mails: Budget
    change_mails: Budget
    sign_ups: Budget | None = None
    guests: Budget | None = None

    @classmethod
    def of(
        cls,
        *,
        failures_per_account: int,
        failures_per_network: int,
        failures_per_device: int,
        first_wait: float,
        longest_wait: float,
        sign_ups_per_minute: int,
        guests_per_minute: int,
        mails_per_account: int,
        mails_per_network: int,
    ) -> Self:
        """The failures are those without a wait. Waits are in seconds. An account gets
        `mails_per_account` at once, then one every five minutes; unknown devices at a network ask for
        `mails_per_network` an hour, and so do the known devices of an account there."""
        first, longest, half = min(first_wait, longest_wait), longest_wait, (mails_per_account + 1) // 2
        return cls(
            account=Budget(failures_per_account, first, longest, longest),
            network=Budget(
                failures_per_network,
                first,
                min(longest, _NETWORK_LONGEST_WAIT),
                longest / failures_per_network,
                fresh_free=_FRESH * failures_per_network,
            ),
            own=Budget(failures_per_device, first, longest, longest, clears=True),
            shared=Budget(_SHARED * failures_per_device, first, longest, longest),
            account_mails=Budget.rate(mails_per_account, mails_per_account * _MAIL_PAUSE),
            own_mails=Budget.rate(half, half * _MAIL_PAUSE),
            network_mails=Budget.rate(mails_per_network, _HOUR),
            change_mails=Budget.rate(_CHANGERS * mails_per_account, _HOUR),
            sign_ups=Budget.rate(sign_ups_per_minute, _MINUTE) if sign_ups_per_minute else None,
            guests=Budget.rate(guests_per_minute, _MINUTE) if guests_per_minute else None,
        )

    def of_stranger(self, account: str, client: Client) -> list[Charge]:
        """An attempt of an unknown device."""
        network = client.network
        return [
            Charge("pair", f"pair:{account}:{network}", self.own),
            Charge("account", f"account:{account}", self.account),
            Charge("network", f"network:{network}", self.network),
        ]

    def of_device(self, account: str, client: Client, device: str) -> list[Charge]:
        """An attempt of a known device. No stranger's failure counts here."""
        return [
            Charge("device", f"device:{account}:{device}", self.own),
            Charge("devices", f"devices:{account}:{client.network}", self.shared),
        ]

    def of_session(self, session: str, client: Client) -> list[Charge]:
        """A signed-in owner who gives the password again. Somebody with a stolen session does not use up the
        owner's budget from another network."""
        return [
            Charge("session", f"session:{session}:{client.network}", self.own),
            Charge("session", f"session:{session}", self.shared),
        ]

    def of_codes(self, account: str, client: Client, *, is_known: bool) -> list[Charge]:
        """A request for a code. One of a known device has nothing to do with those of strangers. The other
        budget is the same for every account, so it tells nobody whether there is one."""
        network = client.network
        key = f"mails:{account}:{network}" if is_known else f"mails:{network}"
        return [Charge("mails", key, self.network_mails)]

    def of_change(self, user_id: str, account: str) -> list[Charge]:
        """A code for a change to the address of `account`, for a signed-in owner. No network counts. All
        accounts together mail one address no more than ten of them may."""
        return [
            Charge("mails", f"changes:{user_id}", self.account_mails),
            Charge("mails", f"changes-to:{account}", self.change_mails),
        ]

    def of_mail(self, account: str, client: Client) -> list[Charge]:
        """A mail to an account. One network cannot use up all of the account's."""
        return [
            Charge("mail", f"mail:{account}:{client.network}", self.own_mails),
            Charge("mail", f"mail:{account}", self.account_mails),
        ]
