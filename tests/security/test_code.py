"""What no line of ours does: read off the source itself, so that a new line is read too. Migrations and demos apart."""

import ast
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


@cache
def sources() -> dict[str, ast.Module]:
    paths = (path for name in ("portal", "suppliers", "procurement") for path in (ROOT / name).rglob("*.py"))
    read = (path for path in paths if not {"migrations", "demo", "embedded"} & set(path.parts))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in read}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    return ((name, node) for name, tree in sources().items() for node in ast.walk(tree))


def imported() -> dict[str, set[str]]:
    """Which files import which module."""
    found = defaultdict(set)
    for name, node in nodes():
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.name].add(name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module].add(name)
    return found


def test_no_line_opens_objects_of_others_or_runs_text():
    """Deserialization (V1.5.2): what could make objects of another's choice is not even imported."""
    roots = {name.partition(".")[0] for name in imported()}
    assert roots & {"pickle", "marshal", "shelve", "yaml", "dill", "joblib", "jsonpickle"} == set()
    called = {
        (name, node.func.id)
        for name, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {one for one in called if one[1] in ("eval", "exec", "compile", "__import__")} == set()
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_no_format_is_made_of_values():
    """Formats (V1.3.10): none is an f-string, whose values could bring places of their own."""
    found = []
    for name, node in nodes():
        form = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            form = node.left
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("format", "format_map"):
            form = node.func.value
        if isinstance(form, ast.JoinedStr):
            found.append(f"{name}:{node.lineno}")
    assert found == []


def test_hashes_are_sha_256_but_where_another_hashed():
    """V11.4.1, V11.2.3: SHA-1 finds a password in a list that somebody else made, BLAKE2 tells files apart."""
    used = defaultdict(set)
    for name, node in nodes():
        is_hash = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if is_hash and node.value.id == "hashlib":
            used[node.attr].add(name)
    assert used.keys() == {"sha256", "sha1", "blake2b", "scrypt"}
    assert used["scrypt"] == {"suppliers/signin/codes.py"}
    assert used["sha1"] == {"suppliers/signin/passwords.py"}
    assert used["blake2b"] == {"procurement/erp/connectors/files/records.py"}


def test_ciphers_are_two_that_say_whether_they_were_touched():
    """V11.2.1, V11.2.3, V11.3.1: AES-GCM and Fernet of `cryptography`, keys by HKDF; no block mode by itself."""
    found = {
        name: files for name, files in imported().items() if name.split(".")[0] in ("cryptography", "Crypto")
    }
    assert set(found) == {
        "cryptography",  # x509, to read a provider's certificate
        "cryptography.exceptions",
        "cryptography.fernet",
        "cryptography.hazmat.primitives.ciphers.aead",
        "cryptography.hazmat.primitives.hashes",
        "cryptography.hazmat.primitives.kdf.hkdf",
    }
    assert found["cryptography"] == {"suppliers/sso/services.py"}


def test_whoever_asks_other_machines_follows_no_redirection():
    """V15.3.2: three places speak http to others, and each says so."""
    asking = {"requests", "urllib.request", "http.client", "httpx", "aiohttp", "urllib3"}
    speaking = set().union(*(files for name, files in imported().items() if name in asking))
    follows = {
        name: bool(re.search(r'allow_redirects(?:=|": )False', (ROOT / name).read_text()))
        for name in speaking
        if re.search(
            r"requests\.(?:Session|get|post|put|request)\b|HTTPS?Connection\(|urlopen",
            (ROOT / name).read_text(),
        )
    }
    assert follows == {
        "portal/kernel/outside.py": True,
        "procurement/erp/alerts/delivery.py": True,
        "procurement/erp/connectors/tryton/wire.py": True,
    }


@pytest.mark.parametrize(
    "word", [".innerHTML", ".outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
)
def test_scripts_put_text_in_as_text(word):
    """V3.2.2."""
    assert [path.name for path in (ROOT / "static" / "js").glob("*.js") if word in path.read_text()] == []


def in_scripts(pattern: str) -> list[tuple[str, str]]:
    """The lines of our scripts in which this is, comments apart."""
    return [
        (path.name, line.strip())
        for path in sorted((ROOT / "static" / "js").glob("*.js"))
        for line in re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).splitlines()
        if re.search(pattern, line.partition(" // ")[0])
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"__proto__|\.prototype\b|\bconstructor\b|setPrototypeOf|defineProperty",
        # A key that is not written here: `kept[name] = …`. What is named by others is in a Map, or made by
        # Object.fromEntries and `{ [name]: … }`, which know no prototype.
        r"\b[\w.)\]]+\[(?![\"'\d])[^\[\]]+\]\s*(?:[-+*/|&?]{0,2}=(?!=)|\+\+|--)",
        r"Object\.assign\((?!\w+(?:\.\w+)*, \{ (?:\w+(?:: [^{},\[\]]+)?(?:, )?)+ \}\))",
        r"for \((?:const|let|var)? ?\w+ in ",
    ],
)
def test_no_name_from_outside_becomes_a_key_that_reaches_a_prototype(pattern):
    """V15.3.6."""
    assert in_scripts(pattern) == []


@pytest.mark.parametrize(
    ("pattern_of", "line"),
    [
        (0, "kept.__proto__.isAdmin = true;"),
        (1, "values[name] = field.value;"),
        (1, "store.of[part.name] += 1;"),
        (2, "Object.assign(event.detail.parameters, markIn(part));"),
        (2, "Object.assign(kept, { ...told });"),
        (3, "for (const name in told) keep(name);"),
    ],
)
def test_and_what_would_be_one_is_seen(pattern_of, line):
    patterns = test_no_name_from_outside_becomes_a_key_that_reaches_a_prototype.pytestmark[0].args[1]
    assert re.search(patterns[pattern_of], line)


def test_a_browser_keeps_what_is_typed_of_orders_and_counts_alone_and_only_for_its_tab():
    """V14.3.3: docs/security/personal-data.md says which classes are never there."""
    assert in_scripts(r"indexedDB|caches\.|cookieStore|document\.cookie\s*=[^=]") == []
    assert {name for name, _line in in_scripts(r"sessionStorage(?!\.clear\(\))")} == {"answer.js", "scan.js"}
    # When somebody did something last, and a mark of whose browser it is that says nothing to others.
    assert [name for name, _line in in_scripts("localStorage")] == ["away.js", "away.js"]  # read, and write
    assert {
        re.search(r"(?:read|write)\((\S+?)[,)]", line)[1]
        for _name, line in in_scripts(r"\b(?:read|write)\(\"")
    } == {
        '"who"',
        '"used"',
    }
    keeping = [
        path
        for path in (ROOT / "templates").rglob("*.html")
        if ('id="answer"' in (text := path.read_text()) and "js/answer.js" in text) or "js/scan.js" in text
    ]
    assert {path.name for path in keeping} == {"order_supplier.html", "editor.html", "scan.html"}
    assert {path.parent.name for path in keeping} == {"workbench", "shipments", "components"}


def test_no_page_has_a_plug_in():
    """V3.7.1."""
    pages = (ROOT / "templates").rglob("*.html")
    assert [path.name for path in pages if re.search(r"<(?:object|embed|applet)\b", path.read_text())] == []


def test_seeds_and_recovery_codes_come_from_the_systems_generator():
    """V6.5.3: drawn by `secrets`, which has no seed, and each time another."""
    assert (totp.secrets, recovery_codes.secrets) == (secrets, secrets)
    for draw, length in ((totp.generate_totp_secret, 32), (recovery_codes.RecoveryCodes.generate_seed, 80)):
        drawn = {draw() for _again in range(50)}
        assert (len(drawn), {len(one) for one in drawn}) == (50, {length})


def test_the_log_goes_to_standard_error_alone():
    """V16.2.3; what else is kept are the tables of docs/security/events.md."""
    assert {one["class"] for one in settings.LOGGING["handlers"].values()} == {"logging.StreamHandler"}
    handlers = [name for one in settings.LOGGING["loggers"].values() for name in one.get("handlers", [])]
    assert {*handlers, *settings.LOGGING["root"]["handlers"]} == {"stderr"}
