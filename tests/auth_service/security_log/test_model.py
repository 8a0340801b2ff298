"""What a log keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_service.clients import Client
from auth_service.security_log.model import (
    KEPT_FOR,
    MAX_ENTRIES,
    MAX_FAILURES,
    MAX_REPEATED,
    Actor,
    SecurityEntry,
    SecurityLog,
)

OTHERS = MAX_ENTRIES - MAX_FAILURES
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


def network(number: int) -> str:
    return f"2001:db8:0:{number:x}::1"


def failures(of: int, every: timedelta = timedelta(seconds=1), name: str = "f") -> list[SecurityEntry]:
    """Failures from as many networks, one after the other."""
    return [failure(f"{name}{number}", NOW + number * every, network(number)) for number in range(of)]


def counts(log: SecurityLog, type: str) -> list[int]:
    return [it.count for it in log.entries if it.type == type]


def test_failures_from_everywhere_share_an_entry_once_they_have_their_part() -> None:
    log = log_of(entry("a"), *failures(MAX_ENTRIES + 5))
    assert counts(log, "renamed") == [1]
    assert counts(log, "failed") == [MAX_ENTRIES + 6 - MAX_REPEATED] + [1] * (MAX_REPEATED - 1)
    newest = log.entries[0]
    assert (newest.address, newest.began_at) == (
        network(MAX_ENTRIES + 4),
        NOW + timedelta(seconds=MAX_REPEATED - 1),
    )


def test_a_network_with_an_entry_of_its_own_keeps_it_in_a_flood() -> None:
    log = log_of(*failures(100), failure("more", NOW + timedelta(minutes=5), network(3)))
    assert (log.entries[0].id, log.entries[0].count, log.entries[0].network) == (
        "f3",
        2,
        "2001:db8:0:3::/64",
    )


def test_failures_of_months_keep_the_newest_apart_and_lose_none() -> None:
    days = MAX_REPEATED + 30
    log = log_of(*failures(days, timedelta(days=1)), now=NOW + timedelta(days=days))
    assert counts(log, "failed") == [1] * (MAX_REPEATED - 1) + [31]
    oldest = log.entries[-1]
    assert (oldest.id, oldest.began_at, oldest.at) == ("f0", NOW, NOW + timedelta(days=30))


def test_a_flood_takes_one_entry_of_an_hour_from_those_before_it() -> None:
    before = failures(MAX_REPEATED, timedelta(days=1), "before")
    flood = [
        failure(f"now{number}", NOW + timedelta(days=30), network(1000 + number)) for number in range(500)
    ]
    log = log_of(*before, *flood, now=NOW + timedelta(days=30))
    assert counts(log, "failed") == [500] + [1] * (MAX_REPEATED - 2) + [2]


def test_each_reason_has_a_part_of_its_own() -> None:
    codes = [
        SecurityEntry.of(
            f"c{number}", "failed", NOW, Actor("", Client(network(number))), "wrong_code", repeats=True
        )
        for number in range(MAX_ENTRIES)
    ]
    log = log_of(failure("a"), *codes)
    assert [it.count for it in log.entries if it.reason == "wrong_password"] == [1]
    assert sum(it.count for it in log.entries if it.reason == "wrong_code") == MAX_ENTRIES


def act(id: str, type: str, at: datetime = NOW, by: str = "u1", **more: Any) -> SecurityEntry:
    return SecurityEntry.of(id, type, at, Actor(by, Client("192.0.2.1")), **more)


def test_a_log_is_bounded() -> None:
    log = log_of(*(entry(f"e{number}", NOW + timedelta(seconds=number)) for number in range(OTHERS + 5)))
    assert (len(log.entries), log.entries[0].id) == (OTHERS, f"e{OTHERS + 4}")
    assert (log.entries[-1].id, log.entries[-1].count) == ("e0", 6)


def test_failures_for_every_reason_and_every_act_stay_within_the_log() -> None:
    log = log_of(*(entry(f"e{number}") for number in range(OTHERS)))
    for reason in ("wrong_password", "wrong_code", "account_disabled", "not_confirmed"):
        for number in range(60):
            hour = NOW + timedelta(hours=number)
            client = Client(network(number))
            failed = SecurityEntry.of(
                f"{reason}{number}", "failed", hour, Actor("", client), reason, repeats=True
            )
            log = log.with_entry(failed, hour)
    assert counts(log, "renamed") == [1] * OTHERS
    assert (len(counts(log, "failed")), sum(counts(log, "failed"))) == (MAX_FAILURES, 240)
    reasons = {it.reason for it in log.entries if it.type == "failed"}
    assert reasons == {"wrong_password", "wrong_code", "account_disabled", "not_confirmed"}


def test_names_that_a_thief_gives_in_a_full_log_are_one_entry() -> None:
    log = log_of(*(act(f"s{number}", "signed_in") for number in range(OTHERS)))
    for number in range(300):
        later = NOW + timedelta(minutes=number)
        client = Client(network(number))
        name = SecurityEntry.of(f"n{number}", "named", later, Actor("u1", client), repeats=True)
        log = log.with_entry(name, later)
    assert (counts(log, "named"), sum(counts(log, "signed_in"))) == ([300], OTHERS)
    assert len(counts(log, "signed_in")) == OTHERS - 1


@pytest.mark.parametrize("by", ["u1", "an-admin"])
def test_no_act_pushes_out_another_however_often_it_is_done(by: str) -> None:
    rare = [
        act("r1", "registered"),
        act("r2", "signed_out", reason="password_changed"),
        act("r3", "access_changed", by="another-admin", reason="editor"),
    ]
    often = [
        act(f"{type}{number}", type, NOW + timedelta(seconds=number), by, reason=reason)
        for number in range(MAX_ENTRIES)
        for type, reason in [("signed_in", "password"), ("signed_out", "logout"), ("access_changed", "admin")]
    ]
    log = log_of(*rare, *often)
    assert len(log.entries) == OTHERS
    assert {"r1", "r2", "r3"} <= {it.id for it in log.entries}
    assert sum(it.count for it in log.entries) == len(rare) + len(often)


def test_a_log_of_more_kinds_than_entries_loses_the_oldest() -> None:
    acts = [
        act(f"e{number}", f"type {number}", NOW + timedelta(seconds=number)) for number in range(OTHERS + 1)
    ]
    log = log_of(*acts)
    assert (len(log.entries), log.entries[-1].id) == (OTHERS, "e1")


def test_a_log_that_was_flooded_before_gets_in_order() -> None:
    full = SecurityLog("u1", tuple(reversed(failures(MAX_ENTRIES))))
    registered = full.with_entry(act("r", "registered", NOW + timedelta(hours=2)), NOW)
    assert counts(registered, "registered") == [1]
    assert (len(registered.entries), sum(counts(registered, "failed"))) == (MAX_FAILURES + 1, MAX_ENTRIES)
    one_more = registered.with_entry(failure("x", NOW + timedelta(hours=2)), NOW)
    assert len(counts(one_more, "failed")) == MAX_REPEATED
    assert sum(counts(one_more, "failed")) == MAX_ENTRIES + 1


def test_a_late_arrival_changes_neither_the_order_nor_where_the_last_came_from() -> None:
    late = failure("b", NOW - timedelta(seconds=1), "2001:db8::2")
    log = log_of(failure("a", address="2001:db8::1"), late)
    [one] = log.entries
    assert (one.at, one.began_at, one.address, one.count) == (NOW, late.at, "2001:db8::1", 2)


def test_old_entries_go() -> None:
    old, later = entry("a"), NOW + KEPT_FOR
    assert log_of(old).recent(later) == ()
    assert [it.id for it in log_of(old).with_entry(entry("b", later), later).entries] == ["b"]


def test_an_erased_log_stays_empty() -> None:
    erased = log_of(entry("a")).erased(NOW)
    assert erased.entries == ()
    assert erased.with_entry(entry("b"), NOW) is erased
