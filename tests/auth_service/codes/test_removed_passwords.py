"""The password of an account that nobody had confirmed goes when the owner of the address comes."""

from __future__ import annotations

from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import PASSWORD, Person, fresh_email
from tests.support.mails import text_of

NEW = "staple horse battery"


async def test_the_owner_is_told_of_the_removed_password_and_how_to_get_another(
    codes: Codes, ana: Person
) -> None:
    answer = await codes.through(ana.email, "sign_in")
    owner = Person.of(codes.shop, ana.email, answer.json()["session"])
    assert "forgotten password" in text_of(await codes.mails.wait(ana.email, "no password"))
    requests: list[tuple[str, str, dict[str, str]]] = [
        ("POST", "/password", {"current_password": PASSWORD, "new_password": NEW}),
        ("POST", "/email", {"email": fresh_email(), "password": PASSWORD}),
        ("DELETE", "/me", {"password": PASSWORD}),
    ]
    for method, path, body in requests:
        refused = await owner.call(method, path, body)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:trolley:problem:no-password")
        assert "reset" in refused.json()["detail"]
