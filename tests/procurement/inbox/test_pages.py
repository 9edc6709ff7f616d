"""The pages of the inbox: the list, a case beside it, what is done there, and what changes while one looks."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text
from procurement.catalogue.models import Company
from procurement.changes.messages import Wish
from procurement.inbox.models import CaseNote, CaseQueue, CaseTask, ExceptionCase, PriorityFormula
from procurement.inbox.presenters.pages import compared
from procurement.inbox.presenters.rows import local_day
from procurement.inbox.services.tasking import AskTask, ask_task, token_of
from procurement.inbox.services.working import write_note
from tests.builders.changes import an_agreed_order, propose
from tests.builders.inbox import (
    LATER,
    a_case,
    a_late_order,
    answer,
    cases,
    decide,
    late,
    review,
    the_case,
)
from tests.builders.supply import some_stock, stock_comes
from tests.builders.world import a_line, fresh, fresh_line
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def bea(people):
    return signed_in(people["bea"])


def page(client, name="inbox", key=None, query="", **headers):
    url = reverse(name, kwargs={"key": key}) if key else reverse(name)
    response = client.get(url + query, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def do(client, case, verb, version=None, **fields):
    url = reverse("inbox-do", kwargs={"key": case.key, "verb": verb})
    return client.post(url, {"version": case.version if version is None else version, **fields})


# --- looking ------------------------------------------------------------------------------------------------


def test_a_buyer_begins_with_its_own_cases(people, bea):
    case = a_case(people)

    shown = page(bea)

    assert "Ball valve DN15 comes 8 days late" in shown
    assert f"/inbox/{case.key}/" in shown
    assert bea.get(reverse("home")).url == reverse("inbox")


def test_an_empty_inbox_says_why(people, bea):
    assert "Nothing needs a person" in page(bea)


def test_a_buyer_without_cases_hears_of_colleagues(people):
    a_case(people)

    assert "1 case waits for your colleagues" in page(signed_in(people["max"]), query="?view=mine")


def test_a_case_shows_everything_to_decide_on(people, bea):
    stock_comes(some_stock())
    case = a_case(people)
    with acting(people["max"].actor):
        write_note(case.key, "Hull can spare 110.", actor=people["max"].actor, at=LATER)

    shown = page(bea, "inbox-case", case.key)

    for words in (
        "Promise later than need",
        "9 Apr 2026",
        "8 days late",
        "Stock cover",
        "Open orders of this item",
        "Sources of this item",
        "Why it is where it is",
        "Acme Valves",
        "Hull can spare 110.",
        "internal note",
        "Accept 9 Apr 2026",
    ):
        assert words in shown


def test_a_stock_that_ends_too_soon_says_by_how_many_days(people, bea):
    order = an_agreed_order(people["asha"], lines=1)
    stock_comes(some_stock(on_hand=Decimal(60), daily_demand=Decimal(4)))
    review(order)

    (row,) = [one for one in compared(the_case())[1] if one.word == "Stock runs out"]

    assert (row.asked, row.promised, row.difference) == ("–", "17 Mar 2026", "15 days before")


def test_for_htmx_the_case_comes_alone(people, bea):
    case = a_case(people)
    headers = {"HX-Request": "true", "HX-Target": "inbox-case"}

    shown = page(bea, "inbox-case", case.key, **headers)

    assert shown.lstrip().startswith('<section class="q-inbox-case"')
    assert 'id="cases"' not in shown


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as told:
        assert client.get(url).status_code == 200
    return len(told)


def test_pages_ask_as_much_for_one_case_as_for_thirty(people, bea):
    case = a_case(people)
    few = [queries(bea, reverse("inbox")), queries(bea, reverse("inbox-case", args=[case.key]))]

    review(*(a_late_order(people["asha"], f"46{n:08}") for n in range(30)))

    assert len(cases()) == 31
    assert [queries(bea, reverse("inbox")), queries(bea, reverse("inbox-case", args=[case.key]))] == few


def test_the_list_is_narrowed_and_keeps_its_filters_as_a_queue(people, bea):
    a_case(people)
    order = an_agreed_order(people["asha"], "4600000001")
    propose(order, people["asha"], Wish(move_days=7))
    review(fresh("4600000001"))

    shown = page(bea, query="?view=mine&kind=change_waits&supplier=ACME&site=LEEDS&group=valves&least=1")
    assert "Change asked for: date" in shown
    assert "8 days late" not in shown

    url = reverse("inbox-queue")
    done = bea.post(url, {"query": "view=mine&kind=change_waits", "name": "Changes", "team": "on"})
    assert done.url == reverse("inbox") + "?view=mine&kind=change_waits"
    assert "Changes" in page(signed_in(people["max"]))
    with acting(FEED):
        queue = CaseQueue.objects.get()
    assert bea.post(reverse("inbox-queue-drop", args=[queue.key])).status_code == 303


def test_filters_are_chosen_from_what_there_is(people, bea):
    a_case(people)

    shown = page(bea, "inbox-filter")

    assert "Acme Valves" in shown
    assert "Globex" not in shown


def test_a_tampered_address_shows_the_list(people, bea):
    a_case(people)

    for query in ("?view=x&kind=y&owner=z&least=a&due=b&cursor=c", "?owner=999999999999", "?site=%00"):
        page(bea, query=query)


def test_pages_have_a_second_page(people, bea):
    review(*(a_late_order(people["asha"], f"46{n:08}") for n in range(52)))

    response = bea.get(reverse("inbox"))

    assert len(response.context["rows"]) == 50
    following = bea.get(reverse("inbox"), {"cursor": response.context["page"].next})
    assert len(following.context["rows"]) == 2


# --- acting -------------------------------------------------------------------------------------------------


def test_accepting_leads_to_the_next_case(people, bea):
    first, second = a_case(people, days=20), a_case(people, "4500000002")

    done = do(bea, first, "accept")

    assert (done.status_code, done.url) == (303, reverse("inbox-case", args=[second.key]))
    assert fresh_line().agreement == "agreed"
    assert [case.state for case in cases(cause="answer")] == ["resolved", "open"]


def test_declining_asks_for_a_reason_first(people, bea):
    case = a_case(people)
    url = reverse("inbox-do", kwargs={"key": case.key, "verb": "decline"})
    assert "Transport" in bea.get(url).content.decode()

    assert do(bea, case, "decline").status_code == 422
    assert do(bea, case, "decline", reason="transport", note="By air?").status_code == 303

    assert fresh_line().agreement == "disputed"


def test_a_stale_press_shows_what_happened_meanwhile(people, bea):
    case = a_case(people)
    decide(fresh(), people["max"], "accept")
    review(fresh())

    done = do(bea, case, "snooze", until=(timezone.now() + timedelta(days=3)).date().isoformat())

    assert done.status_code == 409
    assert "closed by itself meanwhile: It was accepted." in done.content.decode()


@pytest.mark.parametrize(
    ("verb", "fields", "state"),
    [
        ("snooze", {"until": (timezone.now() + timedelta(days=5)).date().isoformat()}, "snoozed"),
        ("settle", {"reason": "Spoke with Mei."}, "resolved"),
        ("take", {}, "open"),
        ("assign", {"owner": ""}, "open"),
        ("ask", {"question": "Can it wait?", "email": "site@kelso.example"}, "open"),
    ],
)
def test_everything_else_is_done_from_the_case_too(people, verb, fields, state):
    case = a_case(people)
    max_ = signed_in(people["max"])
    url = reverse("inbox-do", kwargs={"key": case.key, "verb": verb})
    assert max_.get(url).status_code == 200

    assert do(max_, case, verb, **fields).status_code == 303

    after = the_case()
    assert after.state == state
    expected = {"take": people["max"].user.pk, "assign": None}.get(verb, case.holder_id)
    assert after.holder_id == expected


def test_a_bad_field_is_named_beside_it(people, bea):
    done = do(bea, a_case(people), "snooze", until="2020-01-01")

    assert done.status_code == 422
    assert "Choose a day after today." in done.content.decode()


def test_a_counter_offer_is_put_from_the_case(people, bea):
    soon = (timezone.now() + timedelta(days=60)).date()
    order = an_agreed_order(people["asha"], lines=[a_line(10, delivery_on=soon)])
    propose(order, people["asha"], Wish(move_days=7), at=timezone.now())
    review(fresh(), at=timezone.now())

    done = do(bea, the_case(), "counter", delivery_on=(soon + timedelta(days=3)).isoformat())

    assert done.status_code == 303
    assert the_case().closed_because == "countered"


def test_a_verb_nobody_knows_is_no_page(people, bea):
    assert do(bea, a_case(people), "explode").status_code == 404


def test_notes_stay_here_and_messages_go_to_the_supplier(people, bea):
    case = a_case(people)
    url = reverse("inbox-note", args=[case.key])

    bea.post(url, {"text": "Between us: no hurry.", "to": "note"})
    bea.post(url, {"text": "Could 40 come by air?", "to": "supplier"})

    asha = signed_in(people["asha"]).get(reverse("order", args=[fresh().key])).content.decode()
    assert "Could 40 come by air?" in asha
    assert "no hurry" not in asha
    with acting(FEED):
        assert CaseNote.objects.count() == 1


def test_a_note_that_cannot_be_kept_comes_back_as_typed(people, bea):
    done = bea.post(reverse("inbox-note", args=[a_case(people).key]), {"text": "x" * 5001, "to": "note"})

    assert done.status_code == 422
    assert "x" * 5001 in done.content.decode()


# --- many at once -------------------------------------------------------------------------------------------


def bulk(client, chosen, verb, **fields):
    picks = [f"{case.key}.{case.version}" for case in chosen]
    return client.post(reverse("inbox-bulk"), {"pick": picks, "do": verb, **fields})


def test_forty_are_accepted_at_once_and_each_that_was_not_says_why(people, bea):
    known = [a_case(people, f"45{n:08}") for n in range(5)]
    decide(known[2].order, people["max"], "accept")

    done = bulk(bea, known, "accept")

    assert done.status_code == 200
    assert "One case was left as it is" in done.content.decode()
    assert {case.state for case in cases(cause="answer")} == {"resolved"}


def test_a_bulk_decline_owes_its_reason_and_keeps_the_ticks(people, bea):
    case = a_case(people)

    done = bulk(bea, [case], "decline")

    assert done.status_code == 422
    assert f'value="{case.key}.{case.version}" data-pick checked' in done.content.decode()
    assert bulk(bea, [case], "decline", reason="Too late.").status_code == 303


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("assign", {"owner": ""}),
        ("snooze", {"until": (timezone.now() + timedelta(days=5)).date().isoformat()}),
        ("settle", {"reason": "All the same."}),
    ],
)
def test_what_is_done_to_one_is_done_to_many(people, bea, verb, fields):
    assert bulk(bea, [a_case(people), a_case(people, "4500000002")], verb, **fields).status_code == 303


def test_nothing_ticked_and_no_button_are_told(people, bea):
    case = a_case(people)

    assert bulk(bea, [], "accept").status_code == 422
    assert bulk(bea, [case], "dance").status_code == 422
    assert bulk(bea, [case], "snooze").status_code == 422


# --- while one looks ----------------------------------------------------------------------------------------


def poll(client, since, **fields):
    url = reverse("inbox-poll")
    sent = {"since": since.isoformat(), "loaded": since.isoformat(), **fields}
    return client.post(url, sent, headers={"HX-Request": "true"}).content.decode()


def test_new_cases_are_announced_and_rows_change_in_their_place(people, bea):
    begun = LATER + timedelta(minutes=1)
    old = a_case(people)
    decide(fresh(), people["max"], "accept", at=begun + timedelta(minutes=1))
    review(fresh(), at=begun + timedelta(minutes=1))
    order = a_late_order(people["asha"], "4500000002")
    review(order, at=begun + timedelta(minutes=2))

    told = poll(bea, begun)

    assert "1 new" in told
    assert f'id="case-{old.key}"' in told
    assert "is-gone" in told
    assert told.count('hx-swap-oob="true"') >= 4


def test_a_quiet_minute_changes_nothing(people, bea):
    a_case(people)

    told = poll(bea, LATER + timedelta(minutes=1))

    assert "q-case-a" not in told
    assert " new<" not in told


def test_the_second_sees_that_the_first_looks_and_that_it_changed(people, bea):
    case = a_case(people)
    page(signed_in(people["max"]), "inbox-case", case.key)

    told = poll(bea, LATER, case=str(case.key), version=case.version - 1 or 99)

    assert "Max Manager looks at this too" in told
    assert "This case has changed since you opened it." in told


# --- questions ----------------------------------------------------------------------------------------------


def a_question(people, **to):
    case = a_case(people)
    with acting(people["bea"].actor):
        return ask_task(AskTask(case.key, "Can it wait?", **to), actor=people["bea"].actor, at=LATER)


def test_a_colleague_finds_the_question_and_answers_it(people):
    task = a_question(people, person=people["rex"].user.pk)
    rex = signed_in(people["rex"])
    assert "Can it wait?" in page(rex, "inbox-tasks")

    assert rex.post(reverse("inbox-task", args=[task.key]), {"answer": "Until Friday."}).status_code == 303

    assert "Until Friday." in page(signed_in(people["bea"]), "inbox-case", the_case().key)


def test_who_has_no_account_answers_by_the_address(people):
    task = a_question(people, email="site@kelso.example")
    # Signed anew whenever it is shown.
    (address,) = re.findall(r"/asked/[^/]+/", page(signed_in(people["bea"]), "inbox-task", task.key))
    stranger = Client()

    for _look in range(2):  # a scanner of mails looks twice
        assert "Can it wait?" in stranger.get(address).content.decode()
    with acting(FEED):
        assert CaseTask.objects.get().state == "asked"
    assert "Very well." in stranger.post(address, {"answer": "Very well."}).content.decode()

    shown = stranger.get(address)
    assert "has answered this question already" in shown.content.decode()
    assert shown["Referrer-Policy"] == "strict-origin"
    for secret in ("4500000001", "Acme", "6.85"):
        assert secret not in shown.content.decode()


def test_a_forged_address_opens_nothing(people):
    a_question(people, email="site@kelso.example")

    for token in ("x", signing.dumps("1", salt="inbox.task"), signing.dumps("1", salt="other")):
        assert Client().get(reverse("asked", kwargs={"token": token})).status_code == 404


# --- rules and formulas -------------------------------------------------------------------------------------


def test_a_manager_writes_whose_cases_are_whose(people):
    a_case(people)
    root = signed_in(people["root"])

    bad = root.post(reverse("inbox-rule-write"), {"supplier": "NOBODY", "owner": people["max"].user.pk})
    good = root.post(reverse("inbox-rule-write"), {"supplier": "ACME", "owner": people["max"].user.pk})

    assert (bad.status_code, good.status_code) == (422, 303)
    assert "No supplier has the number NOBODY." in bad.content.decode()
    assert the_case().holder_id == people["max"].user.pk
    assert "Max Manager" in page(root, "inbox-rules")


def test_somebody_is_away_and_back(people, bea):
    today = timezone.now().date()
    sent = {
        "person": people["bea"].user.pk,
        "stand_in": people["max"].user.pk,
        "from_on": today.isoformat(),
        "until_on": (today + timedelta(days=3)).isoformat(),
    }

    assert bea.post(reverse("inbox-away"), sent).status_code == 303
    assert "Max Manager has the cases" in page(bea, "inbox-rules")
    assert bea.post(reverse("inbox-away"), sent).status_code == 422


def test_a_formula_is_written_tried_asked_for_and_let_count(people):
    a_case(people)
    root, max_ = signed_in(people["root"]), signed_in(people["max"])
    root.post(reverse("formula-new"), {"name": "Value first"})
    with acting(FEED):
        formula = PriorityFormula.objects.get()
    fields = {"name": "Value first", "version": 1, "urgency": "1", "rates": "USD = 0.92"}
    bad = root.post(
        reverse("formula-write", args=[formula.key]), {**fields, "name.0": "Value", "part.0": "worth"}
    )
    assert bad.status_code == 422
    assert "There is no figure “worth”" in bad.content.decode()

    kept = root.post(
        reverse("formula-write", args=[formula.key]),
        {**fields, "name.0": "Value", "part.0": "value / 10", "then": "try"},
    )
    tried = page(root, "formula-try", formula.key)
    root.post(reverse("formula-move", args=[formula.key, "ask"]), {"version": 2})
    own = root.post(reverse("formula-move", args=[formula.key, "approve"]), {"version": 3})
    done = max_.post(reverse("formula-move", args=[formula.key, "approve"]), {"version": 3})

    assert kept.url == reverse("formula-try", args=[formula.key])
    assert "would change" in tried
    assert (own.status_code, done.status_code) == (403, 303)
    assert the_case().score == 69


# --- what was seen is what is acted on ----------------------------------------------------------------------


def dialog_of(client, case, verb):
    """The address behind the button, as the page of the case has it."""
    (url,) = re.findall(rf'href="([^"]*/{verb}/[^"]*)"', page(client, "inbox-case", case.key))
    return url.replace("&amp;", "&")


def test_a_question_asked_after_the_case_moved_is_about_what_was_seen(people, bea):
    case = a_case(people)
    url = dialog_of(bea, case, "decline")
    answer(decided := fresh(), people["asha"], late(20), at=LATER + timedelta(hours=1))
    review(decided, at=LATER + timedelta(hours=1))
    assert the_case().version > case.version

    dialog = bea.get(url).content.decode()
    refused = bea.post(url, {"version": case.version, "reason": "", "note": ""})
    again = refused.content.decode()

    assert f'name="version" value="{case.version}"' in dialog
    assert (refused.status_code, f'name="version" value="{case.version}"' in again) == (409, False)
    assert "changed since you opened it" in again


def test_a_form_that_is_shown_again_keeps_the_version_it_was_opened_with(people, bea):
    case = a_case(people)
    assert (shown := do(bea, case, "snooze", version=case.version + 5, until="soon")).status_code == 422

    assert f'name="version" value="{case.version + 5}"' in shown.content.decode()


def test_a_case_sleeps_until_the_day_of_its_company(people, bea):
    case = a_case(people)
    with acting(FEED):
        Company.objects.update(time_zone="Europe/Berlin", country="DE")
    wednesday = (timezone.now() + timedelta(days=9 - timezone.now().isoweekday() % 7)).date()
    assert do(bea, case, "snooze", until=wednesday.isoformat()).status_code == 303

    told = day_text(local_day(the_company_of(the_case()), the_case().snoozed_until))
    assert the_case().snoozed_until.date() < local_day(the_company_of(the_case()), the_case().snoozed_until)
    assert f"sleeps until <b>{told}</b>" in page(bea, "inbox-case", case.key)
    assert f"until {told}" in page(bea, query="?view=snoozed")


def the_company_of(case):
    with acting(FEED):
        return ExceptionCase.objects.select_related("company").get(pk=case.pk)


def test_a_formula_shown_again_writes_over_nothing_of_a_colleague(people):
    root, max_ = signed_in(people["root"]), signed_in(people["max"])
    root.post(reverse("formula-new"), {"name": "Draft"})
    with acting(FEED):
        draft = PriorityFormula.objects.get()
    url, typed = reverse("formula-write", args=[draft.key]), {"version": "1", "name": "Draft", "urgency": "1"}
    max_.post(url, {**typed, "name.0": "Value", "part.0": "value / 100"})

    for _press in range(2):
        shown = root.post(url, {**typed, "name.0": "Mine", "part.0": "kind_weight"})
        typed["version"] = re.search(r'name="version" value="(\d+)"', shown.content.decode()).group(1)
        assert (shown.status_code, "kind_weight" in shown.content.decode()) == (409, True)

    with acting(FEED):
        assert PriorityFormula.objects.get().parts == [{"name": "Value", "expression": "value / 100"}]


# --- what is said outside, and what is typed in vain --------------------------------------------------------


def test_what_a_colleague_answered_instead_is_not_told_outside(people, bea):
    task = a_question(people, email="site@kelso.example")
    bea.post(reverse("inbox-task", args=[task.key]), {"answer": "Kelso always says yes."})

    shown = Client().get(reverse("asked", kwargs={"token": token_of(task)})).content.decode()

    assert "has answered this question already" in shown
    assert "always says yes" not in shown
    assert "always says yes" in page(bea, "inbox-task", task.key)


def test_the_address_of_a_question_taken_back_opens_nothing(people, bea):
    task = a_question(people, email="site@kelso.example")
    bea.post(reverse("inbox-task-withdraw", args=[task.key]))

    shown = Client().get(reverse("asked", kwargs={"token": token_of(task)}))

    assert shown.status_code == 410
    assert "Can it wait?" not in shown.content.decode()
    assert "was taken back" in shown.content.decode()


def test_who_was_slower_reads_what_was_typed(people, bea):
    case = a_case(people)
    decide(fresh(), people["max"], "accept")
    review(fresh())

    shown = do(bea, case, "decline", reason="capacity", note="We need them by the 3rd.")

    assert shown.status_code == 409
    assert "We need them by the 3rd." in shown.content.decode()


def test_a_reason_typed_for_many_is_kept_when_nothing_was_ticked(people, bea):
    a_case(people)

    shown = bea.post(reverse("inbox-bulk"), {"do": "settle", "reason": "Agreed by phone."})

    assert (shown.status_code, "Agreed by phone." in shown.content.decode()) == (422, True)


def test_what_was_committed_just_after_a_page_asked_is_told_the_next_time(people, bea):
    case = a_case(people)
    asked = timezone.now()
    with acting(FEED):
        ExceptionCase.objects.filter(pk=case.pk).update(updated_at=asked - timedelta(seconds=1))

    told = bea.post(reverse("inbox-poll"), {"since": asked.isoformat(), "loaded": asked.isoformat()})

    assert str(case.key) in told.content.decode()


def test_a_list_of_somebodys_cases_says_whose(people, bea):
    a_case(people)
    max_ = people["max"].user.pk

    assert "Max Manager" in page(bea, query=f"?view=team&owner={max_}").split('id="cases"')[0]
    for nobody in ("9" * 40, "nobody"):
        page(bea, query=f"?view=team&owner={nobody}")
