"""Loading the demo company through the real services, as the people and the feed that would have done it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils.crypto import get_random_string

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Intake
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import (
    ACCEPT,
    DECLINE,
    AcknowledgeOrder,
    AnswerPiece,
    DecideAnswer,
    LineAnswer,
    TypedHeader,
    TypedPiece,
)
from procurement.acknowledgments.services import (
    acknowledge_order,
    decide_answer,
    save_draft_header,
    save_draft_lines,
)
from procurement.bills.services import receive_bills
from procurement.catalogue.services import (
    DEMAND,
    STOCK,
    forget_unsaid,
    receive_companies,
    receive_customer_demand,
    receive_items,
    receive_sites,
    receive_stock,
    receive_supplier_items,
    receive_units,
)
from procurement.demo import story
from procurement.demo.carried_over import carry_over
from procurement.demo.company import DemoCompany
from procurement.demo.people import KOFI, MEI, Person
from procurement.orders.models import PurchaseOrder
from procurement.orders.queries import lock_order, visible_orders
from procurement.orders.services import receive_orders
from procurement.receipts.services import receive_receipts
from procurement.threads.messages import NewMessage
from procurement.threads.services import send_message
from suppliers.models import Supplier, User
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_people
from suppliers.queries import actor_of
from suppliers.services import add_member, receive_supplier_sites, receive_suppliers
from suppliers.sso.messages import WriteProvider
from suppliers.sso.queries import providers
from suppliers.sso.services import add_provider

ERP = Actor.system("ERP feed", Channel.ERP)
SET_UP = Actor.system("Demo")
_NEW = (("rosa.keller", "Rosa Keller", "planner"),)


class DemoRefused(RuntimeError):
    """A real service refused something of the demo: the demo is wrong, and nothing of it is kept."""


@dataclass(slots=True)
class _Waiting:
    """Papers of one run of the ERP, taken in together."""

    at: datetime
    papers: dict[str, story.Sent]
    booked: list[story.Booked]


def load_master_data(company: DemoCompany) -> None:
    """Companies, sites, units, items and suppliers, as the ERP's feed brings them."""
    with acting(ERP):
        for intake in (
            receive_companies(company.companies),
            receive_sites(company.sites),
            receive_units(company.units),
            receive_items(company.items),
            receive_suppliers(company.suppliers),
            receive_supplier_sites(company.supplier_sites),
            receive_supplier_items(company.supplier_items),
        ):
            _require_all(intake)


def load_warehouse(company: DemoCompany) -> None:
    """What lies where and what customers wait for, as the ERP's feed tells it in the night."""
    at = datetime.combine(company.today, time(0), UTC)
    with acting(ERP):
        _require_all(receive_stock(company.warehouse.stock, at=at))
        _require_all(receive_customer_demand(company.warehouse.demand, at=at))
        for kind in (STOCK, DEMAND):
            forget_unsaid(kind, at, at=at)


def load_people(people: Sequence[Person], password: str, *, at: datetime) -> None:
    """Everybody who can sign in, with one password that belongs to this installation."""
    # Hashed once: seventy slow hashes would be most of the waiting, and it is one password.
    hashed = make_password(password)
    with acting(SET_UP):
        suppliers = {supplier.name: supplier for supplier in Supplier.objects.visible_to(SET_UP)}
        User.objects.bulk_create(
            [
                User(
                    email=person.email,
                    name=person.name,
                    password=hashed,
                    company_role=person.company_role,
                    language=person.language,
                    time_zone=person.time_zone,
                )
                for person in people
            ],
            update_conflicts=True,  # left from a load that was stopped before its orders
            unique_fields=["email"],
            update_fields=["name", "password", "company_role", "language", "time_zone"],
        )
        users = {user.email: user for user in User.objects.filter(email__in=[one.email for one in people])}
        User.objects.prove_addresses(users.values())
        # As if the portal had been here for long: who may judge is older than what is asked.
        since = F("approver_since_at") - timedelta(days=400)
        User.objects.exclude(approver_since_at=None).update(approver_since_at=since)
        for person in people:
            user = users[person.email]
            for name in person.acts_for:
                add_member(user, suppliers[name], person.role, actor=SET_UP, at=at)


def load_invitations(*, at: datetime) -> None:
    """Somebody is waited for, on either side."""
    for host, invited in (
        (MEI, (("qiu.yan", "Qiu Yan", "shipping"), ("accounts", "", "invoicing"))),
        (KOFI, _NEW),
    ):
        actor = actor_of(User.objects.get(email=host.email))
        assert actor is not None  # made a moment ago
        domain, to = host.email.partition("@")[2], actor.supplier_ids[0] if actor.is_supplier else None
        papers = [InvitePerson(f"{who}@{domain}", role, to, name) for who, name, role in invited]
        with acting(actor):
            invite_people(papers, actor=actor, at=at)


def load_providers(*, at: datetime) -> None:
    """Two providers of identities are written down, ours and a supplier's. Nobody has tried them: they are made up."""
    actor = actor_of(User.objects.get(email=KOFI.email))
    assert actor is not None  # made a moment ago
    groups = (
        ("quayside-admins", "administrator"),
        ("quayside-payables", "accounts_payable"),
        ("quayside-buyers", "buyer"),
    )
    ours = _provider("Northmoor ID", "https://login.northmoor.example/realms/northmoor", "northmoor.example")
    theirs = _provider("Lian Feng ID", "https://id.lianfeng.example", "lianfeng.example")
    with acting(actor):
        if providers(actor).exists():  # left from a load that was stopped before its orders
            return
        supplier = Supplier.objects.visible_to(actor).filter(name=MEI.acts_for[0]).first()
        add_provider("oidc", None, replace(ours, groups=groups, factor_words="mfa"), actor=actor, at=at)
        if supplier is not None:
            add_provider("oidc", supplier, theirs, actor=actor, at=at)


def _provider(name: str, issuer: str, domain: str) -> WriteProvider:
    return WriteProvider(
        name=name, issuer=issuer, client_id="quayside", secret=get_random_string(40), domains=(domain,)
    )


def end_accounts(people: Iterable[Person]) -> int:
    """Who has no account any more signs in no longer; says how many they are."""
    emails = [person.email for person in people if not person.has_account]
    return User.objects.filter(email__in=emails).update(is_active=False)


def give_passwords(people: Iterable[Person], password: str) -> int:
    """Give people who are there already a new password; says how many there were."""
    emails = [person.email for person in people]
    return User.objects.filter(email__in=emails).update(password=make_password(password))


def play(company: DemoCompany) -> None:
    """Let everything happen that happened, each thing at its time and by whoever did it.

    One transaction: all of it, or nothing. The services check each actor's rights and sight as always; the
    database scope is the company's throughout: thousands of changes of scope would be a fifth of the time.
    """
    with acting(SET_UP):
        _Play(company).run()


class _Play:
    def __init__(self, company: DemoCompany) -> None:
        self.company = company
        self.actors = _actors(company)
        self.supplier_of = {one.number: one.supplier for one in company.orders}
        self.carried: list[story.CarriedOver] = []
        self.waiting = _Waiting(company.now, {}, [])

    def run(self) -> None:
        for event in self.company.events():
            if isinstance(event, story.Sent):
                self._send(event)
                continue
            if isinstance(event, story.Booked):
                self._book(event)
                continue
            if event.order in self.waiting.papers:
                self._take_in()
            if isinstance(event, story.CarriedOver):
                self.carried.append(event)
            else:
                self._act(event)
        self._take_in()

    def _send(self, event: story.Sent) -> None:
        if event.at != self.waiting.at or event.order in self.waiting.papers:
            self._take_in()
        self.waiting.at = event.at
        self.waiting.papers[event.order] = event

    def _book(self, event: story.Booked) -> None:
        if event.at != self.waiting.at:
            self._take_in()
        self.waiting.at = event.at
        self.waiting.booked.append(event)

    def _take_in(self) -> None:
        self._carry_over()
        self._take_orders()
        self._take_booked()

    def _take_booked(self) -> None:
        booked, self.waiting.booked = self.waiting.booked, []
        receipts = [paper for event in booked for paper in event.receipts]
        invoices = [paper for event in booked for paper in event.invoices]
        for results in (
            receive_receipts(receipts, actor=ERP, at=self.waiting.at) if receipts else (),
            receive_bills(invoices, actor=ERP, at=self.waiting.at) if invoices else (),
        ):
            for result in results:
                if result.outcome != "stored":
                    raise DemoRefused(f"{result.key} was {result.outcome}: {result.problems}")

    def _take_orders(self) -> None:
        papers, self.waiting.papers = self.waiting.papers, {}
        if not papers:
            return
        intake = receive_orders([one.paper for one in papers.values()], actor=ERP, at=self.waiting.at)
        for result in intake.results:
            if result.outcome in {"refused", "older", "unchanged"}:
                raise DemoRefused(f"{result.number} was {result.outcome}: {result.problems}")

    def _carry_over(self) -> None:
        carried, self.carried = self.carried, []
        if carried:
            actor = self.actors[carried[0].by, self.supplier_of[carried[0].order]]
            carry_over([event.order for event in carried], actor=actor, at=carried[0].at)

    def _act(self, event: story.Answered | story.Drafted | story.Decided | story.Wrote) -> None:
        actor = self.actors[event.by, self.supplier_of[event.order]]
        order = visible_orders(actor).get(number=event.order)
        match event:
            case story.Answered():
                _answer(order, event, actor)
            case story.Drafted():
                _draft(order, event, actor)
            case story.Decided():
                _decide(order, event, actor)
            case story.Wrote():
                said = NewMessage(order.key, event.text, internal=event.internal)
                send_message(said, actor=actor, at=event.at)


def _answer(order: PurchaseOrder, event: story.Answered, actor: Actor) -> None:
    command = AcknowledgeOrder(
        order=order.key,
        version=order.version,
        answers=tuple(LineAnswer(one.line_key, _pieces(one)) for one in event.changes),
        rest_as_asked=True,
        supplier_reference=event.reference,
        note=event.note,
    )
    acknowledge_order(command, actor=actor, at=event.at)


def _pieces(answer: story.LineAnswer) -> tuple[AnswerPiece, ...]:
    return tuple(
        AnswerPiece(
            quantity=piece.quantity,
            kind=piece.kind,
            delivery_on=piece.delivery_on,
            price=piece.price,
            schedule_key=piece.schedule + 1,
            item_number=piece.item_number,
            item_description=piece.item_description,
            reason=piece.reason,
            note=piece.note,
        )
        for piece in answer.pieces
    )


def _draft(order: PurchaseOrder, event: story.Drafted, actor: Actor) -> None:
    lock_order(order.key, actor=actor)
    typed = {one.line_key: [_typed(piece) for piece in one.pieces] for one in event.changes}
    save_draft_lines(order, typed, version=order.version, actor=actor, at=event.at)
    save_draft_header(order, TypedHeader(note=event.note), actor=actor, at=event.at)


def _typed(piece: story.Piece) -> TypedPiece:
    return TypedPiece(
        kind=piece.kind,
        quantity=f"{piece.quantity.normalize():f}",
        delivery_on=piece.delivery_on.isoformat() if piece.delivery_on else "",
        price="" if piece.price is None else f"{piece.price:f}",
        schedule_key=str(piece.schedule + 1),
        reason=piece.reason,
    )


def _decide(order: PurchaseOrder, event: story.Decided, actor: Actor) -> None:
    command = DecideAnswer(
        order=order.key,
        version=order.version,
        verdict=ACCEPT if event.accepts else DECLINE,
        lines=frozenset(event.line_keys),
        reason=event.reason,
    )
    decide_answer(command, actor=actor, at=event.at)


def _actors(company: DemoCompany) -> Mapping[tuple[str, str], Actor]:
    """Each person as they sign in, for each supplier whose orders they may touch."""
    users = {user.email: user for user in User.objects.all()}
    with acting(SET_UP):
        ids = dict(Supplier.objects.visible_to(SET_UP).values_list("name", "id"))
    numbers = {supplier.name: supplier.number for supplier in company.suppliers}
    found: dict[tuple[str, str], Actor] = {}
    for person in company.people:
        for name in person.acts_for or numbers:
            actor = actor_of(users[person.email], acting_for=ids[name])
            assert actor is not None  # everybody of the demo acts for somebody
            found[person.email, numbers[name]] = actor
    return found


def _require_all(intake: Intake) -> None:
    if intake.problems:
        raise DemoRefused("; ".join(problem.message for problem in intake.problems))
