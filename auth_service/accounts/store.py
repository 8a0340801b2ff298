"""The repositories: aggregates in a document store, with their events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from auth_service.accounts.claims import EmailClaim
from auth_service.accounts.documents import EmailClaimCodec, UserCodec
from auth_service.accounts.model import User
from auth_service.accounts.ports import Position, UserPage
from shared.aggregates.change import Change
from shared.aggregates.outbox import Outbox
from shared.aggregates.repository import AggregateRepository, Codec
from shared.store.ports import DocumentStore, Equals, Query

A = TypeVar("A")
R = TypeVar("R")


class StoredAggregates(Generic[A]):
    """Aggregates whose documents carry their undelivered events, and the outbox that delivers them."""

    def __init__(self, store: DocumentStore, codec: Codec[A], outbox: Outbox) -> None:
        self._store = store
        self._codec = codec
        self._outbox = outbox
        self._aggregates = AggregateRepository(store, codec, outbox)
        outbox.attach(self._aggregates, store)

    async def get(self, id: str) -> A | None:
        return await self._aggregates.get(id)

    async def get_many(self, ids: Sequence[str]) -> list[A | None]:
        return await self._aggregates.get_many(ids)

    async def update(self, id: str, change: Callable[[A | None], Change[A, R]]) -> R:
        return await self._aggregates.update(id, change)

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        return await self._outbox.flushed(id, timeout_seconds)


class StoredUsers(StoredAggregates[User]):
    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, UserCodec(), outbox)

    async def page(self, email: str | None, limit: int, after: Position | None) -> UserPage:
        conditions = [Equals("deleted", False)]
        if email is not None:
            conditions.append(Equals("email", email))
        found = await self._store.find(Query(conditions, ["created_at"], limit, after))
        users = [self._codec.from_document(document.id, document.body) for document in found.documents]
        return UserPage(users, found.total, found.total_is_exact, found.next_after)


class StoredEmailClaims(AggregateRepository[EmailClaim]):
    def __init__(self, store: DocumentStore) -> None:
        super().__init__(store, EmailClaimCodec())

    async def release(self, id: str, user_id: str) -> None:
        def check(claim: EmailClaim) -> None:
            if claim.user_id != user_id:
                raise _ClaimedByAnother

        try:
            await self.remove(id, check)
        except _ClaimedByAnother:
            return


class _ClaimedByAnother(Exception):
    """The address has been claimed by another account since."""
