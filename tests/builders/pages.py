"""The forms of a page, as a browser has them: what is asked, what stands there already, and which buttons there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import Resolver404, resolve
from django.utils import timezone

from tests.builders.documents import a_picture

Values = dict[str, Any]

# What one types where only the kind of field is known.
TYPED = {
    "email": "kiran@elsewhere.example",
    "date": "",  # a day to come, see `_day`
    "datetime-local": "",
    "number": "1",
    "password": "correct horse battery staple",
    "url": "https://elsewhere.example/",
    "tel": "+44 20 7946 0018",
}
WORDS = "Because of the strike."


@dataclass(frozen=True)
class Control:
    """One field, or one button that says something."""

    name: str
    kind: str
    value: str = ""
    is_on: bool = True
    is_required: bool = False
    choices: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()

    @property
    def offered(self) -> str:
        """The first choice that says something."""
        return next((choice for choice in self.choices if choice), "")

    @property
    def is_typed(self) -> bool:
        """Whether anything at all can be written into it."""
        return self.kind not in ("hidden", "checkbox", "radio", "select", "select-multiple", "button", "file")


@dataclass(frozen=True)
class PageForm:
    """One form and one of its buttons: where it goes, and its fields."""

    door: str
    url: str
    page: str
    controls: tuple[Control, ...]
    button: tuple[str, str] = ("", "")
    of_page: frozenset[str] = frozenset()  # every name on the page, whichever form it is in
    is_offered: bool = True  # there is something to press; a form may stand there empty

    @property
    def names(self) -> frozenset[str]:
        """All that it asks for."""
        return frozenset(one.name for one in self.controls) | ({self.button[0]} - {""})

    @property
    def shape(self) -> tuple[Any, ...]:
        """What tells it from other forms to the same door; the keys and rows in names are alike."""
        stems = frozenset(name.partition(".")[0].rstrip("0123456789-") for name in self.names)
        return self.door, self.button[0], self.button[1][:20], stems

    def filled(self, typed: Mapping[str, str] | None = None, *, wholly: bool = False) -> Values:
        """What a browser sends when it is filled in: what must be said, or (`wholly`) everything that can be."""
        sent: Values = {}
        for one in self.controls:
            for value in _said(one, typed or {}, wholly, sent):
                sent.setdefault(one.name, []).append(value)
        if self.button[0]:
            sent[self.button[0]] = [self.button[1]]
        return {**sent, **{name: [value] for name, value in (typed or {}).items()}}


def _said(one: Control, typed: Mapping[str, str], wholly: bool, sent: Values) -> Iterator[Any]:
    is_owed = wholly or one.is_required
    if one.name in typed:
        return
    if one.kind == "checkbox":
        if one.is_on or (is_owed and one.name not in sent):
            yield one.value or "on"
    elif one.kind == "radio":
        if one.is_on or one.name not in sent:
            sent.pop(one.name, None)
            yield one.value
    elif one.kind == "select":
        yield one.value or (one.offered if is_owed else "")
    elif one.kind == "select-multiple":
        yield from one.value.split("\0") if one.value else [one.offered] if is_owed else ()
    elif one.kind == "file":
        if is_owed:
            yield a_file(dict(one.more).get("accept", ""))
    elif one.value or one.kind == "hidden" or not is_owed:
        yield one.value
    else:
        yield typed_into(one)


def typed_into(one: Control) -> str:
    """Something that fits the field, as far as the field says what it wants."""
    more = dict(one.more)
    soon = timezone.localtime() + timedelta(days=14)
    if one.kind == "date":
        return soon.date().isoformat()
    if one.kind == "datetime-local":
        return soon.strftime("%Y-%m-%dT%H:%M")
    if one.kind in TYPED:
        return more.get("min") or TYPED[one.kind]
    if more.get("inputmode") in ("decimal", "numeric"):
        return "1"
    if more.get("inputmode") == "email":
        return TYPED["email"]
    if "q-day" in more.get("class", ""):
        return soon.date().isoformat()
    longest = int(more.get("maxlength") or 1000)
    return WORDS[:longest]


def a_file(accept: str) -> SimpleUploadedFile:
    """A file of a kind that the field takes."""
    if "csv" in accept:
        return SimpleUploadedFile("rows.csv", b"order,line,quantity\n1,10,5\n", "text/csv")
    if "pdf" in accept and "png" not in accept:
        return SimpleUploadedFile("paper.pdf", b"%PDF-1.7\n", "application/pdf")
    return SimpleUploadedFile("picture.png", a_picture(), "image/png")


# --- reading a page -----------------------------------------------------------------------------------------


def forms_of(html: bytes, page: str) -> Iterator[PageForm]:
    """Every form of a page that is posted, once for each of its buttons."""
    if b"<form" not in html and b"hx-post" not in html:
        return
    document = lxml.html.document_fromstring(html)
    by_id = {form.get("id"): form for form in document.iter("form") if form.get("id")}
    controls: dict[Any, list[Any]] = {}
    for element in document.iter("input", "select", "textarea", "button"):
        form = by_id.get(element.get("form")) if element.get("form") else _around(element)
        controls.setdefault(form, []).append(element)
    everything = frozenset(
        element.get("name") for some in controls.values() for element in some if element.get("name")
    )
    for form, elements in controls.items():
        read = tuple(_read(one) for one in elements if _is_field(one))
        for goes, button, is_offered in _ways(form, elements):
            url = urlsplit(urljoin(page, goes or page))
            try:
                door = resolve(url.path).url_name
            except Resolver404:
                continue
            whole = url.path + (f"?{url.query}" if url.query else "")
            yield PageForm(str(door), whole, page, read, button, everything, is_offered)


def links_of(html: bytes, page: str) -> Iterator[str]:
    """The doors that the links of a page lead to, and its forms that only ask."""
    if b"<" not in html:
        return
    for element in lxml.html.document_fromstring(html).iter(
        "a", "form", "button", "input", "select", "section"
    ):
        asks = element.tag == "form" and (element.get("method") or "get").lower() == "get"
        ways = (element.get("href"), element.get("hx-get"), element.get("action") if asks else None)
        for goes in filter(None, ways):
            url = urlsplit(urljoin(page, goes))
            if not url.netloc:
                with suppress(Resolver404):
                    yield str(resolve(url.path).url_name)


def _around(element: Any) -> Any:
    return next((one for one in element.iterancestors("form")), None)


def _is_field(element: Any) -> bool:
    kind = (element.get("type") or "").lower()
    return (
        bool(element.get("name"))
        and element.get("disabled") is None
        and element.tag != "button"
        and kind not in ("submit", "image", "reset", "button")
        and element.get("name") != "csrfmiddlewaretoken"
    )


def _ways(form: Any, elements: list[Any]) -> Iterator[tuple[str, tuple[str, str], bool]]:
    """Where it goes, by each button, and whether that is there to be pressed; and what is posted without one."""
    is_posted = form is not None and (form.get("method") or "").lower() == "post"
    action = form.get("action") or "" if form is not None else ""
    by_itself = any(one.get("data-submit-on-change") is not None for one in elements)
    seen = set()
    for one in elements:
        kind = (one.get("type") or ("submit" if one.tag == "button" else "text")).lower()
        own = one.get("formaction") or one.get("hx-post") or one.get("data-hx-post")
        if one.get("disabled") is not None or (kind not in ("submit", "image") and not own):
            continue
        button = (one.get("name") or "", one.get("value") or "") if kind == "submit" else ("", "")
        if (own or is_posted) and (way := (own or action, button)) not in seen:
            seen.add(way)
            yield *way, True
    if form is not None and (own := form.get("hx-post")) and (own, ("", "")) not in seen:
        yield own, ("", ""), by_itself
    elif is_posted and not seen:
        yield action, ("", ""), by_itself


def _read(element: Any) -> Control:
    name, is_required = element.get("name"), element.get("required") is not None
    more = tuple(
        (what, element.get(what))
        for what in ("min", "maxlength", "inputmode", "class", "accept")
        if element.get(what)
    )
    if element.tag == "textarea":
        return Control(name, "textarea", (element.text or "").strip(), is_required=is_required, more=more)
    if element.tag == "select":
        options = [one.get("value", (one.text or "").strip()) for one in element.iter("option")]
        chosen = [
            one.get("value", (one.text or "").strip())
            for one in element.iter("option")
            if one.get("selected") is not None
        ]
        several = element.get("multiple") is not None
        value = "\0".join(chosen) if chosen or several else (options or [""])[0]
        kind = "select-multiple" if several else "select"
        return Control(name, kind, value, is_required=is_required, choices=tuple(options), more=more)
    kind = (element.get("type") or "text").lower()
    is_on = element.get("checked") is not None if kind in ("checkbox", "radio") else True
    return Control(name, kind, element.get("value") or "", is_on, is_required, more=more)
