"""The requests that cost a service most: for each place of its document that takes a text, a MiB of it."""

from __future__ import annotations

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

import orjson

MIB = 1_048_576
BODY = MIB - 4096
"""A body may have a MiB. A text of this size, with the JSON around it, still reaches its field."""
HEAVY = 32_000
"""Characters of accents that take more than a second to normalise, and not yet an hour."""
NDJSON = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"


def accents(length: int) -> str:
    """Text of so many characters whose accents normalisation has to put into their order: it moves each past
    all that stand before it."""
    half = length // 2
    return ("a" + "\u0300" * half + "\u0316" * half)[:length]


KINDS: dict[str, Callable[[int], str]] = {
    "accents": accents,
    "ligatures": lambda length: "\ufdfa" * length,  # of 18 letters each, once they are taken apart
    "marks of direction": lambda length: "\u202e\u200d" * (length // 2),
    "a coded domain": lambda length: ("a@xn--" + "a9" * length)[: max(length - 4, 0)] + ".com",
    "labels": lambda length: ("a@" + "b." * length)[: max(length - 3, 0)] + "com",
    "signs": lambda length: "@" * length,
    "dots": lambda length: "." * length,
    "digits": lambda length: "9" * length,
    "blanks": lambda length: " " * length,
}
"""Texts of so many characters that some reader of names, addresses, passwords, codes or tokens may be slow
with."""


@cache
def megabyte(kind: str, size: int = BODY) -> str:
    """Text of that kind of so many bytes in UTF-8."""
    return KINDS[kind](size).encode()[:size].decode(errors="ignore")


WORST = megabyte("accents")
LONG = accents(5_000)
"""Nearly 32 KiB when it is percent-encoded, the most that an address may have."""
BOMB = gzip.compress(bytes(64 * MIB))
MEMBERS = gzip.compress(b"") * 50_000
COMMON_HEADERS = (
    "Authorization",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Host",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "Range",
    "traceparent",
    "User-Agent",
    "X-Forwarded-For",
    "X-Request-Id",
)
"""Headers that the service or the framework may read on any route."""
CREDENTIALS = {
    "Authorization": b"Bearer %b",
    "Cookie": b"__Host-trolley-refresh=%b",
    "cookie": b"__Host-trolley-device=%b",
    "Device-Token": b"%b",
    "Origin": b"https://%b",
    "Sec-Fetch-Site": b"%b",
    "X-Forwarded-For": b"%b",
    "X-Gateway-Secret": b"%b",
}
"""Headers that say who sends a request, which a route may read where its document does not list them."""
NESTED = urlsafe_b64encode(b"[" * MIB)[:MIB]
CREDENTIAL_TEXTS = {
    "dots": b"a." * (MIB // 2),
    "dashes and dots": b"a-b." * 8_000,
    "a nested token": NESTED + b".e30." + b"A" * 86,
    "a token as long as one may be": NESTED[:4_000] + b".e30." + b"A" * 86,
    "addresses": b"2001:db8::1, " * 5_000,
    "letters beyond ASCII": "\u0300\u0316".encode() * 10_000,
    "semicolons": b"; a=b" * 6_000,
}

STRUCTURES = {
    "nested lists": b"[" * BODY,
    "nested objects": b'{"a":' * (BODY // 5),
    "many lists": b"[" + (b"[" * 500 + b"]" * 500 + b",") * (BODY // 1001) + b"0]",
    "many numbers": b"[" + b"0," * (BODY // 2) + b"0]",
    "escapes": b'{"name":"' + b"\\u0300" * (BODY // 6) + b'"}',
    "unknown fields": b"{" + b",".join(b'"%x":0' % number for number in range(BODY // 10)) + b"}",
    "a long name": b'{"' + b"x" * BODY + b'":0}',
    "a long number": b'{"quantity":' + b"9" * BODY + b"}",
    "nothing but space": b" " * BODY,
}


@dataclass(frozen=True, slots=True)
class WorstRequest:
    """`what` says where the text is."""

    what: str
    method: str
    target: str
    body: bytes
    headers: dict[str, bytes]

    @property
    def bodies(self) -> tuple[bytes, bytes]:
        """Two that differ in the kind of accents and cost the same."""
        return self.body, self.body.replace("\u0300".encode(), "\u0301".encode())


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    document: dict[str, Any]
    path: str
    method: str
    described: dict[str, Any]
    known: Mapping[str, Any] = field(default_factory=dict)

    def requests(self) -> Iterator[WorstRequest]:
        yield from self._parameters()
        yield from self._credentials()
        for media_type, content in self._contents():
            yield from self._bodies(media_type, self._resolved(content["schema"]))

    def header_requests(self) -> Iterator[WorstRequest]:
        """The parts that are read before the route is known, or by the framework on any route."""
        for name in COMMON_HEADERS:
            for text in (b',"' * (MIB // 2), b";" * 30_000):
                yield self._request(f"header {name} of {text[:2]!r}", headers={name: text})
        yield self._request("many headers", headers={f"x-{n}": b"1" for n in range(20_000)})

    def _credentials(self) -> Iterator[WorstRequest]:
        bodies = [
            (self._encoded(media_type, self._example(variant)), media_type)
            for media_type, content in self._contents()
            for variant in self._variants(self._resolved(content["schema"]))
        ]
        body, media_type = bodies[0] if bodies else (b"", "application/json")
        for name, form in CREDENTIALS.items():
            for what, text in CREDENTIAL_TEXTS.items():
                label = f"header {form.partition(b'%')[0].decode() or name} of {what}"
                yield self._request(label, body, media_type, headers={name: form % text})

    def _contents(self) -> list[tuple[str, Any]]:
        return list(self.described.get("requestBody", {}).get("content", {}).items())

    def _parameters(self) -> Iterator[WorstRequest]:
        for parameter in self.described.get("parameters", []):
            name, schema = parameter["name"], self._resolved(parameter["schema"])
            for text in (accents(_longest(schema)), LONG, WORST):
                label = f"{parameter['in']} {name} of {len(text)}"
                match parameter["in"]:
                    case "query":
                        yield self._request(label, query=f"?{name}={_quoted(text)}")
                    case "path":
                        yield self._request(label, path={name: _quoted(text)})
                    case "header":
                        yield self._request(label, headers={name: text.encode()})
        yield self._request("many parameters", query="?" + "&".join(f"x{n}=1" for n in range(50_000)))
        yield self._request("many parameters within the limit", query="?" + "&".join(["x=1"] * 8000))

    def _bodies(self, media_type: str, schema: dict[str, Any]) -> Iterator[WorstRequest]:
        for variant in self._variants(schema):
            example = self._example(variant)
            for name in variant.get("properties", {}):
                longest = self._length(variant["properties"][name])
                for what, text in self._texts(longest, media_type):
                    body = self._encoded(media_type, {**example, name: text})
                    yield self._request(f"{name} of {what}", body, media_type)
                many = self._encoded(media_type, {**example, name: [accents(8)] * 50_000})
                yield self._request(f"many {name}", many, media_type)
        for what, body in STRUCTURES.items():
            yield self._request(what, body, media_type)
        coded = {"Content-Encoding": b"gzip"}
        yield self._request("a bomb", BOMB, media_type, headers=coded)
        yield self._request("many members", MEMBERS, media_type, headers=coded)
        if media_type == NDJSON:
            for line in (b"\n", b"1\n", b"{}\n", b'{"sku":"A","name":"B","price":1}\n', b"\r\n"):
                lines = line * (MIB // len(line) if not line.strip() else 5000)
                yield self._request(f"many lines of {line!r}", lines, media_type)

    def _texts(self, longest: int, media_type: str) -> Iterator[tuple[str, str]]:
        """Each with its description. In a form, a character of them takes three times the bytes."""
        yield f"{HEAVY} accents", accents(HEAVY)
        for kind, make in KINDS.items():
            yield f"{longest} characters of {kind}", make(longest)[:longest]
            yield f"a MiB of {kind}", megabyte(kind, BODY // 3 if media_type == FORM else BODY)

    def _request(
        self,
        what: str,
        body: bytes = b"",
        media_type: str = "application/json",
        *,
        query: str = "",
        path: dict[str, str] | None = None,
        headers: dict[str, bytes] | None = None,
    ) -> WorstRequest:
        target = self.path
        for parameter in self.described.get("parameters", []):
            if parameter["in"] == "path":
                name = parameter["name"]
                usual = str(_value(self._resolved(parameter["schema"])))
                target = target.replace(f"{{{name}}}", (path or {}).get(name, usual))
        typed = {"Content-Type": media_type.encode()} if body else {}
        label = f"{self.method} {self.path}: {what}"
        sent = {"If-Match": b"*", **typed, **(headers or {})}
        return WorstRequest(label, self.method, target + query, body, sent)

    def _encoded(self, media_type: str, body: dict[str, Any]) -> bytes:
        if media_type == FORM:
            return "&".join(f"{name}={quote(str(value))}" for name, value in body.items()).encode()
        encoded = orjson.dumps(body)
        return encoded + b"\n" if media_type == NDJSON else encoded

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        found: dict[str, Any] = self.document["components"]["schemas"][reference.rpartition("/")[2]]
        return found

    def _variants(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        if self.path.endswith("/import"):
            return [self._resolved({"$ref": "#/components/schemas/ProductCreate"})]
        options = schema.get("oneOf") or schema.get("anyOf") or [schema]
        return [self._resolved(option) for option in options]

    def _example(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = schema.get("properties", {})
        wanted = dict.fromkeys([*schema.get("required", []), *(properties.keys() & self.known.keys())])
        return {name: self.known.get(name, _value(properties[name])) for name in wanted}

    def _length(self, schema: dict[str, Any]) -> int:
        return max((_longest(self._resolved(each)) for each in (schema, *schema.get("anyOf", []))), default=1)


def _value(schema: dict[str, Any]) -> Any:
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    return {"integer": 1, "boolean": True, "array": [], "object": {}}.get(schema.get("type", ""), "p1")


@cache
def _quoted(text: str) -> str:
    """Percent-encoded, of at most a MiB."""
    return quote(text[: MIB // 6])


def _longest(schema: dict[str, Any]) -> int:
    longest: int = schema.get("maxLength", 64)
    return longest


def worst_requests(
    document: dict[str, Any], known: Callable[[str], Mapping[str, Any]] = lambda _: {}
) -> Iterator[WorstRequest]:
    """Each operation's own; of one GET and one POST also those that any route has. `known` gives values for
    the fields of a path that the service accepts, so that the worst text beside them is looked at."""
    left = {"get", "post"}
    for path, described in document["paths"].items():
        for method, operation in described.items():
            found = Operation(document, path, method.upper(), operation, known(path))
            yield from found.requests()
            if method in left:
                yield from found.header_requests()
            left.discard(method)
