"""What attackers try, at every door there is: the doors are found, not listed, so a new one is tried at once."""

import ast
import csv
import html
import io
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.models import Model
from django.forms import BaseForm, ModelForm
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from openpyxl import load_workbook
from rest_framework import serializers

from portal.kernel.scope import acting
from procurement.erp.alerts import delivery as alert_delivery
from suppliers.forms import PreferencesForm
from suppliers.models import Membership, Supplier, User
from suppliers.roles import CompanyRole
from tests.builders.factors import show_factor
from tests.builders.matrix import make_objects
from tests.builders.world import make_world
from tests.database import made_once
from tests.people import FEED, PASSWORD, make_people
from tests.security.test_patterns import PACKAGES, modules
from tests.tenancy.test_matrix import access_of, address, name_of, our_doors, patterns

EXTRA = {
    "supplier": "GLOBEX",
    "supplier_id": "2",
    "state": "approved",
    "company_role": "manager",
    "is_staff": "1",
    "is_superuser": "1",
    "is_active": "0",
    "role": "administrator",
    "email": "thief@elsewhere.example",
    "password": "hunter2hunter2",
    "user": "1",
    "user_id": "1",
    "id": "1",
    "pk": "1",
    "written_by": "Somebody Else",
    "approved_by": "Somebody Else",
}


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
            objects = make_objects("ACME", people)
        yield people, objects


@pytest.fixture
def fresh(settings):
    """Whoever is `proven` has shown a factor a moment ago, and it stays so."""
    settings.FRESH_FACTOR_FOR = timedelta(days=1)
    cache.clear()


@pytest.fixture
def people(everything, db):
    return everything[0]


@pytest.fixture
def objects(everything, db):
    return everything[1]


def signed_in(person, **more) -> Client:
    client = Client(raise_request_exception=False, **more)
    client.force_login(person.user)
    return client


def proven(person) -> Client:
    """Signed in, with a second factor shown a moment ago."""
    client = signed_in(person)
    show_factor(client, person.user)
    return client


def posting_doors() -> list[URLPattern]:
    return [one for one in our_doors() if "POST" in access_of(one).methods and not access_of(one).public]


# --- Forged requests ----------------------------------------------------------------------------------------


def test_every_form_wants_the_mark_of_our_pages(people, objects):
    """Signed in, from another site: 403 at every POST address. It is asked before anything else."""
    cache.clear()
    client = signed_in(people["max"], enforce_csrf_checks=True)
    # Programs of outside systems sign what they post, and have no session that could be ridden.
    signed = {"gateway-webhook", "gateway-take", "mail-in"}
    let_in = set()
    for door in posting_doors():
        if ".api." in f"{door.callback.__module__}.":
            continue
        answer = client.post(address(door, objects), {"theme": "dark"})
        if answer.status_code != 403 or b"send that again" not in answer.content:
            let_in.add(name_of(door))
    assert let_in - signed == set()


def test_a_session_alone_writes_nothing_through_the_api(people, objects):
    client = signed_in(people["asha"], enforce_csrf_checks=True)
    for door in posting_doors():
        url = address(door, objects)
        if url.startswith("/api/"):
            assert client.post(url, {}, content_type="application/json").status_code == 403, url


def test_views_that_check_no_mark_are_those_that_check_a_signature():
    exempt = {name_of(one) for one in patterns() if getattr(one.callback, "csrf_exempt", False)}
    programs = {name_of(one) for one in patterns() if getattr(one.callback, "cls", None) is not None}
    assert {name for name in exempt - programs if not name.startswith("anymail")} == EXEMPT | SCIM


# Signed by the program that posts (an assertion of SAML, which a browser brings, by its provider); RFC 8058's one-click
# end of a notice, whose address is its proof; and 404 for all.
EXEMPT = {"gateway-in", "mail-in", "notices-stop", "api-unknown", "saml_acs"}
# Opened by the secret of a provider's server alone, never by a session.
SCIM = {f"scim-{one}" for one in ("users", "user", "groups", "group", "config", "types", "type")}
SCIM |= {f"scim-{one}" for one in ("schemas", "schema", "root", "nowhere")}


# --- More than was asked for --------------------------------------------------------------------------------


def test_no_form_takes_who_one_is(everything):
    """Forms name their fields; a model's form never has all of them, and none lets one choose a role or an owner."""
    seen = 0
    for module in modules():
        for form in vars(module).values():
            if not (
                isinstance(form, type) and issubclass(form, BaseForm) and form.__module__ == module.__name__
            ):
                continue
            seen += 1
            if issubclass(form, ModelForm):
                assert form._meta.fields not in (None, "__all__"), form
                assert form._meta.exclude is None, form
            names = set(form.base_fields)
            assert not names & {
                "is_staff",
                "is_superuser",
                "is_active",
                "company_role",
                "supplier_id",
                "user_id",
            }, form
    assert seen > 20


def test_what_a_form_does_not_ask_for_changes_nothing(people):
    asha, client = people["asha"].user, signed_in(people["asha"])
    before = [vars(User.objects.get(pk=asha.pk)), list(Membership.objects.filter(user=asha).values())]

    form = PreferencesForm(EXTRA | {"theme": "light"}, instance=User.objects.get(pk=asha.pk))
    client.post("/preferences/", EXTRA | {"theme": asha.theme})

    assert set(form.fields) == {"theme"}
    after = [vars(User.objects.get(pk=asha.pk)), list(Membership.objects.filter(user=asha).values())]
    assert next({**one, "_state": None} for one in (before[0], after[0])) == {**after[0], "_state": None}
    assert before[1] == after[1]


def test_no_shape_of_the_api_takes_fields_that_it_does_not_name():
    """`tests/api/test_schema.py` sends them; here: no serializer writes a model, and none is named like an owner."""
    kinds = [serializers.Serializer]
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.__module__.startswith(PACKAGES):
            assert not issubclass(kind, serializers.ModelSerializer), kind


def test_extra_fields_are_refused_by_name(tokens, people, objects):
    body = {"version": 1, "rest_as_asked": True, **EXTRA}
    answer = tokens("ACME").post(f"/api/v1/orders/{objects.order.key}/acknowledgments", body)
    assert answer.status_code == 400
    assert "company_role" in answer.content.decode()


@pytest.fixture
def tokens(everything, db):
    from tests.builders.programs import a_program

    def made(number=None, scope=None):
        with acting(FEED):
            supplier = Supplier.objects.get(number=number) if number else None
        return a_program(supplier, scope)

    return made


# --- Templates ----------------------------------------------------------------------------------------------


def test_no_template_is_made_of_text():
    """They are files of one folder of ours; nothing in the code compiles one from a string."""
    (engine,) = django_settings.TEMPLATES
    assert [str(one) for one in engine["DIRS"]] == [str(django_settings.BASE_DIR / "templates")]
    makers = {
        f"{module.__name__}:{node.lineno}"
        for module in modules()
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in ("from_string", "template_string"))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "django.template"
            and "Template" in imported(node)
        )
        or (isinstance(node, ast.ImportFrom) and node.module in ("jinja2", "mako", "django.template.base"))
    }
    assert makers == set()


def imported(node: ast.ImportFrom) -> set[str]:
    return {one.name for one in node.names}


def test_what_people_type_is_shown_and_never_run(people, objects):
    typed = "{{ request.user.password }}{% debug %}{{ 7|add:7 }}"
    with acting(FEED):
        Supplier.objects.update(name=typed)
    cache.clear()

    page = signed_in(people["max"]).get(f"/orders/{objects.order.key}/").content.decode()

    assert "{{ request.user.password }}{% debug %}{{ 7|add:7 }}" in html.unescape(page)
    assert people["max"].user.password not in page


# --- Guessing -----------------------------------------------------------------------------------------------


def guesses(real: str, objects) -> set[str]:
    """A key that nobody has, one of another kind, and another number."""
    return {
        re.sub(r"[0-9a-f-]{36}", str(uuid.uuid4()), real),
        re.sub(r"[0-9a-f-]{36}", str(objects.supplier_key), real),
        re.sub(r"/(\d+)/", lambda found: f"/{int(found[1]) + 987654}/", real),
    } - {real}


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("who", ["max", "asha"])
def test_what_is_guessed_is_not_there(people, objects, who):
    """At every address with a key, with every method that it has: 404 for whoever may, 403 for whoever may not."""
    person, wrong, asked = people[who], [], 0
    client = proven(person)
    for door in our_doors():
        access = access_of(door)
        if access.public or not door.pattern.converters:
            continue
        for guess in guesses(address(door, objects), objects):
            for method in set(access.methods) - {"HEAD", "OPTIONS"}:
                may = access.lets_in(person.actor, method)
                answer = client.generic(method, guess)
                if answer.streaming:
                    b"".join(answer.streaming_content)
                status = answer.status_code
                asked += 1
                # A supplier's own key is no guess where a supplier is what is asked for.
                named = str(objects.supplier_key) in guess and may
                # What is to be dropped and is not there is dropped already; of a notice that is sent one is led to
                # the notice, whatever package of it is named.
                led = status == 303 and (
                    guess.endswith(("/drop/", "/forget/")) or door.name == "shipment-package"
                )
                if status != (404 if may else 403) and not (named and status < 500) and not led:
                    wrong.append((method, guess, status))
    assert wrong == []
    assert asked > 500


# --- Where one is led ---------------------------------------------------------------------------------------

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%09/evil.example",
    "\t//evil.example/",
    "http://testserver@evil.example/",
    "/\r\nSet-Cookie: a=b",
    "https://testserver.evil.example/",
)


def test_nobody_is_led_elsewhere(people):
    cache.clear()
    for there in ELSEWHERE:
        led = [
            signed_in(people["asha"]).post("/preferences/", {"theme": "dark", "next": there}),
            signed_in(people["asha"]).post("/switch/", {"next": there}),
            Client().post("/language/", {"language": "de", "next": there}),
            Client().post(
                "/accounts/login/", {"login": people["asha"].email, "password": PASSWORD, "next": there}
            ),
            signed_in(people["asha"]).post("/accounts/logout/", {"next": there}),
            signed_in(people["asha"]).post(
                "/accounts/reauthenticate/", {"password": PASSWORD, "next": there}
            ),
        ]
        cache.clear()
        for answer in led:
            to = answer.headers.get("Location", "/")
            assert to.startswith("/"), (there, to)
            assert not to.startswith(("//", "/\\")), (there, to)
            assert "evil.example" not in to.partition("?")[0] or to.startswith("/%09"), (there, to)
            assert "\n" not in to
            assert "Set-Cookie" not in answer.headers


# --- Sign-in ------------------------------------------------------------------------------------------------


def test_a_session_that_somebody_planted_is_not_the_one_that_signs_in(people):
    cache.clear()
    client = Client()
    client.get("/accounts/login/")
    planted = "a" * 32
    client.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    client.post("/accounts/login/", {"login": people["asha"].email, "password": PASSWORD})
    mine = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    assert mine != planted
    again = Client()
    again.cookies[django_settings.SESSION_COOKIE_NAME] = mine
    assert again.get("/preferences/").status_code == 200
    client.post("/accounts/logout/")
    assert again.get("/preferences/").status_code == 302  # ended everywhere, not only in one browser
    flags = Client().post("/accounts/login/", {"login": people["asha"].email, "password": PASSWORD}).cookies
    cookie = flags[django_settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


@pytest.mark.parametrize(
    ("path", "field"), [("/accounts/login/", "login"), ("/accounts/password/reset/", "email")]
)
def test_known_and_unknown_addresses_get_the_same_answer(people, path, field):
    cache.clear()
    answers = []
    for who in ("bea@northmoor.example", "nobody@northmoor.example"):
        answer = Client().post(path, {field: who, "password": "wrong wrong wrong"}, follow=True)
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        answers.append((answer.status_code, answer.redirect_chain, page.replace(who, "…")))
    assert answers[0] == answers[1]


def test_a_wrong_password_costs_as_much_work_whether_or_not_there_is_such_a_person(
    people, settings, monkeypatch
):
    """Counted, not timed: the slow part is the hash, and it is worked out once for either."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    worked = []
    slow = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, *args: worked.append(1) or slow(self, *args)
    )
    counts = []
    for who in ("bea@northmoor.example", "nobody@northmoor.example"):
        cache.clear()
        worked.clear()
        Client().post("/accounts/login/", {"login": who, "password": "wrong wrong wrong"})
        counts.append(len(worked))
    assert counts == [1, 1]


def test_guessing_is_slowed_down_by_account_and_by_address(people):
    cache.clear()
    wrong = {"login": "bea@northmoor.example", "password": "wrong wrong wrong"}
    pages = [
        Client(REMOTE_ADDR=f"192.0.2.{n}").post("/accounts/login/", wrong).content.decode() for n in range(7)
    ]
    assert "Too many" in pages[-1] or "too many" in pages[-1].lower()
    right = wrong | {"password": PASSWORD}
    assert (
        Client(REMOTE_ADDR="192.0.2.99").post("/accounts/login/", right).status_code == 200
    )  # not signed in
    cache.clear()
    statuses = [
        Client().post("/accounts/password/reset/", {"email": f"p{n}@northmoor.example"}).status_code
        for n in range(12)
    ]
    assert statuses[-1] == 429
    cache.clear()


# --- Asking others on somebody's behalf ---------------------------------------------------------------------


def test_no_address_that_people_type_is_fetched_but_a_providers():
    """Whom we call stands in the environment of the operator: the ERP, one webhook, the mail servers. Of what is typed
    only an identity provider is asked (`issuer`), by a session that asks nothing inside, whatever DNS says later
    (tests/suppliers/sso/test_providers.py); to the address where it signs people in (`sign_in_url`) goes a browser.
    """
    from django.apps import apps
    from django.db.models import URLField

    kept = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if model._meta.app_label in ("kernel", "suppliers", "procurement")
        and (isinstance(field, URLField) or re.search(r"(^|_)(url|uri|host|endpoint|webhook)$", field.name))
    }
    assert kept == {"suppliers.IdentityProvider.sign_in_url"}
    callers = {
        path.relative_to(django_settings.BASE_DIR).as_posix()
        for package in PACKAGES
        for path in (django_settings.BASE_DIR / package).rglob("*.py")
        if re.search(
            r"requests\.(get|post|put|request|Session)|urlopen\(|http\.client|httpx", path.read_text()
        )
        and "/demo/" not in path.as_posix()
        and "/embedded/" not in path.as_posix()
    }
    assert callers == {
        "portal/kernel/outside.py",
        "procurement/erp/alerts/delivery.py",
        "procurement/erp/connectors/tryton/wire.py",
    }


def test_the_webhook_of_alerts_follows_no_redirect_and_reads_no_answer(monkeypatch, settings, people):
    from portal.kernel.outbox.models import OutboxMessage

    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "https://hooks.example/", "s" * 40
    asked = {}

    class Answer:
        status_code = 302

        def close(self):
            asked["closed"] = True

    monkeypatch.setattr(requests, "post", lambda url, **more: asked.update(more, url=url) or Answer())
    word = {"alert": "a", "cause": "paused", "subject": "", "connection": "c", "facts": {}}
    word |= {
        "raised_at": "2026-04-06T09:00:00+00:00",
        "at": "2026-04-06T09:00:00+00:00",
        "to": {"webhook": True},
    }
    at = timezone.now()
    message = OutboxMessage(topic="alerts", kind="alert.raised", payload=word, created_at=at)
    with pytest.raises(alert_delivery.RetryLater, match="HTTP 302"):
        alert_delivery._post(message, at)
    assert (asked["allow_redirects"], asked["stream"], asked["closed"]) == (False, True, True)


# --- Headers, frames, files ---------------------------------------------------------------------------------


def test_no_header_is_made_of_what_somebody_sent(people):
    cache.clear()
    client = signed_in(people["asha"])
    evil = "x\r\nSet-Cookie: stolen=1"
    for answer in (
        client.get("/orders/", {"q": evil, "cursor": evil}),
        client.get("/health/live", headers={"X-Request-ID": evil}),
        client.get("/orders/", headers={"HX-Current-URL": evil, "Referer": evil}),
    ):
        assert "stolen" not in answer.cookies
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
        assert "stolen" not in answer.headers.get("X-Request-ID", "")


def test_no_page_is_shown_in_a_frame(people, objects):
    cache.clear()
    client = signed_in(people["max"])
    for door in our_doors():
        access = access_of(door)
        if not access.public and "GET" in access.methods and not door.pattern.converters:
            answer = client.get(address(door, objects))
            assert answer.headers["X-Frame-Options"] == "DENY", name_of(door)
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], name_of(door)
            if answer.streaming:
                b"".join(answer.streaming_content)


def test_no_answer_to_somebody_signed_in_is_kept_by_a_browser(people, objects):
    """Pages, pictures, files and the API; what anybody may read says itself that it may be kept."""
    cache.clear()
    kept = {}
    for name in ("max", "asha"):
        client = signed_in(people[name])
        for door in our_doors():
            access = access_of(door)
            if not access.public and "GET" in access.methods:
                answer = client.get(address(door, objects))
                if "no-store" not in answer.headers["Cache-Control"]:
                    kept[name_of(door)] = answer.headers["Cache-Control"]
                if answer.streaming:
                    b"".join(answer.streaming_content)
    assert kept == {}


def cells_of(answer) -> list[tuple[str, bool]]:
    """Each cell of a CSV or a workbook, and whether it is a formula as it stands."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    kind = answer.headers.get("Content-Type", "")
    if "text/csv" in kind:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=sniffed(content))
        return [(cell, begins_one(cell)) for row in rows for cell in row]
    if "spreadsheetml" in kind:
        book = load_workbook(io.BytesIO(content))
        return [
            (str(cell.value), cell.data_type == "f")
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
    return []


def sniffed(content: bytes) -> str:
    first = content.decode("utf-8-sig").partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def begins_one(cell: str) -> bool:
    is_figure = re.fullmatch(r"[+-]?[\d.,]+", cell)
    return not is_figure and cell.lstrip().startswith(("=", "+", "-", "@", "|", "%", "\t", "\r"))


# Each that gives a file of cells here: one more is a door that is not looked at yet, one less a look that was lost.
EXPORTS = {
    *("answer-sheet", "answer-sheets", "line-export-csv", "line-export-xlsx", "order-export-csv"),
    *(
        "bank-report",
        "document-holders-csv",
        "invoice-sheet",
        "onboarding-export-csv",
        "onboarding-export-xlsx",
        "order-export-xlsx",
        "shipment-sheet",
        "statement-result",
        "statement-sheet",
        "supplier-export-csv",
        "supplier-export-xlsx",
    ),
}


def test_no_export_holds_a_formula(people, objects):
    """Every address that gives a CSV or a workbook, with evil names in the books: no cell is a formula."""
    from procurement.orders.models import PurchaseOrder, PurchaseOrderLine

    evil = '=HYPERLINK("http://evil.example")'
    with acting(FEED):
        Supplier.objects.update(name=evil)
        PurchaseOrderLine.objects.update(description="@SUM(A1)")
        PurchaseOrder.objects.update(buyer_name="+1+1")
    cache.clear()
    looked_at, formulas, shown = set(), [], 0
    for client in (signed_in(people["max"]), signed_in(people["asha"])):
        for door in our_doors():
            access = access_of(door)
            is_file = re.search(
                r"export|csv|file|sheet|result|report|download|xlsx", f"{door.name} {door.pattern}"
            )
            if access.public or "GET" not in access.methods or not is_file:
                continue
            answer = client.get(address(door, objects))
            cells = cells_of(answer)
            if cells:
                looked_at.add(name_of(door))
            shown += sum("evil.example" in cell or "SUM(A1)" in cell for cell, _is_one in cells)
            formulas += [(name_of(door), cell) for cell, is_one in cells if is_one]
    assert formulas == []
    assert looked_at == EXPORTS
    assert shown > 5


def test_who_has_no_role_any_more_has_no_way_in(people):
    """Rights are read at each request: what was taken away is gone with the next click."""
    cache.clear()
    client = signed_in(people["bea"])
    assert client.get("/orders/").status_code == 200
    User.objects.filter(pk=people["bea"].user.pk).update(company_role="")
    assert client.get("/orders/").status_code == 403
    User.objects.filter(pk=people["bea"].user.pk).update(company_role=CompanyRole.BUYER, is_active=False)
    assert client.get("/orders/").status_code == 302


def test_models_have_no_door_of_their_own():
    """No generic view, admin or router writes a model by its name: every write is a verb with a service."""
    for one in patterns(get_resolver()):
        view = getattr(one.callback, "view_class", None) or getattr(one.callback, "cls", None)
        model = getattr(view, "model", None)
        assert not (
            isinstance(model, type) and issubclass(model, Model) and view.__module__.startswith(PACKAGES)
        )
