"""The tags say the same thing in the same way, in the reader's language, numbers and time."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.template import Context, RequestContext, Template
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation

from portal.kernel.actors import Actor, Side
from portal.kernel.looks import STATES
from portal.kernel.templatetags import portal_ui
from portal.kernel.values import Money, Quantity, UnitOfMeasure
from portal.kernel.web import Page

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
MARCH_12 = date(2026, 3, 12)
AT = datetime(2026, 3, 12, 14, 18, tzinfo=UTC)


def said(source: str, **context: Any) -> str:
    return Template("{% load portal_ui %}" + source).render(Context(context))


def seen(html: str) -> str:
    """What is left for the eye: no tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def asked(address: str = "/orders/", side: Side = Side.SUPPLIER) -> Any:
    request = RequestFactory().get(address)
    request.actor = Actor(label="Asha", channel="portal", side=side)
    request.at = AT
    return request


def answered(source: str, request: Any, **context: Any) -> str:
    template = Template("{% load portal_ui %}" + source)
    return template.render(RequestContext(request, context))


# --- States


@pytest.mark.parametrize(
    ("dimension", "value"),
    [(dimension, value) for dimension, values in STATES.items() for value in values],
)
def test_every_state_has_a_word_a_tone_and_a_glyph_of_the_sprite(dimension: str, value: str) -> None:
    html = said("{% state dimension value %}", dimension=dimension, value=value)

    tone = re.search(r'class="(?:q-state|q-erp) t-(\w+)"', html)
    glyph = re.search(r"#(g-\w+)", html)
    assert tone
    assert tone[1] in {"quiet", "wait", "move", "talk", "done", "stop"}
    assert glyph
    assert f'id="{glyph[1]}"' in (STATIC / "img/icons.svg").read_text()
    assert seen(html) == str(STATES[dimension][value].word)


def test_every_state_of_every_paper_has_its_looks() -> None:
    from portal.kernel.outbox.models import MessageState
    from procurement.acknowledgments.states import AcknowledgmentState
    from procurement.bills.states import PaymentState
    from procurement.changes.states import ChangeState
    from procurement.docks.states import AppointmentState
    from procurement.erp.reconciliation.states import DriftState
    from procurement.erp.states import CommandState, ConnectionState, RunState
    from procurement.gateways.states import EventState
    from procurement.gateways.states import MessageState as GatewayMessageState
    from procurement.invoices.states import InvoiceState
    from procurement.mailroom.states import DraftState, MailState
    from procurement.orders import states
    from procurement.receipts.states import SheetState
    from procurement.shipments.states import NoticeState
    from procurement.statements.states import StatementState
    from procurement.tolerances.states import JudgedOutcome, PolicyState, SwitchState
    from suppliers.merging.states import MergeState
    from suppliers.offboarding.states import OffboardingState
    from suppliers.onboarding.states import RunState as OnboardingState
    from suppliers.states import SupplierState

    papers = {
        "merge": MergeState,
        "offboarding": OffboardingState,
        "agreement": states.Agreement,
        "revision": states.RevisionStatus,
        "logistics": states.Logistics,
        "finance": states.Finance,
        "shipment": NoticeState,
        "sheet": SheetState,
        "appointment": AppointmentState,
        "bill": PaymentState,
        "invoice": InvoiceState,
        "statement": StatementState,
        "onboarding": OnboardingState,
        "order": states.OrderState,
        "promise": states.PromiseState,
        "erp": CommandState,
        "connection": ConnectionState,
        "run": RunState,
        "acknowledgment": AcknowledgmentState,
        "change": ChangeState,
        "gateway": EventState,
        "gateway_message": GatewayMessageState,
        "mail": MailState,
        "draft": DraftState,
        "outbox": MessageState,
        "supplier": SupplierState,
        "drift": DriftState,
        "policy": PolicyState,
        "rules": SwitchState,
        "judged": JudgedOutcome,
    }

    assert set(papers) == set(STATES)
    assert {
        dimension: set(states.values) - set(STATES[dimension]) for dimension, states in papers.items()
    } == {dimension: set() for dimension in papers}


def test_awaiting_is_said_to_the_supplier_as_yours() -> None:
    to_supplier = answered('{% state "agreement" "awaiting" %}', asked(side=Side.SUPPLIER))
    to_buyer = answered('{% state "agreement" "awaiting" %}', asked(side=Side.COMPANY))

    assert seen(to_supplier) == "Awaits you"
    assert seen(to_buyer) == "Awaits answer"


def test_answered_is_the_buyers_turn_and_not_the_suppliers() -> None:
    to_supplier = answered('{% state_tone "agreement" "answered" %}', asked(side=Side.SUPPLIER))
    to_buyer = answered('{% state_tone "agreement" "answered" %}', asked(side=Side.COMPANY))

    assert (to_supplier, to_buyer) == ("t-move", "t-wait")


def test_an_include_with_only_still_knows_who_reads() -> None:
    source = '{% include "components/state_badge.html" with dimension="agreement" value="awaiting" only %}'

    assert seen(answered(source, asked(side=Side.SUPPLIER))) == "Awaits you"


def test_a_word_of_ones_own_replaces_the_word_and_is_escaped() -> None:
    html = said('{% state "agreement" "answered" word %}', word="15 <of> 18")

    assert "15 &lt;of&gt; 18" in html


def test_an_unknown_state_is_our_mistake_and_raises() -> None:
    with pytest.raises(KeyError):
        said('{% state "agreement" "maybe" %}')


# --- Figures


@pytest.mark.parametrize(("language", "expected"), [("en", "55,216.40 EUR"), ("de", "55.216,40 EUR")])
def test_money_is_written_as_the_reader_writes_it(language: str, expected: str) -> None:
    with translation.override(language):
        assert seen(said('{% money amount "EUR" %}', amount=Decimal("55216.4"))) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (Decimal("1200"), "JPY", "1,200 JPY"),
        (Decimal("1.5"), "KWD", "1.500 KWD"),
        (Decimal("-12.5"), "EUR", "−12.50 EUR"),
        (Decimal("0.1234"), "EUR", "0.1234 EUR"),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_hides_none(
    amount: Decimal, currency: str, expected: str
) -> None:
    assert seen(said("{% money amount currency %}", amount=amount, currency=currency)) == expected


def test_values_of_the_kernel_are_shown_as_they_are() -> None:
    assert seen(said("{% money value %}", value=Money(Decimal(3), "EUR"))) == "3.00 EUR"
    assert seen(said("{% quantity value %}", value=Quantity(Decimal("1200.000"), "pcs"))) == "1,200 pcs"


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        (Decimal("600.0000"), UnitOfMeasure("pcs", 0), "600 pcs"),
        (Decimal("12.5"), UnitOfMeasure("kg", 3), "12.500 kg"),
        (Decimal("12.3456"), UnitOfMeasure("kg", 3), "12.3456 kg"),
        (Decimal("12.50"), "m", "12.5 m"),
        (Decimal("-4"), "pcs", "−4 pcs"),
        (Decimal("1E+3"), "pcs", "1,000 pcs"),
    ],
)
def test_a_quantity_shows_its_units_decimals_and_never_loses_one(
    amount: Decimal, unit: Any, expected: str
) -> None:
    assert seen(said("{% quantity amount unit %}", amount=amount, unit=unit)) == expected


def test_what_is_not_known_shows_nothing() -> None:
    assert (
        said('{% quantity nothing "pcs" %}{% money nothing "EUR" %}{% price nothing %}', nothing=None) == ""
    )


@pytest.mark.parametrize(
    ("per", "unit", "expected"),
    [(1, "pcs", "41.20 EUR / pcs"), (100, "pcs", "41.20 EUR / 100 pcs"), (1, "", "41.20 EUR")],
)
def test_a_price_names_what_it_is_for(per: int, unit: str, expected: str) -> None:
    html = said('{% price amount "EUR" per unit %}', amount=Decimal("41.2"), per=Decimal(per), unit=unit)

    assert seen(html) == expected


def test_a_field_shows_a_figure_that_can_be_typed_back() -> None:
    from portal.kernel.values import read_decimal

    for language in ("en", "de"):
        with translation.override(language):
            shown = said("{{ amount|plain_figure }}", amount=Decimal("-1234.5"))
            assert read_decimal(shown, language) == Decimal("-1234.5")


# --- Days and moments


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "12 Mar 2026"), ("de", "12. Mär 2026"), ("zh-hans", "2026年3月12日")]
)
def test_a_day_is_unambiguous_in_every_language(language: str, expected: str) -> None:
    with translation.override(language):
        html = said("{{ value|day }}", value=MARCH_12)

    assert seen(html) == expected
    assert 'datetime="2026-03-12"' in html


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_day_in_a_field_can_be_typed_back(language: str, month: int) -> None:
    from portal.kernel.values import read_date

    with translation.override(language):
        shown = said("{{ value|day_text }}", value=date(2026, month, 3))

    assert read_date(shown) == date(2026, month, 3)


def test_a_moment_is_told_in_the_readers_own_time() -> None:
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        html = said("{{ value|local }}", value=AT)

    assert seen(html) == "12 Mar 2026, 22:18"
    assert 'title="Asia/Shanghai"' in html


def test_a_weekday_stands_where_somebody_must_act() -> None:
    assert seen(said("{{ value|weekday }}", value=MARCH_12)) == "Thu 12 Mar 2026"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=22), "22 min ago"),
        (timedelta(minutes=-5), "in 5 min"),
        (timedelta(hours=5), "today 09:18"),
        (timedelta(hours=23), "yesterday"),
        (timedelta(days=-1), "tomorrow"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=-4), "in 4 days"),
        (timedelta(days=60), "11 Jan 2026"),
    ],
)
def test_how_long_ago_is_said_in_words(before: timedelta, expected: str) -> None:
    html = answered("{% ago value %}", asked(), value=AT - before)

    assert seen(html) == expected


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
                "Safari/537.36 Edg/142.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 "
                "Safari/605.1.15"
            ),
            "Safari on macOS",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "Version/26.1 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iOS",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile "
                "Safari/537.36"
            ),
            "Chrome on Android",
        ),
        ("python-requests/2.32", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_browser_is_called_by_its_name(user_agent: str, words: str) -> None:
    assert said("{{ value|program }}", value=user_agent) == words


def test_a_time_of_day_names_its_day_unless_that_is_today() -> None:
    now = timezone.localtime()

    assert f">{now:%H:%M}</time>" in said("{{ value|clock }}", value=now)
    assert ">12 Mar 2026, " in said("{{ value|clock }}", value=datetime(2026, 3, 12, 12, tzinfo=UTC))


def test_what_stands_since_today_is_said_without_the_day() -> None:
    text = "{% since_and_seen since seen_at %}"
    noon = timezone.now().astimezone(timezone.get_current_timezone()).replace(hour=12, minute=2)
    long_ago = noon.replace(year=2025, month=3, day=12)

    assert seen(said(text, since=noon, seen_at=noon)) == "since 12:02, seen 12:02"
    assert seen(said(text, since=long_ago, seen_at=long_ago)) == "since 12 Mar 2025, 12:02, seen 12:02"
    later = long_ago.replace(day=14)
    assert seen(said(text, since=long_ago, seen_at=later)) == "since 12 Mar 2025, seen 14 Mar 2025"


def test_the_exact_moment_stands_behind_how_long_ago() -> None:
    html = answered("{% ago value %}", asked(), value=AT - timedelta(minutes=22))

    assert 'title="12 Mar 2026, 13:56 your time"' in html


@pytest.mark.parametrize(
    ("promised", "expected"),
    [(14, "2 days late"), (13, "1 day late"), (12, "on time"), (11, "1 day early"), (10, "2 days early")],
)
def test_lateness_is_said_in_days(promised: int, expected: str) -> None:
    html = said("{% days_late promised asked %}", promised=date(2026, 3, promised), asked=MARCH_12)

    assert html == expected


# --- Differences


def test_a_change_can_be_seen_and_heard() -> None:
    html = said("{% old_new old new %}", old=date(2026, 4, 8), new=date(2026, 4, 1))

    assert '<del class="q-old">8 Apr 2026</del>' in html
    assert '<span class="q-sr">now</span>' in html
    assert '<ins class="q-new">1 Apr 2026</ins>' in html


def test_what_did_not_change_stands_once() -> None:
    assert said("{% old_new value value %}", value=Decimal("12.600")) == "12.6"


def test_nothing_before_is_called_none_and_text_is_escaped() -> None:
    html = said("{% old_new None new %}", new="<b>")

    assert ">none<" in html
    assert "&lt;b&gt;" in html


# --- Links of lists


def test_a_filter_link_keeps_the_rest_and_starts_paging_afresh() -> None:
    request = asked("/orders/?q=valve&agreement=awaiting&cursor=abc")

    assert answered('{% query_string agreement="agreed" %}', request) == "?q=valve&amp;agreement=agreed"
    assert answered("{% query_string agreement=None %}", request) == "?q=valve"


def test_one_of_several_values_can_be_taken_out() -> None:
    request = asked("/orders/?agreement=awaiting&agreement=answered&q=x")

    link = answered('{% query_without "agreement" "awaiting" %}', request)

    assert link == "?agreement=answered&amp;q=x"


def test_a_search_form_keeps_the_filters_but_not_the_page() -> None:
    html = answered('{% query_inputs without="q" %}', asked("/orders/?q=valve&view=late&cursor=abc"))

    assert re.findall(r'name="(\w+)" value="(\w+)"', html) == [("view", "late")]


@pytest.mark.parametrize(
    ("address", "sort", "state"),
    [
        ("/orders/", "-asked", "ascending"),
        ("/orders/?sort=asked", "-asked", "ascending"),
        ("/orders/?sort=-asked", "asked", "descending"),
        ("/orders/?sort=item", "asked", None),
    ],
)
def test_a_column_head_sorts_once_up_and_again_down(address: str, sort: str, state: str | None) -> None:
    html = answered('{% sort_header "asked" "Asked" default="asked" %}', asked(address))

    assert f'href="?sort={sort}"' in html
    assert (re.search(r'aria-sort="(\w+)"', html) or [None, None])[1] == state


def test_pages_are_links_that_keep_the_filters() -> None:
    html = render_to_string(
        "components/pagination.html", {"page": Page([], "n1", "")}, request=asked("/orders/?q=valve")
    )

    assert 'rel="next" href="?q=valve&amp;cursor=n1"' in html
    assert 'rel="prev"' not in html


# --- Forms


class PromiseForm(forms.Form):
    delivery = forms.CharField(label="Delivery", help_text="As you write dates")
    notice = forms.ChoiceField(label="Notices", choices=[("a", "At once")], widget=forms.RadioSelect)


def test_an_error_is_bound_to_its_field_and_listed_above() -> None:
    form = PromiseForm({"notice": "a"})

    html = render_to_string("components/fields.html", {"form": form})

    field = re.search(r"<input[^>]*name=\"delivery\"[^>]*>", html)
    assert field is not None
    assert 'aria-invalid="true"' in field[0]
    described = re.search(r'aria-describedby="([^"]+)"', field[0])
    assert described is not None
    assert all(f'id="{name}"' in html for name in described[1].split())
    assert '<a href="#id_delivery">Delivery: This field is required.</a>' in html


def test_a_group_has_one_legend_and_our_own_buttons() -> None:
    html = render_to_string("components/field.html", {"field": PromiseForm()["notice"]})

    assert "<legend>Notices</legend>" in html
    assert re.search(r'<input type="radio"[^>]*class="form-check-input"', html)


# --- People


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Mei Lin", "ML"), ("Anna Maria de Souza", "AS"), ("Ana", "A"), ("", ""), ("(office) Bea", "B")],
)
def test_initials_stand_for_a_person(name: str, expected: str) -> None:
    assert portal_ui.initials(name) == expected


def test_the_ring_of_time_left_stays_within_its_bounds() -> None:
    assert 'stroke-dasharray="56.5 56.5"' in portal_ui.ring(7)
    assert 'stroke-dasharray="0.0 56.5"' in portal_ui.ring(-1)


# --- What lies in the tree


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "img/icons.svg").read_text()
    named = {
        (path.name, name)
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text())
    }

    assert named
    assert [pair for pair in sorted(named) if f'id="i-{pair[1]}"' not in sprite] == []


def test_every_glyph_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "img/icons.svg").read_text()
    named = {
        (path.name, name)
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'{% glyph "([a-z]+)"', path.read_text())
    }

    assert named
    assert [pair for pair in sorted(named) if f'id="g-{pair[1]}"' not in sprite] == []


def test_every_component_begins_with_its_signature() -> None:
    components = sorted(TEMPLATES.glob("components/*.html"))

    assert components
    assert [path.name for path in components if not path.read_text().startswith(f"{{# {path.name}")] == []


def test_vendored_files_are_the_reviewed_ones() -> None:
    from hashlib import sha256

    manifest = json.loads((STATIC / "vendor/manifest.json").read_text())
    files = [file for entry in manifest["packages"] for file in entry["files"]]

    assert files
    for file in files:
        stored = (Path(settings.BASE_DIR) / file["to"]).read_bytes()
        assert sha256(stored).hexdigest() == file["sha256"], file["to"]


@pytest.mark.parametrize(
    "name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "offline.html"]
)
def test_an_error_page_stands_without_a_request_and_leads_back(name: str) -> None:
    html = get_template(name).render({})

    assert "<h1>" in html
    assert 'href="/"' in html
