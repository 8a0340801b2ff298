"""What a log keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auth_service.clients import Client
from auth_service.security_log.model import KEPT_FOR, MAX_ENTRIES, Actor, SecurityEntry, SecurityLog

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def failure(id: str, at: datetime = NOW, address: str = "192.0.2.1") -> SecurityEntry:
    return SecurityEntry.of(id, "failed", at, Actor("", Client(address)), "wrong_password", repeats=True)


def entry(id: str, at: datetime = NOW) -> SecurityEntry:
    return SecurityEntry.of(id, "renamed", at, Actor("u1", Client("192.0.2.1")))


def log_of(*entries: SecurityEntry, now: datetime = NOW) -> SecurityLog:
    log = SecurityLog("u1")
    for each in entries:
        log = log.with_entry(each, now)
    return log


def test_the_newest_comes_first_in_any_order_of_arrival() -> None:
    later = entry("b", NOW + timedelta(seconds=1))
    assert [it.id for it in log_of(later, entry("a")).entries] == ["b", "a"]


def test_a_repeated_delivery_counts_once() -> None:
    log = log_of(entry("a"), failure("b"), failure("c"))
    for repeated in (entry("a"), failure("b"), failure("c")):
        assert log.with_entry(repeated, NOW) is log


def test_failures_from_one_network_are_one_entry() -> None:
    second = failure("b", NOW + timedelta(minutes=59), "2001:db8::2")
    log = log_of(failure("a", address="2001:db8::1"), failure("x"), second)
    assert [(it.id, it.count) for it in log.entries] == [("a", 2), ("x", 1)]
    assert (log.entries[0].began_at, log.entries[0].at, log.entries[0].address) == (
        NOW,
        second.at,
        "2001:db8::2",
    )


def test_failures_of_another_hour_are_another_entry() -> None:
    assert len(log_of(failure("a"), failure("b", NOW + timedelta(hours=1))).entries) == 2


def test_changes_are_never_counted_together() -> None:
    assert len(log_of(entry("a"), entry("b")).entries) == 2


def test_a_log_is_bounded() -> None:
    log = log_of(*(entry(f"e{number}", NOW + timedelta(seconds=number)) for number in range(MAX_ENTRIES + 5)))
    assert (len(log.entries), log.entries[-1].id) == (MAX_ENTRIES, "e5")


def test_old_entries_go() -> None:
    old, later = entry("a"), NOW + KEPT_FOR
    assert log_of(old).recent(later) == ()
    assert [it.id for it in log_of(old).with_entry(entry("b", later), later).entries] == ["b"]


def test_an_erased_log_stays_empty() -> None:
    erased = log_of(entry("a")).erased(NOW)
    assert erased.entries == ()
    assert erased.with_entry(entry("b"), NOW) is erased
