"""The documentation page needs nothing from another host."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import shared.http.docs

ASSETS = Path(shared.http.docs.__file__).parent / "assets"


async def test_the_page_and_all_it_refers_to(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assets = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text)
    script = (await client.get("/docs/docs.js")).text
    modules = [f"/docs/{name}" for name in re.findall(r'from "\./([^"]+)"', script)]
    assert len(modules) == 7
    for asset in [*assets, *modules]:
        answer = await client.get(asset)
        assert answer.status_code == 200
        assert answer.content
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")


async def test_it_keeps_a_strict_content_security_policy(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r"\son\w+=|<style|style=", page)
    own = [path.read_text() for path in ASSETS.iterdir()]
    assert not re.findall(r"https?://|//cdn|\beval\(|new Function", "".join(own))


async def test_each_service_can_be_chosen(client: httpx.AsyncClient) -> None:
    script = (await client.get("/docs/docs.js")).text
    for service in ("auth", "products", "cart"):
        assert f"/api/v1/{service}/openapi.json" in script
    assert '"/openapi.json"' in script


async def test_what_did_not_change_is_not_sent_again(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/docs/swagger-ui-bundle.js")).headers["etag"]
    answer = await client.get("/docs/swagger-ui-bundle.js", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fservice.py", "%2e%2e/service.py", "../service.py"])
async def test_only_its_own_files_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/{name}")).status_code == 404


async def test_the_whole_document_leads_to_every_service(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    services = {path.split("/")[3] for path in document["paths"]}
    assert services == {"auth", "products", "cart"}


async def test_every_service_explains_the_problems_that_it_names(client: httpx.AsyncClient) -> None:
    code = (await client.get("/api/v1/demo/nothing")).json()["type"].rpartition(":")[2]
    page = await client.get("/docs/problems")
    assert page.headers["content-type"].startswith("text/html")
    assert f'id="{code}"' in page.text
    (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
    assert (await client.get(style)).headers["content-type"].startswith("text/css")
    assert not re.findall(r"<script|<style|\sstyle=|https?://", page.text)
