"""The documentation page, used as a person uses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import ConsoleMessage, Locator, Page, Request

from trolley.openapi.operations import ApiOperation, operations_of

_ANSWERED_WITH_AN_ERROR = "Failed to load resource: the server responded with a status of"


@dataclass(frozen=True, slots=True)
class Executed:
    """What the page showed of an operation before and after Execute was pressed, without touching a field."""

    operation: ApiOperation
    status: str
    wrong_fields: Sequence[str]
    """Optional ones that hold a value, and required ones that hold none."""
    height: int
    """In pixels, with the answer."""


_WRONG_FIELDS = """(block) => [...block.querySelectorAll("tr[data-param-name]")]
    .map((row) => [
        row.dataset.paramName,
        row.querySelector(".parameter__name").classList.contains("required"),
        row.querySelector("input, select").value.replace("--", "") !== "",
    ])
    .filter(([, required, filled]) => required !== filled)
    .map(([name]) => name)"""


class DocsPage:
    """A page of the browser at `/docs`, with what it has asked other hosts and written to its console."""

    def __init__(self, page: Page, client: httpx.AsyncClient) -> None:
        self.page = page
        self._client = client
        self.other_hosts: list[str] = []
        self.console_errors: list[str] = []
        page.set_default_timeout(120_000)
        page.on("request", self._note_host)
        page.on("console", self._note_error)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    async def open(self, path: str = "/docs") -> None:
        """Returns once the operations are there."""
        await self.page.goto(str(self._client.base_url.join(path)))
        await self.page.locator(".opblock").first.wait_for()

    async def authorize(self, email: str, password: str) -> None:
        """Signs in by the dialog."""
        await self.page.locator(".btn.authorize").first.click()
        dialog = self.page.locator(".modal-ux")
        for log_out in await dialog.get_by_role("button", name="Remove authorization").all():
            await log_out.click()
        await dialog.locator("#oauth_username").fill(email)
        await dialog.locator("#oauth_password").fill(password)
        await dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
        await dialog.get_by_role("button", name="Remove authorization").wait_for()
        await dialog.get_by_role("button", name="Close").first.click()

    async def access_token(self) -> str | None:
        """Of the page; None before anybody signed in."""
        kept: dict[str, Any] = await self.page.evaluate(
            "JSON.parse(sessionStorage.getItem('docs.session') ?? '{}')"
        )
        return next((entry["token"]["access_token"] for entry in kept.values() if "token" in entry), None)

    async def is_signed_in(self) -> bool:
        """Whether the page's token is there, and good."""
        token = await self.access_token()
        if not token:
            return False
        headers = {"Authorization": f"Bearer {token}"}
        return (await self._client.get("/api/v1/auth/me", headers=headers)).is_success

    async def operations(self) -> Sequence[ApiOperation]:
        """All that the document lists."""
        return operations_of((await self._client.get("/openapi.json")).raise_for_status().json())

    def block(self, operation: ApiOperation) -> Locator:
        """The part of the page that shows the operation."""
        path = self.page.locator(f'[data-path="{operation.path}"]')
        return self.page.locator(f".opblock-{operation.method}").filter(has=path)

    async def unfold(self, operation: ApiOperation) -> Locator:
        block = self.block(operation)
        await block.locator(".opblock-summary-control").click()
        await block.locator(".execute").wait_for()
        return block

    async def fold(self, operation: ApiOperation) -> None:
        await self.block(operation).locator(".opblock-summary-control").click()

    async def execute(self, operation: ApiOperation) -> Executed:
        """Unfolds the operation, presses Execute without touching a field, and folds it again."""
        block = await self.unfold(operation)
        wrong_fields = await block.evaluate(_WRONG_FIELDS)
        await block.locator(".execute").click()
        shown = block.locator(".live-responses-table tbody .response-col_status, .validation-errors li").first
        status = (await shown.inner_text()).split("\n")[0].strip()
        if not status.isdigit():
            status = await shown.locator("xpath=..").inner_text()
        height = await block.evaluate("(block) => block.offsetHeight")
        await self.fold(operation)
        return Executed(operation, status, wrong_fields, height)

    async def send(self, operation: ApiOperation, **members: str) -> str:
        """Executes the operation with these members in its JSON body, and returns the text of the answer."""
        block = await self.unfold(operation)
        if members:
            body = block.locator("textarea")
            await body.fill(json.dumps({**json.loads(await body.input_value()), **members}))
        await block.locator(".execute").click()
        answer = await block.locator(".live-responses-table tbody").first.inner_text()
        await self.fold(operation)
        return answer

    async def is_wider_than_the_window(self) -> bool:
        """Whether a reader has to scroll sideways."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    async def shown_paths(self) -> set[str]:
        """The paths of the operations in view."""
        paths = await self.page.locator(".opblock-summary-path").all()
        return {str(await path.get_attribute("data-path")) for path in paths}

    def _note_host(self, request: Request) -> None:
        if not request.url.startswith((str(self._client.base_url), "data:", "blob:")):
            self.other_hosts.append(urlsplit(request.url).netloc)

    def _note_error(self, message: ConsoleMessage) -> None:
        """The browser calls each answer of 4xx an error of the console; it is none of the page."""
        if message.type == "error" and not message.text.startswith(_ANSWERED_WITH_AN_ERROR):
            self.console_errors.append(message.text)
