"""What every answer carries, and the line it leaves in the log."""

from __future__ import annotations

import gzip
import logging
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch

from portal.kernel.actors import NOBODY, Actor, Channel, Side
from portal.middleware import (
    CompressMiddleware,
    CorrelationMiddleware,
    SecurityHeadersMiddleware,
    path_for_logs,
)


def request_to(path, *, route="", name="a-page", actor=None, **kwargs):
    request = RequestFactory().get(path)
    request.resolver_match = ResolverMatch(
        lambda: None, (), kwargs, url_name=name, route=route or path.strip("/")
    )
    request.actor = actor or NOBODY
    return request


def logged(caplog, request):
    with caplog.at_level(logging.INFO, logger="portal.requests"):
        CorrelationMiddleware(lambda r: HttpResponse("x", status=201))(request)
    return caplog.records


def test_one_line_per_request_with_who_did_it_and_how_long_it_took(caplog):
    asha = Actor("Asha", Channel.PORTAL, Side.SUPPLIER, user_id=7, supplier_ids=(1,))

    (line,) = logged(caplog, request_to("/orders/", name="orders", actor=asha))

    assert (line.method, line.path, line.route, line.status) == ("GET", "/orders/", "orders", 201)
    assert (line.actor, line.side, line.channel) == (7, "supplier", "portal")
    assert line.ms >= 0


def test_a_stranger_is_nobody(caplog):
    (line,) = logged(caplog, request_to("/orders/"))

    assert not hasattr(line, "actor")


def test_health_is_not_worth_a_line(caplog):
    assert logged(caplog, request_to("/health/live", name="health-live")) == []


def test_the_query_stays_out_of_the_log(caplog):
    (line,) = logged(caplog, request_to("/orders/?q=secret+plan"))

    assert "secret" not in str(vars(line))


@pytest.mark.parametrize(
    ("path", "route", "kwargs"),
    [
        (
            "/accounts/password/reset/key/3-c0ffee/",
            "accounts/password/reset/key/<uid>-<key>/",
            {"key": "c0ffee"},
        ),
        ("/join/c0ffee/", "join/<str:token>/", {"token": "c0ffee"}),
    ],
)
def test_a_one_time_secret_in_a_path_stays_out_of_the_log(path, route, kwargs):
    request = RequestFactory().get(path)
    request.resolver_match = SimpleNamespace(route=route, kwargs=kwargs)

    assert path_for_logs(request) == "/" + route


def test_the_browser_is_told_what_our_pages_never_need_and_to_keep_nothing():
    answer = SecurityHeadersMiddleware(lambda r: HttpResponse("x"))(RequestFactory().get("/"))

    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_page_that_may_be_kept_says_so_itself():
    def page(request):
        return HttpResponse("x", headers={"Cache-Control": "max-age=60"})

    answer = SecurityHeadersMiddleware(page)(RequestFactory().get("/"))

    assert answer.headers["Cache-Control"] == "max-age=60"


def test_every_answer_is_under_the_content_policy(client):
    answer = client.get("/health/live")

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def compressed(answer, accepts="gzip, br"):
    return CompressMiddleware(lambda r: answer)(
        RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    )


def test_a_page_is_packed_for_who_takes_it_and_its_length_tells_nothing():
    page = b"<tr><td>Ball valve</td></tr>" * 500

    answers = [compressed(HttpResponse(page)) for _ in range(40)]

    assert {gzip.decompress(answer.content) for answer in answers} == {page}
    assert answers[0].headers["Content-Encoding"] == "gzip"
    assert answers[0].headers["Vary"] == "Accept-Encoding"
    assert answers[0].headers["Content-Length"] == str(len(answers[0].content))
    assert len(answers[0].content) < len(page) / 10
    assert len({len(answer.content) for answer in answers}) > 5


def test_what_is_small_packed_already_or_not_taken_stays_as_it_is():
    page = "<p>Ball valve</p>" * 500

    assert compressed(HttpResponse("<p>no</p>")).content == b"<p>no</p>"
    assert compressed(HttpResponse(page), accepts="identity").content == page.encode()
    assert compressed(HttpResponse(page, content_type="application/pdf")).content == page.encode()
    assert "Content-Encoding" not in compressed(HttpResponse(page), accepts="").headers
