"""The list of problem types is that of the code: nothing is answered that it does not explain."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import orjson
import pytest

import auth_service
import cart_service
import product_service
import shared
from shared.errors import ShopError
from shared.http.problem import GATEWAY_PROBLEMS as OF_THE_GATEWAY
from shared.http.problem_schemas import OF_STATUS
from shared.http.problem_types import BY_CODE, PROBLEM_TYPES, ProblemType

ROOT = Path(__file__).parents[2]
PACKAGES = (shared, auth_service, product_service, cart_service)
DOCUMENT = orjson.loads((ROOT / "shared/http/openapi.json").read_bytes())
ONLY_BASES = {"ShopError", "_RetryLater", "Conflict", "PreconditionFailed"}
"""Classes that only others are made of: each of those says more exactly what is wrong."""


def error_classes() -> list[type[ShopError]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    ours = tuple(package.__name__ for package in PACKAGES)
    return [it for it in descendants(ShopError) if it.__module__.startswith(ours)]


def descendants(base: type[ShopError]) -> Iterator[type[ShopError]]:
    yield base
    for kind in base.__subclasses__():
        yield from descendants(kind)


ERRORS = [error for error in error_classes() if error.__name__ not in ONLY_BASES]


def test_every_error_of_the_code_is_listed_and_every_listed_one_exists() -> None:
    assert {error.code for error in ERRORS} == set(BY_CODE)
    assert len(BY_CODE) == len(PROBLEM_TYPES)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_list_and_the_code_agree_on_status_and_title(error: type[ShopError]) -> None:
    listed = BY_CODE[error.code]
    assert (listed.status, listed.title) == (error.status, error.title)


def test_a_class_that_is_only_a_base_is_never_raised() -> None:
    raised = {
        node.func.id
        for package in PACKAGES
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert raised & ONLY_BASES == set()


def sources(package: ModuleType) -> Iterator[Path]:
    yield from Path(package.__path__[0]).rglob("*.py")


def test_a_member_that_is_told_is_listed() -> None:
    told = {
        key.value
        for package in PACKAGES
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    }
    listed = {member for problem in PROBLEM_TYPES for member in problem.members}
    assert told
    assert told <= listed


def test_what_the_gateway_answers_by_itself_is_listed() -> None:
    assert {problem.code for problem in OF_THE_GATEWAY.values()} <= set(BY_CODE)
    for status, problem in OF_THE_GATEWAY.items():
        assert BY_CODE[problem.code].status == status


def test_the_document_enumerates_every_type() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["ProblemType"]["enum"] == [problem.uri for problem in PROBLEM_TYPES]
    assert schemas["Problem"]["properties"]["type"] == {"$ref": "#/components/schemas/ProblemType"}


@pytest.mark.parametrize("status", OF_STATUS)
def test_the_problems_of_a_status_are_those_that_have_it(status: int) -> None:
    schema = DOCUMENT["components"]["schemas"][OF_STATUS[status]]
    enumerated = schema["allOf"][1]["properties"]["type"]["enum"]
    assert enumerated == [problem.uri for problem in PROBLEM_TYPES if problem.status == status]


@pytest.mark.parametrize("problem", PROBLEM_TYPES, ids=lambda problem: problem.code)
@pytest.mark.parametrize("page", ["docs/problems.md", "shared/http/assets/problems.html"])
def test_a_page_says_when_a_problem_comes_and_what_to_do(page: str, problem: ProblemType) -> None:
    text = " ".join((ROOT / page).read_text().split())
    mark = f"### {problem.code} " if page.endswith(".md") else f'<article id="{problem.code}">'
    entry = text.partition(mark)[2].partition("###" if page.endswith(".md") else "</article>")[0]
    plain = entry.replace("<code>", "`").replace("</code>", "`").replace("&quot;", '"')
    assert problem.when in plain
    assert problem.remedy in plain
    assert problem.remedy.endswith(".")
    assert problem.when.endswith(".")
