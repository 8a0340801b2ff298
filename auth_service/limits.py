"""The limits that the settings choose."""

from __future__ import annotations

from datetime import timedelta

from auth_service.sessions.model import SessionLives
from auth_service.settings import AuthSettings
from auth_service.throttling.budgets import Budgets


def budgets_of(settings: AuthSettings) -> Budgets:
    return Budgets.of(
        failures_per_account=settings.auth_failures_per_account,
        failures_per_network=settings.auth_failures_per_network,
        failures_per_device=settings.auth_failures_per_device,
        first_wait=settings.auth_first_wait_seconds,
        longest_wait=settings.auth_longest_wait_seconds,
        sign_ups_per_minute=settings.auth_sign_ups_per_minute,
        guests_per_minute=settings.auth_guests_per_minute,
        mails_per_account=settings.auth_mails_per_account,
        mails_per_network=settings.auth_mails_per_network,
    )


def session_lives_of(settings: AuthSettings) -> SessionLives:
    return SessionLives(
        idle=timedelta(seconds=settings.auth_session_seconds),
        absolute=timedelta(seconds=settings.auth_session_longest_seconds),
        admin=timedelta(seconds=settings.auth_admin_session_seconds),
        grace=timedelta(seconds=settings.auth_refresh_grace_seconds),
    )
