"""Checks of the query of an address and of the body of a form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from shared.errors import FieldError, InvalidInput, MalformedRequest, PayloadTooLarge
from shared.http.media_type import FORM, require_media_type

_MOST_PARAMETERS = 200
_SHOWN = 64

Pairs = Sequence[tuple[str, str]]


def query_parameters(dependant: Dependant) -> dict[str, bool]:
    """The names of a route's query parameters, and whether each may be given several times."""
    names: dict[str, bool] = {}
    for dependency in dependant.dependencies:
        names |= query_parameters(dependency)
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields.items()
            names |= {each.alias or name: _is_list(each.annotation) for name, each in fields}
        else:
            names[field.alias] = _is_list(annotation)
    return names


def checked_query(raw: bytes, known: Mapping[str, bool]) -> bytes:
    """The query without empty parameters. Raises `MalformedRequest` and `InvalidInput`. The middleware has
    checked its length."""
    pairs = parse_pairs(raw, "query")
    errors = _unknown(pairs, known)
    twice = [name for name in repeated(pairs) if known.get(name) is False]
    errors += [FieldError(f"query:{name}", "Give this parameter once.") for name in twice]
    if errors:
        raise InvalidInput("Correct the parameters that `errors` names.", errors=errors)
    return urlencode([(name, value) for name, value in pairs if value.strip()]).encode()


def parse_pairs(raw: bytes, what: str) -> Pairs:
    """Names and values. Raises `MalformedRequest` for a text that is not UTF-8, and for too many pairs."""
    try:
        return parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The {what} is not UTF-8. Encode it as UTF-8.") from error
    except ValueError as error:
        raise MalformedRequest(
            f"The {what} has more than {_MOST_PARAMETERS} parameters. Send fewer."
        ) from error


def repeated(pairs: Pairs) -> list[str]:
    """The names that have more than one value."""
    given = [name for name, value in pairs if value.strip()]
    return sorted({name for name in given if given.count(name) > 1})


def _unknown(pairs: Pairs, known: Iterable[str]) -> list[FieldError]:
    choice = f"Use one of {', '.join(known)}." if known else "This route has no parameters."
    names = dict.fromkeys(name for name, _ in pairs if name not in known)
    return [FieldError(f"query:{name[:_SHOWN]}", f"There is no such parameter. {choice}") for name in names]


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_list(option) for option in get_args(annotation))
    return get_origin(annotation) in (list, set, tuple)


_LONGEST = 16_384


async def check_form(request: Request, fields: Collection[str]) -> None:
    """Raises `UnsupportedMediaType`, `PayloadTooLarge`, `MalformedRequest`, and `InvalidInput` if one of the
    `fields` is given twice. Other fields are ignored (RFC 6749, section 3.2)."""
    require_media_type(request, (FORM,))
    raw = await request.body()
    if len(raw) > _LONGEST:
        raise PayloadTooLarge(f"The form is larger than {_LONGEST} bytes. Send less.")
    if names := [name for name in repeated(parse_pairs(raw, "form")) if name in fields]:
        errors = [FieldError(f"/{name}", "Give this field once.") for name in names]
        raise InvalidInput(
            "A field is given more than once. Correct the fields that `errors` names.", errors=errors
        )
