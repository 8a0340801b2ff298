"""Tests wait for conditions, so that they pass on any machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLOCKS = {"time", "monotonic", "perf_counter", "monotonic_ns", "perf_counter_ns"}


def modules() -> list[Path]:
    return sorted(TESTS.rglob("test_*.py"))


def asks_a_clock(node: ast.AST) -> bool:
    return any(
        isinstance(it, ast.Call) and isinstance(it.func, ast.Attribute) and it.func.attr in CLOCKS
        for it in ast.walk(node)
    )


def names(node: ast.AST) -> set[str]:
    return {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}


def differences_of_times(function: ast.AST) -> set[str]:
    """The names of what was computed as how long something took."""
    assigned = [it for it in ast.walk(function) if isinstance(it, (ast.Assign, ast.AugAssign))]
    return {
        name
        for it in assigned
        if asks_a_clock(it.value) and any(isinstance(part, ast.Sub) for part in ast.walk(it.value))
        for target in (it.targets if isinstance(it, ast.Assign) else [it.target])
        for name in names(target)
    }


def has_a_number(node: ast.AST) -> bool:
    return any(isinstance(it, ast.Constant) and type(it.value) in (int, float) for it in ast.walk(node))


def assertions_of_time(source: str) -> Iterator[int]:
    """The lines that compare how long something took with a number."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        took = differences_of_times(function)
        for it in ast.walk(function):
            if not isinstance(it, ast.Assert) or not has_a_number(it.test):
                continue
            if asks_a_clock(it.test) or names(it.test) & took:
                yield it.lineno


@pytest.mark.parametrize(
    "line",
    [
        "assert time.monotonic() - began < 5",
        "assert 0.1 < loop.time() - began",
        "took = time.perf_counter() - began\n    assert took < 1",
        "slow += time.monotonic() - began > 0.1\n    assert slow == 0",
    ],
)
def test_an_assertion_of_time_is_seen(line: str) -> None:
    assert list(assertions_of_time(f"def test() -> None:\n    {line}"))


def test_no_test_asserts_how_long_something_took() -> None:
    found = {str(path.relative_to(TESTS)): list(assertions_of_time(path.read_text())) for path in modules()}
    assert len(found) > 100
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_test_waits_less_than_patiently() -> None:
    hurried = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in modules()
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "eventually"
        if len(call.args) > 1 or any(keyword.arg == "timeout" for keyword in call.keywords)
    ]
    assert hurried == []
