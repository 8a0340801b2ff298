"""Issuing codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from auth_service.accounts.emails import claim_id
from auth_service.codes.derivation import CodeDerivation
from auth_service.codes.events import code_issued
from auth_service.codes.model import (
    CODE_LIFE,
    REPEATED_FOR,
    CodePurpose,
    CodeRequest,
    IssuedCode,
    MailedCodes,
)
from auth_service.codes.ports import CodeRequestRepository, MailedCodesRepository
from shared.aggregates.change import Change
from shared.clock import Clock

_FIRST_CREDENTIALS = 1


@dataclass(frozen=True, slots=True)
class CodeHandle:
    """What the requester of a code gets. `expires_in` is in seconds."""

    code_id: str
    expires_in: int


class CodeIssuer:
    """Issues codes. The outbox of their document mails them, so none is lost while the mail server is
    away."""

    def __init__(
        self,
        codes: MailedCodesRepository,
        requests: CodeRequestRepository,
        derivation: CodeDerivation,
        clock: Clock,
    ) -> None:
        self._codes = codes
        self._requests = requests
        self._derivation = derivation
        self._clock = clock

    async def issue(
        self,
        purpose: CodePurpose,
        subject: str,
        *,
        user_id: str,
        credentials_version: int,
        may_mail: bool = True,
        to: str = "",
    ) -> IssuedCode:
        """The code of the subject, which is new or was mailed before (see `MailedCodes.repeatable`)."""
        now = self._clock.now()
        codes_id = self._derivation.codes_id(purpose, subject)
        new = IssuedCode(
            secrets.token_hex(16), user_id, credentials_version, now, now + CODE_LIFE + REPEATED_FOR
        )

        def issue(mailed: MailedCodes | None) -> Change[MailedCodes, IssuedCode]:
            known = mailed or MailedCodes(codes_id, purpose)
            if repeated := known.repeatable(new, may_mail):
                written = known.repeated()
                return Change(written, repeated, [code_issued(written, repeated, now, is_repeat=True)])
            issued = MailedCodes(codes_id, purpose, to, known.codes, known.version).issue(new)
            return Change(issued, new, [code_issued(issued, new, now)])

        return await self._codes.update(codes_id, issue)

    async def issue_verification(self, user_id: str, email: str) -> None:
        """Issues the code that a new account gets, without a request. The page of the registration asks for a
        handle at `/codes`, and gets one for this code."""
        await self.issue(
            CodePurpose.VERIFY, claim_id(email), user_id=user_id, credentials_version=_FIRST_CREDENTIALS
        )

    async def request(self, purpose: CodePurpose, subject: str, code: IssuedCode) -> CodeHandle:
        """A handle, with tries of its own, for the issued code."""
        codes_id = self._derivation.codes_id(purpose, subject)
        now = self._clock.now()
        expires_at = min(code.expires_at, now + CODE_LIFE)
        request = CodeRequest(secrets.token_hex(16), codes_id, code.nonce, expires_at)
        await self._requests.update(request.id, lambda _: Change(request, None), is_first=True)
        return CodeHandle(request.id, int((expires_at - now).total_seconds()))
