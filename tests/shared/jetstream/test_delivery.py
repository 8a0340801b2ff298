"""Subject patterns, addresses and back-off."""

from __future__ import annotations

from itertools import islice

import pytest
from nats.aio.client import Client, Server

from shared.addresses import split_addresses, without_credentials
from shared.backoff import backoff
from shared.jetstream.connection import choose_server
from shared.jetstream.delivery import matches


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("shop.user.deleted.*", "shop.user.deleted.1", True),
        ("shop.user.deleted.*", "shop.user.deleted", False),
        ("shop.user.deleted.*", "shop.user.deleted.1.2", False),
        ("shop.user.deleted.*", "shop.user.registered.1", False),
        ("shop.*.deleted.1", "shop.user.deleted.1", True),
        ("shop.>", "shop.user.deleted.1", True),
        ("shop.>", "shop", False),
        ("shop.user.>", "shop.product.created.1", False),
        ("shop.user", "shop.user", True),
    ],
)
def test_patterns_match_as_in_nats(pattern: str, subject: str, expected: bool) -> None:
    assert matches(pattern, subject) is expected


def test_addresses_are_split_at_commas_and_get_a_scheme() -> None:
    assert split_addresses("nats://a:1, b:2 ,tls://c:3,") == ["nats://a:1", "nats://b:2", "tls://c:3"]


def test_addresses_are_shown_without_credentials() -> None:
    shown = without_credentials(["nats://user:p@ss@one:4222", "nats://token@two:4222", "nats://three"])
    assert shown == "one:4222, two:4222, three"


def test_backoff_doubles_up_to_its_limit_with_up_to_half_taken_off() -> None:
    full = [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]
    delays = list(islice(backoff(0.1, 1.0), len(full)))
    assert all(most / 2 <= delay <= most for delay, most in zip(delays, full, strict=True))


def test_the_server_tried_least_often_is_next_and_later_each_time() -> None:
    often, seldom = (
        Server(Client._parse_server_uri(f"nats://{name}"), n) for name, n in (("a", 9), ("b", 3))
    )
    server, delay = choose_server([often, seldom], {})
    assert server is seldom
    assert 0.2 <= delay <= 0.4
    assert choose_server([often], {})[1] <= 2.0
