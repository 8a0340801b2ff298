"""Use cases of mailed codes.

Nothing that a requester sees depends on whether an address has an account: for an unknown one the same
documents are written, and their delivery drops the mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from auth_service.accounts.emails import claim_id, email_or_none
from auth_service.accounts.errors import AccountDisabled
from auth_service.accounts.model import User, existing, is_live
from auth_service.accounts.ports import EmailClaimRepository, UserRepository
from auth_service.clients import Client
from auth_service.codes.derivation import CodeDerivation
from auth_service.codes.errors import InvalidCode
from auth_service.codes.issuing import CodeHandle, CodeIssuer
from auth_service.codes.model import CodePurpose, CodeRequest, IssuedCode, MailedCodes
from auth_service.codes.ports import (
    CodeRequestRepository,
    CodeThrottle,
    KnownDeviceReader,
    MailedCodesRepository,
    OwnersLog,
)
from auth_service.security_log.events import UserResetSent
from auth_service.security_log.model import Actor
from shared.aggregates.change import Change
from shared.clock import Clock

_NOBODY = "nobody"
_Subject = Callable[[MailedCodes], str]
_HANDLE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """A code that was right, and its account. It is not used yet."""

    request: CodeRequest
    code: IssuedCode
    user: User
    to: str


class CodeService:
    """Gives out codes, checks them and uses them up."""

    def __init__(
        self,
        *,
        users: UserRepository,
        claims: EmailClaimRepository,
        codes: MailedCodesRepository,
        requests: CodeRequestRepository,
        issuer: CodeIssuer,
        derivation: CodeDerivation,
        throttle: CodeThrottle,
        devices: KnownDeviceReader,
        log: OwnersLog,
        clock: Clock,
    ) -> None:
        self._users = users
        self._claims = claims
        self._codes = codes
        self._requests = requests
        self._issuer = issuer
        self._derivation = derivation
        self._throttle = throttle
        self._devices = devices
        self._log = log
        self._clock = clock

    async def request(self, email: str, purpose: CodePurpose, client: Client) -> CodeHandle:
        """Mails a code to the address if it has an account. Raises `TooManyRequests`."""
        address = email_or_none(email)
        account = claim_id(address or email)
        is_known = await self._devices.find(address, client) is not None
        may_mail = await self._throttle.mail(account, client, is_known=is_known)
        claim = await self._claims.get(account)
        user = await self._users.get(claim.user_id if claim else _NOBODY)
        known = user if is_live(user) and user.email == address else None
        code = await self._issuer.issue(
            purpose,
            account,
            # An address without an account gets an id of no account, the same one each time.
            user_id=known.id if known else account[:32],
            credentials_version=known.credentials_version if known else 1,
            may_mail=may_mail,
        )
        return await self._issuer.request(purpose, account, code)

    async def send_reset(self, actor: Actor, user_id: str) -> None:
        """Mails a code for a new password to the account's address, for an administrator. The owner asks for
        a handle at `/codes`, and gets one for this code. Raises `AccountNotFound`, `AccountDisabled`."""
        user = existing(await self._users.get(user_id))
        if user.disabled:
            raise AccountDisabled("The account is disabled, so no code opens it. Enable it first.")
        await self._issuer.issue(
            CodePurpose.RESET,
            claim_id(user.email),
            user_id=user.id,
            credentials_version=user.credentials_version,
        )
        await self._log.record_act(user.id, partial(UserResetSent, user.id, by=actor.id), actor)

    async def request_change(self, user: User, email: str) -> CodeHandle:
        """Mails a code for the change of the account's address to the new address, in its normal form. If
        that has an account, the mail says so instead. The password was confirmed, so the network does not
        count. Raises `TooManyRequests`."""
        await self._throttle.change_mail(user.id, claim_id(email))
        subject = _change(user.id, email)
        code = await self._issuer.issue(
            CodePurpose.CHANGE_EMAIL,
            subject,
            user_id=user.id,
            credentials_version=user.credentials_version,
            to=email,
        )
        return await self._issuer.request(CodePurpose.CHANGE_EMAIL, subject, code)

    async def check(
        self, code_id: str, given: str, purpose: CodePurpose, email: str, client: Client
    ) -> CheckedCode:
        """Counts a try, and checks the code. Raises `InvalidCode`."""
        account = claim_id(email_or_none(email) or email)
        checked = await self._check(code_id, given, purpose, lambda _: account, client)
        if claim_id(checked.user.email) != account:
            raise InvalidCode
        return checked

    async def check_change(self, code_id: str, given: str, user_id: str, client: Client) -> CheckedCode:
        """As `check`, for the code that `request_change` mailed to `to`."""
        purpose = CodePurpose.CHANGE_EMAIL
        return await self._check(code_id, given, purpose, lambda mailed: _change(user_id, mailed.to), client)

    async def spend(self, checked: CheckedCode) -> None:
        """Uses the code up: of several at the same time, one succeeds. Raises `InvalidCode`."""
        nonce, now = checked.code.nonce, self._clock.now()

        def spend(mailed: MailedCodes | None) -> Change[MailedCodes, None]:
            code = mailed.find(nonce) if mailed else None
            if mailed is None or code is None or not code.usable(now):
                raise InvalidCode
            return Change(mailed.spend(nonce), None)

        await self._codes.update(checked.request.codes_id, spend)

    async def give_back(self, checked: CheckedCode) -> None:
        """Takes the try back: the code was right, and something else in the request was wrong."""

        def give_back(request: CodeRequest | None) -> Change[CodeRequest, None]:
            return Change(request.given_back() if request else None, None)

        await self._requests.update(checked.request.id, give_back)

    async def _check(
        self, code_id: str, given: str, purpose: CodePurpose, subject_of: _Subject, client: Client
    ) -> CheckedCode:
        request = await self._try(code_id)
        mailed = await self._codes.get(request.codes_id)
        code = mailed.find(request.nonce) if mailed else None
        if mailed is None or code is None or not code.usable(self._clock.now()):
            raise InvalidCode
        subject = subject_of(mailed)
        belongs = self._derivation.is_codes_id(mailed.id, purpose, subject)
        is_right = self._derivation.matches(given, mailed.id, code.nonce)
        user = await self._users.get(code.user_id)
        known = user if is_live(user) and user.credentials_version == code.credentials_version else None
        if not is_right or not belongs or known is None:
            user_id = known.id if known else None
            await self._log.record_failure(user_id, mailed.id, client, "wrong_code")
            raise InvalidCode
        return CheckedCode(request, code, known, mailed.to)

    async def _try(self, code_id: str) -> CodeRequest:
        """The request, with this try counted before its code is looked at. Raises `InvalidCode`."""
        if not _HANDLE.fullmatch(code_id):
            raise InvalidCode
        now = self._clock.now()

        def attempt(request: CodeRequest | None) -> Change[CodeRequest, CodeRequest]:
            tried = request.tried(now) if request else None
            if tried is None:
                raise InvalidCode
            return Change(tried, tried)

        return await self._requests.update(code_id, attempt)


def _change(user_id: str, email: str) -> str:
    return f"{user_id}.{claim_id(email)}"
