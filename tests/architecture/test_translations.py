"""German is complete: every sentence of the sources is in the catalogue, translated, and the catalogue is compiled."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, Token, TokenType
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "portal" / "locale").glob("*/LC_MESSAGES/django.po"))
MODULES = sorted(
    path for app in ("portal", "suppliers", "procurement") for path in (ROOT / app).rglob("*.py")
)
TEMPLATES = sorted(path for kind in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{kind}"))

Message = tuple[str | None, str, str]  # context, singular, plural


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def language_of(path: Path) -> str:
    return path.parts[-3]


# --- the catalogue itself


def test_german_is_there():
    assert [language_of(path) for path in CATALOGUES] == ["de"]


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_everything_is_translated_and_nothing_is_a_guess(path):
    catalogue = polib.pofile(path)

    open_ends = [
        entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy or entry.obsolete
    ]

    assert open_ends == []


def said(catalogue: polib.POFile | polib.MOFile) -> dict[Message, list[str]]:
    return {
        (entry.msgctxt or None, entry.msgid, entry.msgid_plural): (
            [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
            if entry.msgid_plural
            else [entry.msgstr]
        )
        for entry in catalogue
    }


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_what_is_compiled_is_what_is_written(path):
    assert said(polib.mofile(path.with_suffix(".mo"))) == said(polib.pofile(path))


PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w+\}")


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_placeholders_are_kept(path):
    wrong = []
    for entry in polib.pofile(path):
        forms = [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)] or [entry.msgstr]
        source = entry.msgid_plural or entry.msgid
        wanted = sorted(PLACEHOLDER.findall(source))
        for place, form in enumerate(forms):
            found = sorted(PLACEHOLDER.findall(form))
            # "One line" may leave out its number, as English does; every other form must say it.
            left_out = entry.msgid_plural and place == 0 and set(found) <= set(wanted)
            if found != wanted and not left_out:
                wrong.append(form)
    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_markup_and_edges_are_kept(path):
    def edges(text: str) -> tuple[bool, bool]:
        return text.startswith("\n"), text.endswith("\n")

    wrong = [
        text
        for (_context, singular, plural), forms in said(polib.pofile(path)).items()
        for text in forms
        if edges(text) != edges(plural or singular)
        or re.findall(r"</?\w+", text) != re.findall(r"</?\w+", plural or singular)
    ]

    assert wrong == []


# --- the sources: which sentences they hold

CALLS = {
    "gettext": "s",
    "gettext_lazy": "s",
    "gettext_noop": "s",
    "ngettext": "sp",
    "ngettext_lazy": "sp",
    "pgettext": "cs",
    "pgettext_lazy": "cs",
    "npgettext": "csp",
    "npgettext_lazy": "csp",
}
# They ask for a sentence that stands elsewhere, marked by gettext_noop: kept in English, shown in any language.
ASKED_AT_RUN_TIME = {"procurement/erp/presenters.py", "procurement/erp/problems.py"}


def message_of(roles: str, words: list[str]) -> Message:
    parts = dict(zip(roles, words, strict=True))
    return parts.get("c"), parts["s"], parts.get("p", "")


def sentences_of_module(path: Path) -> Iterator[tuple[Message | None, str]]:
    """Every sentence of a module, and where it is; None for one that cannot be read off."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name: CALLS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in CALLS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            roles = names[node.func.id]
            words = [arg.value for arg in node.args[: len(roles)] if isinstance(arg, ast.Constant)]
            where = f"{name_of(path)}:{node.lineno}"
            yield (message_of(roles, words) if len(words) == len(roles) else None), where


STRING = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(
    rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*{STRING}(?:\s*,\s*{STRING})?(?:\s*,\s*{STRING})?"
)


def sentences_of_template(path: Path) -> Iterator[Message]:
    """Every sentence of a template, as Django's own extraction reads it."""
    code = templatize(path.read_text(encoding="utf-8"), origin=name_of(path))
    for found in CALL.finditer(code):
        roles = CALLS["gettext" if found[1] == "_" else found[1]]
        words = [ast.literal_eval(word) for word in found.groups()[1 : len(roles) + 1]]
        yield message_of(roles, words)


def sentences() -> dict[Message, str]:
    found = {message: name_of(path) for path in TEMPLATES for message in sentences_of_template(path)}
    found |= {message: where for path in MODULES for message, where in sentences_of_module(path) if message}
    return found


def known_to(catalogue: polib.POFile) -> set[tuple[str | None, str]]:
    return {(entry.msgctxt or None, entry.msgid) for entry in catalogue}


def test_a_sentence_is_written_out_where_it_is_asked_for():
    read_off = {
        where.rpartition(":")[0]
        for path in MODULES
        for message, where in sentences_of_module(path)
        if not message
    }

    assert read_off == ASKED_AT_RUN_TIME


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_no_sentence_of_the_sources_is_missing(path):
    catalogue = polib.pofile(path)
    singular, with_plural = (
        known_to(catalogue),
        {(e.msgctxt or None, e.msgid) for e in catalogue if e.msgid_plural},
    )

    missing = [
        f"{where}: {one}"
        for (context, one, many), where in sentences().items()
        if (context, one) not in (with_plural if many else singular)
    ]

    assert missing == []


@pytest.mark.parametrize("path", CATALOGUES, ids=language_of)
def test_no_sentence_is_translated_that_nobody_says(path):
    spoken = {(context, one) for context, one, _many in sentences()}

    assert sorted(str(left) for left in known_to(polib.pofile(path)) - spoken) == []


# --- the templates: no sentence outside a translate tag

# Names and words that are the same in every language; a code of the API is English for every reader (lang="en").
SAME_EVERYWHERE = {"Quayside", "PDF", "Excel", "CSV", "OpenAPI", "Incoterms", "ERP", "GTIN"}
SAME_EVERYWHERE |= {"Factur", "UBL", "CII"}
SPOKEN = {"title", "alt", "aria-label", "placeholder", "data-l", "data-copied"}
SILENT = {"script", "style", "svg", "code", "pre", "kbd"}
WITHOUT_END = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}
MARK = "\ue000"  # stands for whatever a tag or a variable prints
WORD = re.compile(r"[^\W\d_]{2,}")


def without_tags(text: str) -> str:
    """A template with a mark in place of every tag and variable; what a blocktranslate says is said already."""
    inside = False
    parts: list[str] = []
    for token in Lexer(text).tokenize():
        inside = _is_inside(token, inside)
        if token.token_type == TokenType.TEXT:
            parts.append("" if inside else token.contents)
        elif token.token_type != TokenType.COMMENT:
            parts.append(MARK)
    return "".join(parts)


def _is_inside(token: Token, inside: bool) -> bool:
    if token.token_type != TokenType.BLOCK:
        return inside
    word = token.contents.split()[0]
    if word in ("comment", "blocktranslate", "blocktrans") or _is_class(token):
        return True
    return inside and word not in ("endcomment", "endblocktranslate", "endblocktrans", "endblock")


def _is_class(token: Token) -> bool:
    """A block that fills a class attribute of the layout it extends."""
    return token.contents.startswith("block ") and token.contents.endswith("_class")


class Page(HTMLParser):
    """Collects what a reader sees or hears and no tag has said."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, bool]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        silent = tag in SILENT or ("lang", "en") in attrs
        if not silent and not self.is_silent:
            for name, value in attrs:
                if name in SPOKEN:
                    self._look(value or "")
        if tag not in WITHOUT_END:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        # Tags of branches that exclude each other may open twice and close once.
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not self.is_silent:
            self._look(data)

    @property
    def is_silent(self) -> bool:
        return any(silent for _tag, silent in self.open)

    def _look(self, text: str) -> None:
        words = [word for word in WORD.findall(text.replace(MARK, " ")) if word not in SAME_EVERYWHERE]
        if words:
            self.found.append(" ".join(text.replace(MARK, "…").split()))


def bare_text(template: str) -> list[str]:
    page = Page()
    page.feed(without_tags(template))
    page.close()
    return page.found


LET_BE = {
    "templates/portal/api/fields.html": "for programmers, in English like the code it explains",
    "templates/components/scan.html": "attributes alone, for inside a tag; each of its sentences is translated",
    "templates/allauth/elements/button.html": "the name of its tag is a variable; it has no words of its own",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_says_nothing_that_cannot_be_translated(path):
    assert name_of(path) in LET_BE or bare_text(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('<p>{{ name }}, {% translate "yes" %}</p>', []),
        ("<p>{% blocktranslate %}Order {{ n }}{% endblocktranslate %}</p>", []),
        ('<p{% if hot %} class="hot"{% endif %}>Order {{ n }}</p>', ["Order …"]),
        ('<input aria-label="Search">', ["Search"]),
        ('<div lang="en"><p>Numbers</p></div><code>GET</code> · PDF', []),
    ],
)
def test_what_counts_as_bare_text(template, found):
    assert bare_text(template) == found


def test_what_counts_as_a_sentence(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% translate "Open" %}{% translate "on" context "switch" %}{{ x|default:_("none") }}'
        "{% blocktranslate trimmed count n=1 %}One's line{% plural %}{{ n }} lines{% endblocktranslate %}"
    )
    code = tmp_path / "code.py"
    code.write_text(
        "from django.utils.translation import gettext as _, pgettext_lazy as plazy\n"
        'a = _("two " "parts")\nb = plazy("run", "Done")\nc = _(a)\n'
    )

    assert [*sentences_of_template(page)] == [
        (None, "Open", ""),
        ("switch", "on", ""),
        (None, "none", ""),
        (None, "One's line", "%(n)s lines"),
    ]
    assert [message for message, _where in sentences_of_module(code)] == [
        (None, "two parts", ""),
        ("run", "Done", ""),
        None,
    ]
