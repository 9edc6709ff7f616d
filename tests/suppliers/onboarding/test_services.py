"""Onboarding as people live it: invited once, asked what is theirs, done when it is there, paid when it is checked."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from suppliers.details.messages import ChangeDetail
from suppliers.details.services import approve_detail_change, change_detail
from suppliers.messages import SupplierPaper
from suppliers.models import Invitation, Membership, Supplier
from suppliers.onboarding.messages import (
    ExcludeSuppliers,
    InviteSuppliers,
    PayingWaits,
    Question,
    Step,
    Target,
    WriteInvitationText,
    WriteTemplate,
    WriteTerms,
)
from suppliers.onboarding.models import OnboardingExclusion, OnboardingRun, TermsAccepted, UploadedInvitations
from suppliers.onboarding.queries import DESK, funnel, paying_waits, runs, sheet_of, sheets_of, template_of
from suppliers.onboarding.services import (
    accept_terms,
    answer_questions,
    approve_onboarding,
    begin_again,
    end_exclusion,
    exclude_suppliers,
    forget_sheets,
    hand_back,
    hand_in,
    invite_by_first_order,
    invite_by_sheet,
    invite_suppliers,
    keep_sheet,
    reassign_onboarding,
    refuse_onboarding,
    remind,
    resend_onboarding,
    retire_template,
    set_first_order,
    start_begun,
    withdraw_onboarding,
    write_invitation_text,
    write_template,
    write_terms,
)
from suppliers.people.services import InvitationOver
from suppliers.screening.messages import Listed
from suppliers.screening.models import ScreeningHit
from suppliers.screening.queries import SCREENER
from suppliers.screening.services import confirm_hit, dismiss_hit, load_list, screen_suppliers
from suppliers.services import receive_suppliers
from tests.builders.bank import an_account, long_known
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db

NEW = "100"  # for whom nobody acts yet
STEPS = (Step("company"), Step("bank", paying_waits=True), Step("preferences", compulsory=False))


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            made = make_people(suppliers)
            receive_suppliers(
                [
                    SupplierPaper(
                        "100", "Kraft", "DE", "EUR", "de", "Europe/Berlin", "core", "office@kraft.example"
                    ),
                    SupplierPaper("200", "Nomail", "DE", "EUR", "en", "UTC", "long_tail"),
                    SupplierPaper(
                        "300", "Shut", "FR", "EUR", "en", "UTC", "core", "x@shut.example", blocked=True
                    ),
                ]
            )
        long_known()
        yield made, timezone.now()


@pytest.fixture
def people(once, db):
    return once[0]


@pytest.fixture
def root(people):
    return people["root"].actor


@pytest.fixture
def asha(people):
    return people["asha"].actor


@pytest.fixture
def now(once):
    return once[1] + timedelta(minutes=1)


def do(actor, verb, *args, at, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at, **more)


def invite(actor, *numbers, at, how="one"):
    return do(actor, invite_suppliers, InviteSuppliers(tuple(Target(one) for one in numbers), how), at=at)


def run_of(number):
    with acting(FEED):
        return OnboardingRun.objects.select_related("supplier").get(supplier__number=number)


def template(actor, code="all", *, at, **more):
    return do(actor, write_template, WriteTemplate(code, code.title(), **{"steps": STEPS, **more}), at=at)


def standing(number, at):
    return dict(sheet_of(run_of(number), at).standing)


def legal_name(people, at):
    """Acme says its legal name, and a manager approves it."""
    asha, boss = people["asha"].actor, people["max"].actor
    with acting(asha):
        key = Supplier.objects.get(pk=asha.supplier_ids[0]).key
        values = {"legal_name": "Acme Valves Ltd", "country": "IN"}
        change = change_detail(ChangeDetail(key, "legal", values), actor=asha, at=at)
    yield change
    do(boss, approve_detail_change, change.key, change.version, at=at)


# --- inviting ------------------------------------------------------------------------------------------------


def test_each_is_invited_once_and_every_other_is_told_why(root, now):
    sheet = [
        Target(one, line=str(n)) for n, one in enumerate(("100", "200", "300", "ACME", "999", "100"), start=2)
    ]
    came = do(root, invite_suppliers, InviteSuppliers(tuple(sheet)), at=now)

    assert [(run.supplier.number, run.state, run.address) for run in came.runs] == [
        ("ACME", "started", "sales@acme.example"),
        ("100", "invited", "office@kraft.example"),
    ]
    assert [(one.line, one.value, one.code) for one in came.problems] == [
        ("3", "200", "address"),
        ("4", "300", "blocked"),
        ("6", "999", "unknown"),
        ("7", "100", "twice"),
    ]
    again = invite(root, "100", "ACME", at=now)
    assert (again.runs, [one.code for one in again.problems]) == ((), ["invited", "invited"])
    with acting(FEED):
        assert Invitation.objects.count() == 1


def test_only_our_administrator_invites_and_what_is_others_is_not_there(people, asha, root, now):
    with pytest.raises(NotAllowed), acting(asha):
        invite_suppliers(InviteSuppliers((Target("100"),)), actor=asha, at=now)
    with pytest.raises(NotAllowed):
        invite(people["bea"].actor, "100", at=now)
    invite(root, "100", "ACME", at=now)
    with acting(asha):
        assert [one.supplier.number for one in runs(asha)] == ["ACME"]
        with pytest.raises(NotFound):
            hand_in(run_of("100").key, actor=asha, at=now)
    for statement in (
        "UPDATE suppliers_onboardingrun SET state = 'active'",
        "SELECT * FROM suppliers_onboardingexclusion",
        "SELECT * FROM suppliers_onboardingtemplate",
    ):
        with pytest.raises(DatabaseError), acting(asha), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_text_is_of_the_segment_and_language_and_names_no_placeholder_that_is_none(root, now):
    for segment, text in (("", "Guten Tag"), ("core", "Sehr geehrte {supplier} ({number})")):
        do(root, write_invitation_text, WriteInvitationText(segment, "de", text), at=now)
    with pytest.raises(Invalid, match=r"There is no placeholder \{price\}"):
        do(root, write_invitation_text, WriteInvitationText("", "de", "{price}"), at=now)
    invite(root, "100", at=now)
    with acting(FEED):
        assert Invitation.objects.get().words == "Sehr geehrte Kraft (100)"


def test_who_is_excluded_is_invited_by_nothing_until_it_ends(root, now):
    command = ExcludeSuppliers(("100",), "one_off", until_on=now.date() + timedelta(days=1))
    assert do(root, exclude_suppliers, command, at=now) == 1
    assert do(root, exclude_suppliers, command, at=now) == 0
    do(root, set_first_order, "NM", is_on=True, at=now)
    with acting(DESK):
        assert invite_by_first_order({"NM": ["100"]}, at=now) == 0
    (problem,) = invite(root, "100", at=now).problems
    assert problem.message == "Excluded: One order only."
    with pytest.raises(Invalid, match="Say the reason in a sentence"):
        do(root, exclude_suppliers, ExcludeSuppliers(("100",), "other"), at=now)
    with acting(FEED):
        key = OnboardingExclusion.objects.get().key
    do(root, end_exclusion, key, at=now)
    assert len(invite(root, "100", at=now).runs) == 1


def test_an_exclusion_ends_with_its_last_day(root, now):
    do(root, exclude_suppliers, ExcludeSuppliers(("100",), "one_off", until_on=now.date()), at=now)
    assert len(invite(root, "100", at=now).runs) == 0
    assert len(invite(root, "100", at=now + timedelta(days=1)).runs) == 1


def test_a_first_order_invites_where_its_company_wants_it(root, now):
    with acting(DESK):
        assert invite_by_first_order({"NM": ["100"]}, at=now) == 0
    do(root, set_first_order, "NM", is_on=True, at=now)
    with acting(DESK):
        assert invite_by_first_order({"NM": ["100", "200"], "ELSE": ["GLOBEX"]}, at=now) == 1
        assert invite_by_first_order({"NM": ["100"]}, at=now) == 0
    assert (run_of("100").how, run_of("100").invited_by) == ("first_order", "Onboarding")


def test_a_sheet_is_looked_at_and_invites_once(root, now):
    sheet = do(root, keep_sheet, "s.csv", [Target("100", "a@kraft.example"), Target("999")], at=now)
    assert do(root, invite_by_sheet, sheet.key, at=now).invited == 1
    assert do(root, invite_by_sheet, sheet.key, at=now).invited == 1
    assert run_of("100").address == "a@kraft.example"
    do(root, keep_sheet, "old.csv", [Target("999")], at=now)
    with acting(DESK):
        assert UploadedInvitations.objects.get(key=sheet.key).rows == []
        assert [forget_sheets(at=now + timedelta(days=day)) for day in (29, 31, 32)] == [0, 1, 0]
    with pytest.raises(Invalid):
        do(root, keep_sheet, "s.csv", [], at=now)


def test_as_many_queries_for_three_hundred_as_for_three(root, now):
    with acting(FEED):
        receive_suppliers(
            [
                SupplierPaper(f"B{n}", f"B{n}", "DE", "EUR", "en", "UTC", "core", f"b{n}@b.example")
                for n in range(303)
            ]
        )
    counts = []
    for numbers in ([f"B{n}" for n in range(3)], [f"B{n}" for n in range(3, 303)]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(invite(root, *numbers, at=now).runs) == len(numbers)
        counts.append(len(queries))
    assert counts[1] - counts[0] <= 2  # the reactions are promised by five hundred
    with acting(FEED):
        assert Invitation.objects.count() == 303


def test_an_invitation_is_sent_again_elsewhere_and_no_more(people, root, now):
    invite(root, "100", at=now)
    run = run_of("100")
    do(root, resend_onboarding, run.key, at=now + timedelta(minutes=5))
    do(root, reassign_onboarding, run.key, " Kim@Kraft.example", "Kim", at=now + timedelta(minutes=6))
    with acting(FEED):
        found = list(Invitation.objects.order_by("id").values_list("address", "state"))
    assert found == [("office@kraft.example", "revoked"), ("kim@kraft.example", "sent")]
    with pytest.raises(Invalid):
        do(root, reassign_onboarding, run.key, "nobody", "", at=now)
    with transaction.atomic():  # somebody has accepted, and the clock has not seen it yet
        with acting(FEED):
            Membership.objects.create(user=people["gil"].user, supplier=run.supplier, role="administrator")
        with pytest.raises(InvitationOver):
            do(root, reassign_onboarding, run.key, "other@kraft.example", "", at=now)
        transaction.set_rollback(True)
    with pytest.raises(Invalid, match="Say why"):
        do(root, withdraw_onboarding, run.key, None, " ", at=now)
    do(root, withdraw_onboarding, run.key, None, "By mistake.", at=now)
    with acting(FEED):
        assert Invitation.objects.filter(state="sent").count() == 0
    with pytest.raises(InvitationOver):
        do(root, resend_onboarding, run.key, at=now)
    do(root, begin_again, run.key, at=now)
    with acting(FEED):
        assert list(Invitation.objects.filter(state="sent").values_list("address", flat=True)) == [
            "kim@kraft.example"
        ]
    assert (run_of("100").state, run_of("100").reason) == ("invited", "")


# --- steps ---------------------------------------------------------------------------------------------------


def test_a_step_is_done_when_it_is_there_and_paying_waits_until_it_is_checked(people, root, asha, now):
    template(root, at=now)
    invite(root, "ACME", at=now)
    run = run_of("ACME")
    assert standing("ACME", now) == {"company": "open", "bank": "open", "preferences": "done"}
    with pytest.raises(Invalid) as refused:
        do(asha, hand_in, run.key, at=now)
    assert [one.field for one in refused.value.problems] == ["company", "bank"]
    approving = legal_name(people, now)
    next(approving)
    assert standing("ACME", now)["company"] == "with_us"
    an_account(people, at=now)
    assert standing("ACME", now)["bank"] == "done"
    assert paying_waits([run.supplier_id], now) == {}
    do(asha, hand_in, run.key, at=now)
    with pytest.raises(Invalid) as refused:
        do(root, approve_onboarding, run.key, run.version + 1, at=now)
    assert [one.field for one in refused.value.problems] == ["company"]
    next(approving, None)
    do(root, hand_back, run.key, None, "The name is not yours.", at=now)
    assert run_of("ACME").reason == "The name is not yours."
    do(asha, hand_in, run.key, at=now)
    with pytest.raises(StaleDocument):
        do(root, approve_onboarding, run.key, 1, at=now)
    do(root, approve_onboarding, run.key, run_of("ACME").version, at=now)
    assert (run_of("ACME").state, run_of("ACME").remind_at, run_of("ACME").reason) == ("active", None, "")
    with pytest.raises(IllegalTransition):
        do(root, refuse_onboarding, run.key, None, "Too late.", at=now)
    with acting(FEED):
        kinds = AuditEvent.objects.filter(stream=run.stream).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == [
            "onboarding.invited",
            "onboarding.submitted",
            "onboarding.returned",
            "onboarding.submitted",
            "onboarding.approved",
        ]


def test_paying_waits_for_what_the_template_says_and_for_nobody_who_was_not_invited(root, now):
    template(root, at=now)
    invite(root, "ACME", at=now)
    acme, globex = run_of("ACME").supplier_id, Supplier
    with acting(FEED):
        globex = Supplier.objects.get(number="GLOBEX").pk
    assert paying_waits([acme, globex], now) == {acme: PayingWaits(("bank",))}


def test_whom_we_refuse_or_part_with_before_it_is_done_is_not_paid_by_that(root, now):
    template(root, at=now)
    invite(root, "ACME", at=now)
    run = run_of("ACME")
    over = {run.supplier_id: PayingWaits(("bank",), is_over=True)}

    def waits():
        return paying_waits([run.supplier_id], now)

    do(root, refuse_onboarding, run.key, None, "Not who they said they are.", at=now)
    assert waits() == over
    do(root, begin_again, run.key, at=now)
    assert waits() == {run.supplier_id: PayingWaits(("bank",))}
    do(root, withdraw_onboarding, run.key, None, "Invited by mistake.", at=now)
    assert waits() == {}
    with acting(FEED):
        Supplier.objects.filter(pk=run.supplier_id).update(leaving_on=now.date(), left_at=now)
    assert waits() == over


def test_a_template_is_chosen_anew_for_who_is_under_way_only(root, now):
    invite(root, "100", "ACME", at=now)
    assert [run_of(one).template_id for one in ("100", "ACME")] == [None, None]
    template(root, at=now)
    germans = template(root, "germans", countries=("de",), segments=("core",), at=now)
    run = run_of("100")
    assert (run.template_id, run.why) == (germans.pk, [["country", "DE"], ["segment", "core"]])
    assert template_of(run_of("ACME")).code == "all"
    newer = template(root, "germans", countries=("DE",), at=now)
    assert (newer.number, run_of("100").template_id) == (2, newer.pk)
    do(root, withdraw_onboarding, run.key, None, "No.", at=now)
    do(root, retire_template, "germans", at=now)
    assert run_of("100").template_id == newer.pk
    with pytest.raises(Invalid):
        template(root, "bad", countries=("Germany",), at=now)
    with pytest.raises(Invalid):
        template(root, "bad", questions=(Question("q", "Why?", "text"),), at=now)


def test_a_step_for_terms_that_nobody_can_accept_is_not_written(root, now):
    for wants in ((), ("conduct",)):
        with pytest.raises(Invalid) as refused:
            template(root, steps=(Step("terms", wants=wants),), at=now)
        assert [one.field for one in refused.value.problems] == ["terms"]


def test_terms_are_accepted_by_a_person_in_a_version_and_anew_when_written_anew(people, root, asha, now):
    do(root, write_terms, WriteTerms("code", "Code of conduct", {"en": "Be kind."}), at=now)
    template(root, steps=(Step("terms", wants=("code",)),), at=now)
    invite(root, "ACME", at=now)
    run = run_of("ACME")
    assert standing("ACME", now) == {"terms": "open"}
    for who in (root, people["arun"].actor):
        with pytest.raises(NotAllowed):
            do(who, accept_terms, run.key, "code", 1, at=now)
    do(asha, accept_terms, run.key, "code", 1, at=now)
    do(asha, accept_terms, run.key, "code", 1, at=now)
    assert standing("ACME", now) == {"terms": "done"}
    do(root, write_terms, WriteTerms("code", "Code of conduct", {"en": "Be very kind."}), at=now)
    assert standing("ACME", now) == {"terms": "open"}
    with pytest.raises(StaleDocument):
        do(asha, accept_terms, run.key, "code", 1, at=now)
    do(asha, accept_terms, run.key, "code", 2, at=now)
    with acting(asha):
        found = TermsAccepted.objects.order_by("id").values_list("terms__number", "accepted_by_user_id")
        with pytest.raises(DatabaseError), transaction.atomic():
            list(found)  # the terms themselves are the desk's
        assert TermsAccepted.objects.filter(accepted_by_user_id=asha.user_id).count() == 2


def test_answers_are_kept_where_all_will_do(root, asha, now):
    questions = (
        Question("fleet", "How many lorries?", "number"),
        Question("iso", "A quality system?", "yes_no"),
        Question("more", "Anything else?", "text", compulsory=False),
    )
    template(root, steps=(Step("questions"),), questions=questions, at=now)
    invite(root, "ACME", at=now)
    key = run_of("ACME").key
    with pytest.raises(Invalid) as refused:
        do(asha, answer_questions, key, {"fleet": "many", "iso": "yes"}, at=now)
    assert [one.field for one in refused.value.problems] == ["fleet"]
    assert do(asha, answer_questions, key, {"fleet": "12", "iso": "", "other": "x"}, at=now) == 1
    assert standing("ACME", now) == {"questions": "open"}
    assert do(asha, answer_questions, key, {"fleet": "12", "iso": "no"}, at=now) == 1
    assert standing("ACME", now) == {"questions": "done"}
    do(asha, answer_questions, key, {"fleet": ""}, at=now)
    assert standing("ACME", now) == {"questions": "open"}
    do(asha, answer_questions, key, {"fleet": "12"}, at=now)
    do(asha, hand_in, key, at=now)
    with pytest.raises(Invalid, match="looks at your answers now"):  # what is approved is what was read
        do(asha, answer_questions, key, {"fleet": "1"}, at=now)
    do(root, hand_back, key, None, "Twelve?", at=now)
    assert do(asha, answer_questions, key, {"fleet": "1"}, at=now) == 1


def test_nothing_is_approved_whose_names_were_not_screened(root, asha, now):
    template(root, steps=(Step("preferences"),), at=now)
    invite(root, "ACME", at=now)
    key = run_of("ACME").key
    do(asha, hand_in, key, at=now)
    with acting(SCREENER):
        load_list("own", [Listed("9", ("Acme Valves",))], b"1", actor=SCREENER, at=now)

    def refused():
        with pytest.raises(Invalid) as found, transaction.atomic():
            do(root, approve_onboarding, key, None, at=now)
        return [one.code for one in found.value.problems]

    assert refused() == ["not_screened"]
    with acting(SCREENER):
        screen_suppliers(at=now)
        hit = ScreeningHit.objects.get()
    assert refused() == ["listed"]
    do(root, confirm_hit, hit.key, None, "It is them.", at=now)
    assert refused() == ["blocked"]
    do(root, dismiss_hit, hit.key, None, "Another one.", at=now)
    assert do(root, approve_onboarding, key, None, at=now).state == "active"


def test_the_funnel_says_who_is_stuck_where_in_as_many_queries_for_many(root, now):
    template(root, at=now)
    invite(root, "ACME", "100", at=now)
    with acting(root):
        found = funnel(root, now)
        assert (found.states, found.stuck) == ({"invited": 1, "started": 1}, {"company": [run_of("ACME").pk]})
        every = list(runs(root))
        with CaptureQueriesContext(connection) as one:
            sheets_of(every[:1], now)
        with CaptureQueriesContext(connection) as two:
            sheets_of(every, now)
    assert len(two) == len(one)


# --- the clock -----------------------------------------------------------------------------------------------


def test_nobody_is_reminded_who_is_excluded_blocked_or_waits_for_us(people, root, asha, now):
    template(root, steps=(Step("preferences"),), at=now)
    invite(root, "ACME", "100", at=now)
    do(root, exclude_suppliers, ExcludeSuppliers(("100",), "ending"), at=now)
    with acting(DESK):
        assert remind(at=now + timedelta(days=4)) == 0
    do(asha, hand_in, run_of("ACME").key, at=now)
    with acting(FEED):
        assert OnboardingRun.objects.get(supplier__number="ACME").remind_at is None


def test_an_onboarding_starts_when_somebody_of_the_supplier_is_there(people, root, now):
    invite(root, "100", at=now)
    with acting(DESK):
        assert start_begun(at=now) == 0
        supplier = Supplier.objects.get(number="100")
        Membership.objects.create(user=people["gil"].user, supplier=supplier, role="administrator")
        assert (start_begun(at=now), start_begun(at=now)) == (1, 0)
    assert (run_of("100").state, run_of("100").started_at) == ("started", now)
