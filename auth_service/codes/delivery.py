"""Delivery of issued codes: by mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from auth_service.accounts.emails import claim_id
from auth_service.accounts.model import User, is_live
from auth_service.accounts.ports import EmailClaimRepository
from auth_service.accounts.registration import holds
from auth_service.codes.derivation import CodeDerivation
from auth_service.codes.events import is_repeat, nonce_of
from auth_service.codes.model import CODE_LIFE, CodePurpose, IssuedCode, MailedCodes
from auth_service.mail.model import Mail, MailKind
from auth_service.mail.service import MailService
from shared.aggregates.ports import Repository
from shared.events.envelope import Event


class CodeMailer:
    """Mails codes to the address that the account has. It drops a code whose address has no account that can
    sign in: whoever asked for the code cannot tell."""

    def __init__(
        self,
        codes: Repository[MailedCodes],
        users: Repository[User],
        claims: EmailClaimRepository,
        derivation: CodeDerivation,
        mails: MailService,
    ) -> None:
        self._codes = codes
        self._users = users
        self._claims = claims
        self._derivation = derivation
        self._mails = mails

    async def __call__(self, codes_id: str, events: Sequence[Event]) -> None:
        mailed = await self._codes.get(codes_id)
        for event in events:
            code = mailed.find(nonce_of(event)) if mailed else None
            if mailed and code:
                user = await self._users.get(code.user_id)
                if _gets_mails(user, code) and not is_repeat(event):
                    await self._mail(mailed, code, user)

    async def _mail(self, mailed: MailedCodes, code: IssuedCode, user: User) -> None:
        kind = MailKind(mailed.purpose.value)
        if mailed.purpose is CodePurpose.CHANGE_EMAIL and await self._is_taken(mailed.to, user):
            kind = MailKind.EMAIL_TAKEN
        text = "" if kind is MailKind.EMAIL_TAKEN else self._derivation.code(mailed.id, code.nonce)
        to = mailed.to or user.email
        await self._mails.send(Mail(code.nonce, kind, to, code.issued_at, code.issued_at + CODE_LIFE, text))

    async def _is_taken(self, email: str, user: User) -> bool:
        claim = await self._claims.get(claim_id(email))
        if claim is None or claim.user_id == user.id:
            return False
        return holds(await self._users.get(claim.user_id), claim_id(email))


def _gets_mails(user: User | None, code: IssuedCode) -> TypeGuard[User]:
    """Whether the code is still that of an account that can sign in."""
    return is_live(user) and not user.disabled and user.credentials_version == code.credentials_version
