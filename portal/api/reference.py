"""The description for machines, laid out for people: operations by paper, and the shapes they speak of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "ProblemDetails"

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape, or one parameter of an address."""

    name: str
    kind: str
    shape: str
    required: bool
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status an operation answers with."""

    status: str
    phrase: str
    shape: str


@dataclass(frozen=True, slots=True)
class Example:
    """A body that may be sent."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    key: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Field, ...]
    body: str
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that is sent or answered."""

    name: str
    text: str
    fields: tuple[Field, ...]


def with_code(text: str) -> SafeString:
    """A sentence of the description, with its `codes` as code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 -- escaped first


def operations_of(schema: Schema) -> dict[str, list[Operation]]:
    """Every operation, by the paper it is about."""
    groups: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                groups.setdefault(item[method]["tags"][0], []).append(_operation(path, method, item[method]))
    return groups


def shapes_of(schema: Schema) -> list[Shape]:
    """Every shape, by name."""
    return [
        Shape(name, with_code(shape.get("description", "")), tuple(_fields(shape)))
        for name, shape in sorted(schema["components"]["schemas"].items())
    ]


def _operation(path: str, method: str, told: Schema) -> Operation:
    sent = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers, problems = [], []
    for status, answer in told["responses"].items():
        shape = next((_shape_in(media["schema"]) for media in answer.get("content", {}).values()), "")
        if shape == PROBLEM:
            problems.append(status)
        else:
            answers.append(Answer(status, HTTPStatus(int(status)).phrase, shape))
    return Operation(
        key=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        text=with_code(told.get("description", "")),
        parameters=tuple(_parameter(one) for one in told.get("parameters", ())),
        body=_shape_in(sent.get("schema", {})),
        answers=tuple(answers),
        problems=tuple(problems),
        examples=tuple(
            Example(one.get("summary", name), json.dumps(one["value"], indent=2))
            for name, one in sent.get("examples", {}).items()
        ),
    )


def _parameter(told: Schema) -> Field:
    name = told["name"] if told["in"] != "header" else f"{told['name']}:"
    shape = {"description": told.get("description", ""), **told["schema"]}
    return _field(name, shape, told.get("required", False))


def _fields(shape: Schema) -> Iterator[Field]:
    required = shape.get("required", ())
    for name, told in shape.get("properties", {}).items():
        yield _field(name, told, name in required)


def _field(name: str, told: Schema, required: bool) -> Field:
    inner = told.get("items", {})
    words = told.get("enum") or inner.get("enum") or ()
    return Field(
        name=name,
        kind=_kind(told),
        shape=_shape_in(told),
        required=required,
        words=tuple(str(word) for word in words if word not in ("", None)),
        text=_text(told),
    )


def _text(told: Schema) -> SafeString:
    # The list of a field's words is appended to its description; they are shown anyway.
    return with_code(re.split(r"(?:^|\n\n)\* `", told.get("description", ""), maxsplit=1)[0])


def _kind(told: Schema) -> str:
    kinds = told.get("type", "")
    kind = next((one for one in kinds if one != "null"), "") if isinstance(kinds, list) else kinds
    if kind == "array":
        return f"list of {_kind(told['items'])}".strip()
    return str(told.get("format", kind))


def _shape_in(told: Schema) -> str:
    inner = [one for name in ("allOf", "oneOf", "anyOf") for one in told.get(name, ())]
    for one in (told, told.get("items", {}), *inner):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return ""
