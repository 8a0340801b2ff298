"""The durable consumers of the stream of facts, and who makes them.

Whoever may make a consumer may give it any settings, among them a subject of the stream's account to deliver
to. So only the account that owns the stream makes consumers. Those of other accounts are declared here: the
owner makes them with its streams, and the reader waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.jetstream import accounts
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession
from shared.jetstream.streams import SHOP, wait_for

FOREIGN_CONSUMERS = {
    "cart": ("shop.user.deleted.*",),
    "cart-promo-codes": ("shop.cart.promo_code_dropped.*",),
    "cart-merges": ("shop.cart.handed_over.*",),
}
"""The subjects of each consumer whose account does not own the stream."""

_NANOSECONDS = 1_000_000_000
_EXISTS = 10148  # JetStream's error: a consumer of this name exists with other settings


async def make_foreign_consumers(session: NatsSession, policy: RetryPolicy, *, update: bool) -> None:
    """Makes the consumers of the other accounts, if this account owns the stream. A NATS without accounts has
    no others. `update` is as in `ensure_consumer`. Raises `ApiError`."""
    if session.requests.account == accounts.SHOP:
        for name, subjects in FOREIGN_CONSUMERS.items():
            await _make(session, name, subjects, policy, update=update)


async def ensure_consumer(
    session: NatsSession, name: str, subjects: Sequence[str], policy: RetryPolicy, *, update: bool
) -> None:
    """Makes the consumer, or waits for that of another account.

    With `update` it gets these settings. Otherwise an existing one keeps those that a newer release gave it.
    Raises `ApiError`, `BusUnavailable` if the other account has not made it, and `ValueError` if it is made
    with other subjects.
    """
    account = session.requests.account
    if accounts.owner_of(SHOP, account) == account:
        await _make(session, name, subjects, policy, update=update)
        return
    _check_declaration(name, subjects)
    missing = f"the consumer {name} is missing in the stream {SHOP}; auth makes it when it starts"
    await wait_for(session, f"CONSUMER.INFO.{SHOP}.{name}", missing)


def _check_declaration(name: str, subjects: Sequence[str]) -> None:
    declared = FOREIGN_CONSUMERS.get(name, ())
    if set(subjects) != set(declared):
        raise ValueError(
            f"the consumer {name} has handlers for {', '.join(subjects)}; "
            f"FOREIGN_CONSUMERS in {__name__} has to declare the same, not {', '.join(declared) or 'none'}"
        )


async def _make(
    session: NatsSession, name: str, subjects: Sequence[str], policy: RetryPolicy, *, update: bool
) -> None:
    config = {
        "name": name,
        "durable_name": name,
        "filter_subjects": list(subjects),
        "deliver_policy": "all",
        "ack_policy": "explicit",
        # Each refusal contains its delay. The server's own `backoff` would replace this wait.
        "ack_wait": int(policy.ack_seconds * _NANOSECONDS),
        "max_deliver": policy.max_deliver,
        "max_ack_pending": 5000,
    }
    body = {"stream_name": SHOP, "config": config, "action": "" if update else "create"}
    try:
        await session.requests.call(f"CONSUMER.CREATE.{SHOP}.{name}", body)
    except ApiError as error:
        if update or error.err_code != _EXISTS:
            remedy = f"if it has to be made anew, remove it first: nats consumer rm {SHOP} {name}"
            description = f"consumer {name}: {error.description}; {remedy}"
            raise ApiError(error.code, error.err_code, description) from error
