"""What auth_service keeps."""

from __future__ import annotations

from auth_service.accounts.store import EMAIL_CLAIMS, USERS
from auth_service.keys.store import SIGNING_KEYS
from auth_service.sessions.store import SESSIONS

COLLECTIONS = (USERS, EMAIL_CLAIMS, SESSIONS, SIGNING_KEYS)
