"""The pages of policies: read, write, ask, approve, stop, look back. All without a script."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, DecideAnswer, LineAnswer
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.changes.services import accept_change
from procurement.tolerances.messages import Direction, Inside, Limit, Measure
from procurement.tolerances.models import ToleranceDecision, TolerancePolicy, ToleranceSwitch
from tests.builders.changes import agree, piece, propose, say, to
from tests.builders.facts import a_receipt, arrive
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED, signed_in

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()
ASKED = TODAY + timedelta(days=20)
FIVE_DAYS = a_rule(absolute=5)

RULE = {
    "kind": "promise",
    "measure": "date",
    "direction": "over",
    "far": "up_to",
    "absolute": "5",
    "joined": "and",
    "level": "global",
    "inside": "accept",
    "outside": "ask",
}


def text_of(response):
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", plain.replace("&quot;", '"').replace("&#x27;", "'"))


def write(client, policy, **changed):
    data = {"version": str(policy.version), **RULE, **changed}
    return client.post(reverse("policy-rule-new", args=[policy.key]), data)


def rules(policy):
    with acting(FEED):
        return [rule.as_rule() for rule in policy.rules.order_by("number")]


def again(policy):
    with acting(FEED):
        policy.refresh_from_db()


# --- from nothing to rules that act -------------------------------------------------------------------------


def test_the_journey_write_ask_approve_and_it_acts(people):
    bea, boss = signed_in(people["bea"]), signed_in(people["max"])
    bea.post(reverse("policy-new"), {"company": "NM", "name": "Promises 2026"})
    with acting(FEED):
        policy = TolerancePolicy.objects.get()
    address = reverse("policy", args=[policy.key])

    assert write(bea, policy).status_code == 303
    page = text_of(bea.get(address))
    assert "Delivery date, later" in page
    assert "up to 5 days" in page
    again(policy)
    bea.post(reverse("policy-ask", args=[policy.key]), {"version": policy.version})
    again(policy)
    assert "Bea Buyer asks you to look at these rules" in text_of(boss.get(address))
    boss.post(reverse("policy-approve", args=[policy.key]), {"version": policy.version})

    again(policy)
    assert policy.state == "active"
    assert "These rules act. Max Manager approved them" in text_of(bea.get(address))
    story = text_of(bea.get(address))
    assert "Rule 1 added: Delivery date, later: up to 5 days (Everything)" in story


def test_an_author_sees_no_button_to_approve_and_cannot_press_one(people):
    draft = a_draft(people["max"], FIVE_DAYS)
    boss = signed_in(people["max"])
    boss.post(reverse("policy-ask", args=[draft.key]), {"version": draft.version})

    page = boss.get(reverse("policy", args=[draft.key])).content.decode()
    pressed = boss.post(reverse("policy-approve", args=[draft.key]), {"version": draft.version + 1})

    assert reverse("policy-approve", args=[draft.key]) not in page
    assert pressed.status_code == 403
    again(draft)
    assert draft.state == "asked"


def test_who_looked_at_other_rules_does_not_approve_these(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    bea, max_ = signed_in(people["bea"]), signed_in(people["max"])
    bea.post(reverse("policy-ask", args=[draft.key]), {"version": draft.version})
    shown = max_.get(reverse("policy", args=[draft.key])).content.decode()
    approve = re.search(r'href="([^"]*/approve/[^"]*)"', shown)[1]

    again(draft)
    bea.post(reverse("policy-hand-back", args=[draft.key]), {"version": draft.version, "reason": "One more."})
    again(draft)
    write(bea, draft, measure="unit_price", absolute="", percent="50")
    again(draft)
    bea.post(reverse("policy-ask", args=[draft.key]), {"version": draft.version})
    asked = max_.get(approve).content.decode()
    pressed = max_.post(approve, {"version": re.search(r'name="version" value="(\d+)"', asked)[1]})

    again(draft)
    assert (pressed.status_code, draft.state) == (409, "asked")
    assert "Somebody changed this policy since you opened it" in text_of(pressed)


# --- zero and not set ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "limit", "shown"),
    [
        ({}, Limit(Decimal(5)), "up to 5 days"),
        ({"far": "none", "absolute": ""}, Limit(Decimal(0)), "0: none allowed"),
        ({"far": "any", "absolute": ""}, Limit(), "not checked: any deviation is inside"),
        (
            {"measure": "unit_price", "absolute": "", "percent": "2.5"},
            Limit(percent=Decimal("2.5")),
            "up to 2.5 %",
        ),
        (
            {"measure": "unit_price", "absolute": "0.05", "unit": "EUR", "percent": "2", "joined": "or"},
            Limit(Decimal("0.05"), Decimal(2), "or"),
            "up to 0.05 EUR or 2 %, whichever is more",
        ),
        (
            {"measure": "unit_price", "absolute": "0.05", "unit": "EUR", "percent": "2"},
            Limit(Decimal("0.05"), Decimal(2)),
            "up to 0.05 EUR, and not more than 2 %",
        ),
    ],
)
def test_how_far_is_said_in_words_and_never_looks_like_something_else(people, typed, limit, shown):
    draft = a_draft(people["bea"])
    bea = signed_in(people["bea"])

    assert write(bea, draft, **typed).status_code == 303

    (rule,) = rules(draft)
    assert rule.limit == limit
    assert shown in text_of(bea.get(reverse("policy", args=[draft.key])))
    form = bea.get(reverse("policy-rule", args=[draft.key, rule.key])).content.decode()
    assert re.search(rf'<input[^>]*value="{typed.get("far", "up_to")}"[^>]*checked', form)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"absolute": ""}, "Give a limit here or in percent"),
        ({"absolute": "0"}, "Zero allows nothing: choose"),
        ({"far": "none"}, "empty this field"),
        ({"far": "any"}, "empty this field"),
        ({"absolute": "five"}, "“five” is not a number"),
        ({"percent": "5"}, "Days and deliveries are counted"),
        ({"level": "supplier"}, "Name it"),
        ({"level": "item", "item": "VALVE-99"}, "There is no item VALVE-99"),
        ({"item": "VALVE-15"}, "names more than its scope says"),
        ({"valid_from": "03/04/2026"}, "is not a day that is clear"),
        ({"valid_from": "2026-05-01", "valid_to": "2026-04-01"}, "The last day lies before the first"),
        ({"absolute": "1000000000000000"}, "At most twelve digits"),
    ],
    ids=str,
)
def test_bad_input_gets_a_sentence_at_its_field_and_nothing_typed_is_lost(people, typed, said):
    draft = a_draft(people["bea"])

    response = write(signed_in(people["bea"]), draft, note="Agreed with Acme.", **typed)

    assert response.status_code == 422
    assert said in text_of(response)
    assert "Agreed with Acme." in text_of(response)
    assert rules(draft) == []


def test_a_german_writes_a_comma(people):
    draft = a_draft(people["bea"])
    with acting(FEED):
        people["bea"].user.language = "de"
        people["bea"].user.save()

    write(signed_in(people["bea"]), draft, measure="unit_price", absolute="", percent="2,5")

    assert [rule.limit.percent for rule in rules(draft)] == [Decimal("2.5")]


def test_who_was_slower_keeps_what_was_typed(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    seen = draft.version

    write(signed_in(people["max"]), draft, direction="under")
    draft.version = seen
    response = write(signed_in(people["bea"]), draft, note="Agreed with Acme.")

    assert response.status_code == 409
    assert "Somebody changed this policy since you opened it" in text_of(response)
    assert "Agreed with Acme." in text_of(response)


def test_a_rule_is_changed_and_taken_out_and_the_history_keeps_both(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    bea = signed_in(people["bea"])
    (rule,) = rules(draft)
    change = reverse("policy-rule", args=[draft.key, rule.key])

    bea.post(change, {"version": draft.version, **RULE, "absolute": "2"})
    again(draft)
    changed = rules(draft)
    stale = bea.post(reverse("policy-rule-drop", args=[draft.key, rule.key]), {"version": "1"})
    bea.post(reverse("policy-rule-drop", args=[draft.key, rule.key]), {"version": draft.version})

    assert [(one.key, one.limit.absolute) for one in changed] == [(rule.key, Decimal(2))]
    assert stale.status_code == 409
    assert rules(draft) == []
    story = text_of(bea.get(reverse("policy", args=[draft.key])))
    assert "later: up to 5 days (Everything) → Delivery date, later: up to 2 days (Everything)" in story
    assert "Rule 1 taken out: Delivery date, later: up to 2 days (Everything)" in story


def test_rules_that_meet_say_so(people):
    draft = a_draft(people["bea"], FIVE_DAYS, a_rule(absolute=30), a_rule(Measure.UNIT_PRICE, percent=1))

    page = text_of(signed_in(people["bea"]).get(reverse("policy", args=[draft.key])))

    assert "together with rule 2: both must hold" in page
    assert "together with rule 1: both must hold" in page
    assert "rule 3: both" not in page


def test_a_copy_is_a_draft_with_the_same_rules(people):
    policy = an_active_policy(people, FIVE_DAYS)
    bea = signed_in(people["bea"])

    bea.post(reverse("policy-copy", args=[policy.key]), {"name": "Promises 2027"})

    with acting(FEED):
        draft = TolerancePolicy.objects.get(name="Promises 2027")
    assert (draft.state, draft.replaces_id) == ("draft", policy.pk)
    assert [rule.limit for rule in rules(draft)] == [rule.limit for rule in rules(policy)]


# --- the switch ---------------------------------------------------------------------------------------------


def test_one_press_and_a_reason_stop_everything(people):
    policy = an_active_policy(people, FIVE_DAYS)
    bea, boss = signed_in(people["bea"]), signed_in(people["max"])
    address = reverse("rules-switch", args=["NM"])

    assert "Stop everything" in text_of(bea.get(reverse("policy-list")))
    bea.post(address, {"do": "stop", "reason": "Audit."})
    listed = text_of(bea.get(reverse("policy-list")))
    stood = text_of(bea.get(reverse("policy", args=[policy.key])))
    refused = bea.post(address, {"do": "resume", "reason": "Fine."})
    boss.post(address, {"do": "resume", "reason": "Fine."})

    assert "Stopped" in listed
    assert "Audit." in listed
    assert "Bea Buyer stopped everything automatic" in stood
    assert refused.status_code == 403
    with acting(FEED):
        assert ToleranceSwitch.objects.get().state == "on"


def test_a_stop_pressed_twice_never_lets_rules_act_again(people):
    an_active_policy(people, FIVE_DAYS)
    boss = signed_in(people["max"])
    address = reverse("rules-switch", args=["NM"])
    boss.post(address, {"do": "stop", "reason": "Audit."})

    assert boss.post(address, {"do": "stop", "reason": "Audit."}).status_code == 409
    with acting(FEED):
        assert ToleranceSwitch.objects.get().state == "off"


# --- what rules did -----------------------------------------------------------------------------------------


def late_order(people, number="4500000001", days=3, lines=1, asked=ASKED, at=None):
    at = at or datetime.now(UTC)
    order = an_order(number, [a_line(10 * n, delivery_on=asked) for n in range(1, lines + 1)], at=at)
    asha = people["asha"].actor
    answers = tuple(
        LineAnswer(f"L{10 * n}", (AnswerPiece(Decimal(100), delivery_on=asked + timedelta(days=days)),))
        for n in range(1, lines + 1)
    )
    with acting(asha):
        acknowledge_order(AcknowledgeOrder(order.key, order.version, answers), actor=asha, at=at)
    return order


def decision():
    with acting(FEED):
        return ToleranceDecision.objects.order_by("id").first()


def test_both_sides_read_the_rule_its_inputs_and_its_limit(people):
    an_active_policy(people, FIVE_DAYS)
    late_order(people)
    address = reverse("rule-decision", args=[decision().key])

    for name in ("bea", "asha", "arun", "ada"):
        page = text_of(signed_in(people[name]).get(address))
        assert "Agreed by rule" in page
        assert "3 days late" in page
        assert "Delivery date, later: up to 5 days" in page
        assert ("(Everything)" in page) == (name in ("bea", "ada"))
    assert signed_in(people["gil"]).get(address).status_code == 404


def test_the_list_shows_a_supplier_its_own_and_no_button(people):
    an_active_policy(people, FIVE_DAYS)
    late_order(people)
    reopen = reverse("rule-decision-reopen", args=[decision().key])

    asha, gil, bea = (signed_in(people[name]) for name in ("asha", "gil", "bea"))

    assert "4500000001" in text_of(asha.get(reverse("rule-decisions")))
    assert reopen not in asha.get(reverse("rule-decisions")).content.decode()
    assert "4500000001" not in text_of(gil.get(reverse("rule-decisions")))
    assert reopen in bea.get(reverse("rule-decisions")).content.decode()


def test_a_buyer_opens_one_again_and_the_list_says_so(people):
    an_active_policy(people, FIVE_DAYS)
    late_order(people)
    bea = signed_in(people["bea"])
    address = reverse("rule-decision-reopen", args=[decision().key])

    empty = bea.post(address, {"reason": " "})
    done = bea.post(address, {"reason": "We need them as asked."})

    assert (empty.status_code, done.status_code) == (422, 303)
    assert fresh_line().agreement == "awaiting"
    page = bea.get(reverse("rule-decisions") + "?show=reopened")
    assert "opened again by Bea Buyer" in text_of(page)
    assert address not in page.content.decode()


def test_what_a_rule_tells_of_is_ticked_off(people):
    an_active_policy(people, replace(FIVE_DAYS, inside=Inside.NOTIFY))
    late_order(people)
    bea = signed_in(people["bea"])
    unseen = reverse("rule-decisions") + "?show=unseen"
    assert "4500000001" in text_of(bea.get(unseen))
    assert "Set-up 1 waiting" in text_of(bea.get(unseen))

    bea.post(reverse("rule-decisions-seen"), {"pick": [str(decision().key), "rubbish"]})

    assert "4500000001" not in text_of(bea.get(unseen))
    assert "Set-up 1 waiting" not in text_of(bea.get(unseen))


@pytest.mark.parametrize("name", ["asha", "bea"])
def test_one_row_and_thirty_cost_the_same_queries(people, name):
    an_active_policy(people, FIVE_DAYS)
    late_order(people, "4500000001")
    client = signed_in(people[name])
    client.get(reverse("rule-decisions"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("rule-decisions"))
    late_order(people, "4500000002", lines=30)

    with CaptureQueriesContext(connection) as thirty:
        client.get(reverse("rule-decisions"))

    assert len(one) == len(thirty)


def test_policies_and_rules_cost_the_same_queries_however_many(people):
    policy = a_draft(people["bea"], FIVE_DAYS)
    bea = signed_in(people["bea"])
    pages = [reverse("policy-list"), reverse("policy", args=[policy.key])]
    counts = []
    for _round in range(2):
        for page in pages:
            bea.get(page)
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                bea.get(page)
            found.append(len(queries))
        counts.append(found)
        for number in range(5):
            a_draft(people["bea"], FIVE_DAYS, name=f"Draft {number}")
            again(policy)
            write(bea, policy, direction="under")
    assert counts[0] == counts[1]


# --- the dry run --------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_have_passed_and_what_came_of_it(people):
    week_ago = datetime.now(UTC) - timedelta(days=7)
    asked = TODAY - timedelta(days=3)
    late_order(people, "4500000001", days=3, asked=asked, at=week_ago)
    late_order(people, "4500000002", days=9, asked=asked, at=week_ago)
    bea = people["bea"].actor
    for number, verdict in (("4500000001", "accept"), ("4500000002", "decline")):
        with acting(bea):
            order = fresh(number)
            command = DecideAnswer(
                order.key, order.version, verdict, reason="" if verdict == "accept" else "No."
            )
            decide_answer(command, actor=bea, at=week_ago + timedelta(hours=30))
    arrive(
        a_receipt("GR-1", order="4500000001", quantity=Decimal(100), received_on=asked + timedelta(days=5))
    )
    draft = a_draft(people["bea"], FIVE_DAYS)

    response = signed_in(people["bea"]).get(reverse("policy-dry-run", args=[draft.key]))

    page = text_of(response)
    assert response.status_code == 200
    assert "3 days late, where 5 days are allowed" in page
    assert "9 days late, where 5 days are allowed" in page
    assert "accepted after 30 hours" in page
    assert "not accepted" in page
    assert "arrived 2 days late, against the promise" in page
    assert "No buyer said no to the one line that would be agreed at once." in page
    with acting(FEED):
        assert ToleranceDecision.objects.count() == 0


def test_a_dry_run_warns_of_what_a_buyer_did_not_accept(people):
    order = late_order(people, days=3)
    bea = people["bea"].actor
    order = fresh(order.number)
    with acting(bea):
        command = DecideAnswer(order.key, order.version, "decline", reason="A customer waits.")
        decide_answer(command, actor=bea, at=datetime.now(UTC))
    draft = a_draft(people["bea"], FIVE_DAYS)

    page = text_of(signed_in(people["bea"]).get(reverse("policy-dry-run", args=[draft.key])))

    assert "A buyer did not accept 1 of the 1 lines that would be agreed at once." in page


def test_a_dry_run_compares_with_what_was_asked_then(people):
    late_order(people, days=3)
    moved = a_line(10, delivery_on=ASKED + timedelta(days=3), quantity=Decimal(80))
    receive(a_paper(lines=[moved], revision="2"), at=datetime.now(UTC))
    draft = a_draft(
        people["bea"], FIVE_DAYS, a_rule(Measure.QUANTITY, direction=Direction.EITHER, absolute=0)
    )

    page = text_of(signed_in(people["bea"]).get(reverse("policy-dry-run", args=[draft.key])))

    assert "3 days late, where 5 days are allowed" in page
    assert "20 pcs" not in page


def test_a_dry_run_takes_rules_as_if_they_had_always_been_valid(people):
    late_order(people, days=3)
    draft = a_draft(people["bea"], replace(FIVE_DAYS, valid_from=TODAY + timedelta(days=30)))

    page = text_of(signed_in(people["bea"]).get(reverse("policy-dry-run", args=[draft.key])))

    assert "3 days late, where 5 days are allowed" in page


def test_a_dry_run_looks_at_answers_and_not_at_what_was_changed_later(people):
    at = datetime.now(UTC) - timedelta(days=2)
    order = agree(an_order(lines=[a_line(10, delivery_on=ASKED)], at=at), people["asha"], at=at)
    half_more = propose(order, people["bea"], to(piece(150)), at=at)
    say(accept_change, half_more, people["asha"], at=at)
    draft = a_draft(people["bea"], FIVE_DAYS)

    run = signed_in(people["bea"]).get(reverse("policy-dry-run", args=[draft.key])).context["run"]

    assert (run.rows, run.as_asked) == ((), 1)


def test_a_dry_run_over_no_span_of_the_list_takes_the_usual_one(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    bea = signed_in(people["bea"])

    for days in ("31", "later", "000309999999999", "٣٠"):
        page = bea.get(reverse("policy-dry-run", args=[draft.key]), {"days": days})
        assert (page.status_code, page.context["days"]) == (200, 90)


def test_a_dry_run_costs_the_same_queries_for_one_line_and_for_thirty(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    late_order(people, "4500000001")
    client = signed_in(people["bea"])
    address = reverse("policy-dry-run", args=[draft.key])
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    late_order(people, "4500000002", lines=30)

    with CaptureQueriesContext(connection) as thirty:
        client.get(address)

    assert len(one) == len(thirty)


def test_no_supplier_opens_a_policy(people):
    draft = a_draft(people["bea"], FIVE_DAYS, at=MONDAY)

    for name in ("asha", "gil"):
        client = signed_in(people[name])
        assert client.get(reverse("policy-list")).status_code == 403
        assert client.get(reverse("policy", args=[draft.key])).status_code == 403


def test_a_second_press_writes_over_no_rule_of_a_colleague(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    bea, boss = signed_in(people["bea"]), signed_in(people["max"])
    (rule,) = rules(draft)
    change = reverse("policy-rule", args=[draft.key, rule.key])
    opened = {**hidden(bea.get(change)), **RULE, "absolute": "2"}
    boss.post(change, {**hidden(boss.get(change)), **RULE, "absolute": "9"})

    first = bea.post(change, opened)
    second = bea.post(change, {**opened, **hidden(first)})

    assert (first.status_code, second.status_code) == (409, 409)
    assert 'value="2"' in second.content.decode()
    assert [rule.limit.absolute for rule in rules(draft)] == [Decimal(9)]


def test_a_second_press_writes_where_a_colleague_changed_another_rule(people):
    draft = a_draft(people["bea"], FIVE_DAYS)
    bea = signed_in(people["bea"])
    (rule,) = rules(draft)
    change = reverse("policy-rule", args=[draft.key, rule.key])
    opened = {**hidden(bea.get(change)), **RULE, "absolute": "2"}
    write(signed_in(people["max"]), draft, direction="under")

    first = bea.post(change, opened)
    second = bea.post(change, {**opened, **hidden(first)})

    assert (first.status_code, second.status_code) == (409, 303)
    assert Decimal(2) in [rule.limit.absolute for rule in rules(draft)]


def hidden(response):
    """What the form carries along unseen."""
    found = re.findall(r'type="hidden" name="(version|stood)" value="([^"]*)"', response.content.decode())
    return {name: value.replace("&#x2B;", "+") for name, value in found}
