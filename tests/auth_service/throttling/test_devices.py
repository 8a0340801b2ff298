"""Device tokens are readable for the user that they were made for, and for nobody else."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.throttling.devices import DEVICE_TOKEN_MAX, DeviceTokens
from tests.support.clock import MovableClock

START = datetime(2026, 3, 1, tzinfo=UTC)
KEY, NEXT_KEY = b"k" * 32, b"n" * 32


@dataclass(frozen=True)
class Owner:
    id: str
    credentials_version: int = 1
    devices_from: int = 0


ANA, BEN = Owner("0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"), Owner("0198c1d2e3f47a5b8c9d0e1f2a3b4c5e")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def devices(clock: MovableClock) -> DeviceTokens:
    return DeviceTokens([KEY], clock)


def test_a_token_tells_the_device_of_its_user(devices: DeviceTokens) -> None:
    token = devices.issue(ANA)
    device = devices.read(token, ANA)
    assert device
    assert devices.read(token, BEN) is None
    assert len(token) <= DEVICE_TOKEN_MAX
    assert devices.read(devices.issue(ANA), ANA) != device


def test_a_device_that_signs_in_again_stays_the_same_device(
    devices: DeviceTokens, clock: MovableClock
) -> None:
    token = devices.issue(ANA)
    clock.move(days=1)
    renewed = devices.issue(ANA, token)
    assert renewed != token
    assert devices.read(renewed, ANA) == devices.read(token, ANA)
    assert devices.read(devices.issue(BEN, token), BEN) != devices.read(token, ANA)


def test_a_token_lives_for_a_year(devices: DeviceTokens, clock: MovableClock) -> None:
    token = devices.issue(ANA)
    clock.ahead = timedelta(days=364)
    assert devices.read(token, ANA)
    clock.ahead = timedelta(days=365)
    assert devices.read(token, ANA) is None


def test_a_token_outlives_a_change_of_the_secret(clock: MovableClock) -> None:
    before, during = DeviceTokens([KEY], clock), DeviceTokens([NEXT_KEY, KEY], clock)
    after = DeviceTokens([NEXT_KEY], clock)
    token = before.issue(ANA)
    assert during.read(token, ANA)
    assert after.read(token, ANA) is None
    renewed = during.issue(ANA, token)
    assert after.read(renewed, ANA) == before.read(token, ANA)
    assert before.read(renewed, ANA) is None


def test_a_token_of_earlier_credentials_counts_until_the_account_says_otherwise(
    devices: DeviceTokens,
) -> None:
    token, changed = devices.issue(ANA), replace(ANA, credentials_version=2)
    claimed = replace(changed, devices_from=2)
    assert devices.read(token, changed)
    assert devices.read(token, claimed) is None
    assert devices.read(devices.issue(claimed), claimed)
    assert devices.read(devices.issue(claimed, token), claimed) != devices.read(token, ANA)


def test_a_proof_from_before_a_claim_gives_no_token_that_counts(devices: DeviceTokens) -> None:
    """However late the token is made."""
    claimed = replace(ANA, credentials_version=2, devices_from=2)
    assert devices.read(devices.issue(ANA), claimed) is None


def test_a_token_of_the_former_form_counts_until_a_claim(devices: DeviceTokens, clock: MovableClock) -> None:
    payload = f"{ANA.id}.0198c1d2.{int(clock.now().timestamp())}"
    proof = urlsafe_b64encode(hmac.digest(KEY, payload.encode(), hashlib.sha256)).rstrip(b"=").decode()
    token = f"{payload}.{proof}"
    assert devices.read(token, ANA) == "0198c1d2"
    assert devices.read(token, replace(ANA, credentials_version=2, devices_from=2)) is None


@given(data=st.data())
def test_an_altered_token_is_none(data: st.DataObject) -> None:
    devices = DeviceTokens([KEY], MovableClock(START))
    token = devices.issue(ANA)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[at]))
    assert devices.read(f"{token[:at]}{other}{token[at + 1 :]}", ANA) is None


@given(text=st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    devices = DeviceTokens([KEY], MovableClock(START))
    assert devices.holder(text) is None
    assert devices.holder(f"{ANA.id}.{text}.1.{text}") is None


@pytest.mark.parametrize("text", [None, "", ".", "...", f"{ANA.id}.1.1.", "x" * 10**6, "é" * 40])
def test_what_is_no_token_is_none(devices: DeviceTokens, text: str | None) -> None:
    assert devices.holder(text) is None
