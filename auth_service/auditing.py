"""The part of the composition root whose events go to the owner's log, are published, and ask for mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from auth_service.accounts.store import USERS, StoredUsers
from auth_service.codes.store import MAILED_CODES, forget_new_addresses
from auth_service.mail.notices import NoticeDelivery
from auth_service.mail.store import StoredNotices
from auth_service.security_log.delivery import RecordingPublisher
from auth_service.security_log.service import SecurityLogService
from auth_service.security_log.store import SECURITY_LOGS, StoredSecurityLogs
from auth_service.sessions.revocations import RevokingDelivery
from auth_service.sessions.store import SESSIONS, StoredSessions
from shared.aggregates.outbox import Outbox, publish_to
from shared.backends import Backends
from shared.security.revocations import revocations_bucket
from shared.store.ports import DocumentStore


@dataclass(frozen=True, slots=True)
class Audited:
    """The repositories whose events go to the owner's log before they are published, and the store and the
    outbox of each."""

    users: StoredUsers
    sessions: StoredSessions
    security_logs: StoredSecurityLogs
    outboxes: Sequence[tuple[DocumentStore, Outbox]]


async def open_audited(backends: Backends, notices: StoredNotices) -> Audited:
    """Opens them. Notices in their events go to `notices`. Nothing runs in the background until the outboxes
    are started."""
    collections = (USERS, SESSIONS, SECURITY_LOGS)
    users, sessions, logs = [await backends.stores.open(collection) for collection in collections]
    log_outbox = Outbox(publish_to(backends.bus), clock=backends.clock)
    security_logs = StoredSecurityLogs(logs, log_outbox)
    forget = partial(forget_new_addresses, await backends.stores.open(MAILED_CODES))
    recording = RecordingPublisher(backends.bus, SecurityLogService(security_logs, backends.clock), forget)
    config = revocations_bucket(backends.settings)
    revoke = partial(RevokingDelivery, backends.bus, config, backends.verifier.end, recording.publish)
    session_outbox = Outbox(revoke(), clock=backends.clock)
    stored_sessions = StoredSessions(sessions, session_outbox)
    user_outbox = Outbox(NoticeDelivery(revoke(stored_sessions), notices), clock=backends.clock)
    return Audited(
        StoredUsers(users, user_outbox),
        stored_sessions,
        security_logs,
        [(users, user_outbox), (sessions, session_outbox), (logs, log_outbox)],
    )
