"""The morning on which a visitor comes: cases as the last days have brought them, some in somebody's hands already.

Note [By and by]: what the reactions would make of the past within minutes is made here at once, each case on the day
on which it came up; so its age and its clock are true. What was told is not told again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.kernel.actors import Actor
from portal.kernel.outbox.models import MessageState, OutboxMessage
from portal.kernel.outbox.reactions import TOPIC
from portal.kernel.scope import acting
from procurement.acknowledgments.services.clocks import review_all_clocks
from procurement.calendars.policies import add_working_days, default_calendar
from procurement.changes.models import OrderChange
from procurement.changes.states import OPEN
from procurement.demo.company import DemoCompany
from procurement.demo.letters import take_in_letters, tell_of_new_orders
from procurement.demo.loading import SET_UP
from procurement.demo.people import BRITTA, HELEN, JOSH, OMAR, PRIYA, TOM, Person
from procurement.inbox.messages import Seen, in_batches
from procurement.inbox.models import ExceptionCase
from procurement.inbox.services.clocks import review_all_case_clocks
from procurement.inbox.services.ranking import rank_again
from procurement.inbox.services.review import INBOX, MOST_AT_ONCE, review_cases
from procurement.inbox.services.ruling import (
    WriteAbsence,
    WriteAssignment,
    save_queue,
    write_absence,
    write_assignment,
)
from procurement.inbox.services.tasking import AskTask, answer_task, ask_task
from procurement.inbox.services.working import assign_case, settle_cases, snooze_case, write_note
from procurement.inbox.states import CaseKind, CaseState
from procurement.invoices.models import Invoice
from procurement.invoices.states import OPEN as OPEN_CLAIMS
from procurement.mailroom.models import InboundMail
from procurement.orders.models import PurchaseOrder
from procurement.orders.states import OrderState
from suppliers.models import User
from suppliers.queries import actor_of

# Plots whose last event is what a person is needed for.
CALLS = frozenset({"answered", "slipped", "surplus", "framework", "crossed", "locked_in_erp"})
SOON_AFTER = timedelta(minutes=3)
# Of these somebody is asked, so none of them sleeps.
ASKED_ABOUT = frozenset({CaseKind.OVER_RECEIPT, CaseKind.SUBSTITUTE_OFFERED, CaseKind.PROMISE_LATE})
# How many bookings without a ship notice are left to look at; how many there were depends on the day of the week.
UNANNOUNCED = 2


def begin_the_morning(company: DemoCompany, *, at: datetime) -> int:
    """Let the day begin: the post, the clocks, the cases, and what colleagues did by now; says how many cases wait."""
    take_in_letters(at=at - timedelta(minutes=5))
    tell_of_new_orders(at=at)
    review_all_clocks(at=at)
    _open_cases(company, at)
    review_all_case_clocks(at=at)
    _work(at - timedelta(minutes=4))
    review_all_case_clocks(at=at)
    with acting(SET_UP):
        rank_again(at)
        told = OutboxMessage.objects.filter(topic=TOPIC, state=MessageState.WAITING).exclude(kind="notices")
        told.update(state=MessageState.SKIPPED, outcome="done while loading")
        return ExceptionCase.objects.exclude(state=CaseState.RESOLVED).count()


# --- what has come up --------------------------------------------------------------------------------------


def _open_cases(company: DemoCompany, at: datetime) -> None:
    """See Note [By and by]."""
    with acting(INBOX):
        orders = PurchaseOrder.objects.filter(state=OrderState.ISSUED)
        pks = dict(orders.values_list("number", "pk"))
        streams = [mail.stream for mail in InboundMail.objects.order_by("id")]
        claims = [(one.state_at, one.stream) for one in Invoice.objects.filter(state__in=OPEN_CLAIMS)]
    for moment, order in sorted(_moments(company, pks, at)):
        with acting(INBOX):
            review_cases([order], actor=INBOX, at=moment)
    for part in in_batches(sorted(pks.values()), MOST_AT_ONCE):
        with acting(INBOX):
            review_cases(part, actor=INBOX, at=at)
    with acting(INBOX):
        review_cases((), streams, actor=INBOX, at=at)
    for moment, stream in sorted(claims):
        with acting(INBOX):
            review_cases((), [stream], actor=INBOX, at=min(moment + SOON_AFTER, at))


def _moments(company: DemoCompany, pks: dict[str, int], at: datetime) -> Iterable[tuple[datetime, int]]:
    """When which order came to need a person."""
    for story in company.orders:
        if story.number in pks and story.plot in CALLS:
            yield story.events[-1].at + SOON_AFTER, pks[story.number]
    with acting(INBOX):
        orders = PurchaseOrder.objects.filter(pk__in=pks.values())
        for order in orders.filter(acknowledge_by_at__lt=at, lines_for_supplier__gt=0):
            assert order.acknowledge_by_at is not None
            yield order.acknowledge_by_at + SOON_AFTER, order.pk
        for order in orders.filter(next_delivery_on__lt=at.date()):
            assert order.next_delivery_on is not None
            due = datetime.combine(order.next_delivery_on + timedelta(days=1), time(6), at.tzinfo)
            yield min(due, at), order.pk
        for change in OrderChange.objects.filter(state__in=OPEN):
            yield min(change.updated_at + SOON_AFTER, at), change.order_id


# --- what colleagues have done -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Office:
    """Who works on cases, and the open ones: the gravest first."""

    actors: dict[str, Actor]
    users: dict[str, int]

    def by(self, person: Person) -> Actor:
        return self.actors[person.email]

    def id_of(self, person: Person) -> int:
        return self.users[person.email]

    def cases(self, *kinds: str, held_by: Person | None = None) -> list[ExceptionCase]:
        """The open cases of these kinds, the gravest first, that somebody has."""
        found = ExceptionCase.objects.filter(state=CaseState.OPEN).order_by("-score", "id")
        if kinds:
            found = found.filter(kind__in=kinds)
        if held_by:
            found = found.filter(holder=self.id_of(held_by))
        return list(found)


def _work(at: datetime) -> None:
    with acting(SET_UP):
        people = (OMAR, BRITTA, JOSH, HELEN, PRIYA, TOM)
        users = {user.email: user for user in User.objects.filter(email__in=[one.email for one in people])}
        actors = {email: actor for email, user in users.items() if (actor := actor_of(user)) is not None}
        office = _Office(actors, {email: user.pk for email, user in users.items()})
    for step in (_share_out, _settle_unannounced, _josh_is_away, _let_some_sleep, _hand_some_on, _talk, _ask):
        step(office, at)


def _share_out(office: _Office, at: datetime) -> None:
    helen, omar = office.by(HELEN), office.by(OMAR)
    with acting(helen):
        write_assignment(
            WriteAssignment(office.id_of(BRITTA), item_group="cable"), actor=helen, at=at - timedelta(days=3)
        )
        save_queue("Overdue goods", "view=team&kind=shipment_overdue", team=True, actor=helen, at=at)
    with acting(omar):
        save_queue("Most urgent", "view=mine&least=60", team=False, actor=omar, at=at)


def _josh_is_away(office: _Office, at: datetime) -> None:
    josh = office.by(JOSH)
    until = at.date() + timedelta(days=4)
    with acting(josh):
        absence = WriteAbsence(office.id_of(JOSH), office.id_of(OMAR), at.date(), until)
        write_absence(absence, actor=josh, at=at)


def _settle_unannounced(office: _Office, at: datetime) -> None:
    helen = office.by(HELEN)
    with acting(helen):
        rest = office.cases(CaseKind.ASN_MISSING)[UNANNOUNCED:]
        if rest:
            reason = "Came with papers; they announce from now on."
            settle_cases([Seen(case.key, case.version) for case in rest], reason, actor=helen, at=at)


def _let_some_sleep(office: _Office, at: datetime) -> None:
    omar = office.by(OMAR)
    # In the company whose day begins first: a case sleeps until a day after its company's own.
    today = at.astimezone(ZoneInfo("Europe/Berlin")).date()
    with acting(omar):
        awake = [case for case in office.cases(held_by=OMAR) if case.kind not in ASKED_ABOUT]
        mildest = awake[-3:]
        for case, days, why in zip(
            mildest,
            (1, 3, 6),
            ("Promised to call back.", "Waits for the new price list.", "No hurry: we have enough."),
            strict=False,
        ):
            seen, until = Seen(case.key, case.version), today + timedelta(days=days)
            snooze_case(seen, until, why, actor=omar, at=at)


def _hand_some_on(office: _Office, at: datetime) -> None:
    helen = office.by(HELEN)
    with acting(helen):
        # Not Omar's: the gravest that the visitor finds in his own list are these.
        runs_out = [one for one in office.cases(CaseKind.STOCK_OUT) if one.holder_id != office.id_of(OMAR)]
        for case in runs_out[:2]:
            assign_case(Seen(case.key, case.version), office.id_of(PRIYA), actor=helen, at=at)
        for case, person in zip(office.cases(CaseKind.SHIPMENT_OVERDUE), (OMAR, HELEN), strict=False):
            assign_case(Seen(case.key, case.version), office.id_of(person), actor=helen, at=at)


def _talk(office: _Office, at: datetime) -> None:
    words: Sequence[tuple[Person, str]] = (
        (BRITTA, "@Omar their customer called me: half of it by the middle of the week would do."),
        (PRIYA, "I can lend some from the other warehouse if we hear today."),
    )
    with acting(office.by(OMAR)):
        gravest = office.cases(held_by=OMAR)[:1]
    for case in gravest:
        for place, (person, text) in enumerate(words):
            with acting(office.by(person)):
                write_note(case.key, text, actor=office.by(person), at=at + timedelta(seconds=40 * place))


def _ask(office: _Office, at: datetime) -> None:
    omar, tom = office.by(OMAR), office.by(TOM)
    due_on = add_working_days(at.date() + timedelta(days=2), 0, default_calendar("GB", "Europe/London"))
    asks: tuple[tuple[str, Callable[[ExceptionCase], AskTask]], ...] = (
        (
            CaseKind.OVER_RECEIPT,
            lambda case: AskTask(case.key, "Did you count this twice?", office.id_of(TOM)),
        ),
        (
            CaseKind.SUBSTITUTE_OFFERED,
            lambda case: AskTask(
                case.key,
                "Would your plant take the new version instead of the one you ordered?",
                email="planning@humbercold.example",
                due_on=due_on,
            ),
        ),
        (
            CaseKind.PROMISE_LATE,
            lambda case: AskTask(
                case.key, "How long can we bridge this from stock?", office.id_of(PRIYA), due_on=due_on
            ),
        ),
    )
    for kind, ask in asks:
        with acting(omar):
            tasks = [ask_task(ask(case), actor=omar, at=at) for case in office.cases(kind)[:1]]
        for task in tasks:
            if task.asked_of_id == office.id_of(TOM):
                with acting(tom):
                    answer = "No, there is one box more on the pallet than on the papers."
                    answer_task(task.key, answer, actor=tom, at=at + timedelta(minutes=2))
