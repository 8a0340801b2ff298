"""Events have classes, one way to be made, one form on the wire, and a line in docs/events.md."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import orjson
import pytest

from auth_service.accounts.events import SignOutReason
from auth_service.sessions.events import EndReason, SessionEnded
from cart_service.carts.events import CartPromoCodeDropped, CartUpdated
from cart_service.promotions.events import PromotionEnded, PromotionEvent
from product_service.products.events import ProductEvent
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event
from tests.architecture.event_samples import NOW, definitions, sample_events
from tests.product_service.catalogues import product
from trolley.cli.completion import EVERYTHING, SUBJECTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
WIRE_FORMS = (Path(__file__).parent / "event_wire_forms.jsonl").read_bytes().splitlines()
SERVICES = ("auth_service", "product_service", "cart_service")
MAKE_ENVELOPES = {
    "shared/events/envelope.py",
    "shared/events/domain_event.py",
    "trolley/cli/emit.py",
    "auth_service/codes/events.py",
}
"""An operator may emit an event of any type, also of one that no class has. The event of a mailed code is
never published."""


def _event_classes() -> dict[str, type[DomainEvent]]:
    """Those that have a type, by it."""
    declared = (
        value
        for package in (*SERVICES, "shared")
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
        if not module.name.endswith("__main__")
        for value in vars(importlib.import_module(module.name)).values()
    )
    events = (it for it in declared if isinstance(it, type) and issubclass(it, DomainEvent))
    return {kind.type: kind for kind in events if hasattr(kind, "type")}


CLASSES = _event_classes()


def _rows(heading: str) -> Iterator[list[str]]:
    section = PAGE.partition(f"# {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)


DOCUMENTED = {cells[0].strip("`"): cells[1:] for cells in _rows("Events")}
BUCKETS = {cells[0].strip("`"): cells[1] for cells in _rows("Buckets (key-value)")}


def _names(cell: str) -> set[str]:
    return {name for quoted in re.findall(r"`([^`]+)`", cell) for name in quoted.split(", ")}


def _data_of(kind: type[DomainEvent]) -> list[str]:
    """The names of its data, in their order."""
    samples = [event for event in sample_events() if event.type == kind.type]
    return list({name: None for event in samples for name in event.data})


@pytest.mark.parametrize("kind", list(CLASSES.values()), ids=list(CLASSES))
def test_a_class_is_named_after_its_type(kind: type[DomainEvent]) -> None:
    domain, _, verb = kind.type.partition(".")
    assert kind.__name__ == "".join(word.title() for word in (domain, *verb.split("_")))


def test_the_page_lists_every_class_and_nothing_else() -> None:
    assert sorted(name for name, *_ in _rows("Events")) == sorted(
        f"`{kind.__name__}`" for kind in CLASSES.values()
    )


@pytest.mark.parametrize("kind", list(CLASSES.values()), ids=list(CLASSES))
def test_the_page_tells_its_subject_and_data(kind: type[DomainEvent]) -> None:
    subject, _, data = DOCUMENTED[kind.__name__]
    assert re.sub(r"<\w+>", "*", subject) == f"`{kind.subjects()}`"
    if issubclass(kind, ProductEvent):
        assert data == "the entry"
    elif issubclass(kind, PromotionEvent):
        assert data == "the definition"
    else:
        assert data == ", ".join(f"`{name}`" for name in _data_of(kind))


def test_the_page_tells_the_entries_that_are_data() -> None:
    assert _names(BUCKETS["products"]) == set(product().entry())
    assert _names(BUCKETS["promotions"]) == {name for event in definitions() for name in event.data}


@pytest.mark.parametrize(("name", "reasons"), [("UserSignedOut", SignOutReason), ("SessionEnded", EndReason)])
def test_the_page_tells_the_reasons(name: str, reasons: object) -> None:
    assert _names(DOCUMENTED[name][1]) == set(get_args(reasons))


def test_the_samples_are_of_every_class() -> None:
    assert {event.type for event in sample_events()} == set(CLASSES)


@pytest.mark.parametrize(("event", "expected"), list(zip(sample_events(), WIRE_FORMS, strict=True)))
def test_an_event_keeps_its_form_on_the_wire(event: Event, expected: bytes) -> None:
    assert orjson.dumps(replace(event, id="e1").to_json()) == expected


@pytest.mark.parametrize("event", sample_events(), ids=lambda event: event.type)
def test_an_event_is_read_as_it_was_made(event: Event) -> None:
    read = CLASSES[event.type].from_event(Event.from_json(orjson.loads(orjson.dumps(event.to_json()))))
    again = read.to_event(NOW)
    assert replace(again, id=event.id) == event
    assert CLASSES[event.type].from_event(event) == read


@pytest.mark.parametrize("kind", [CartUpdated, CartPromoCodeDropped, PromotionEnded, SessionEnded])
def test_a_field_that_is_missing_is_named(kind: type[DomainEvent]) -> None:
    with pytest.raises(KeyError):
        kind.from_event(Event.new(kind.type, "e", 1, NOW, {}))


def test_events_are_made_by_their_classes_alone() -> None:
    paths = [path for package in (*SERVICES, "shared", "trolley") for path in (ROOT / package).rglob("*.py")]
    makers = {path.relative_to(ROOT).as_posix() for path in paths if _makes_envelopes(path)}
    assert makers <= MAKE_ENVELOPES


def test_subjects_are_written_nowhere_but_in_classes() -> None:
    types = "|".join(re.escape(type) for type in CLASSES)
    for package in SERVICES:
        for path in (ROOT / package).rglob("*.py"):
            written = re.findall(rf'"(?:shop\.)?(?:{types})\b[^"]*"', path.read_text())
            assert path.name == "events.py" or not written, path


def test_the_subjects_that_can_be_followed_are_those_of_all_events() -> None:
    domains = {kind.type.partition(".")[0] for kind in CLASSES.values()}
    assert set(SUBJECTS) == {EVERYTHING, *(f"shop.{domain}.>" for domain in domains)}


def _makes_envelopes(path: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any(ast.unparse(function) in ("Event", "Event.new") for function in calls)
