"""The verbs of a request: ask for a mail, send the request, ask back, approve it, refuse it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, NotFound, Problem, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.details.policies.countries import is_country
from suppliers.messages import SupplierPaper
from suppliers.models import Supplier
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.queries import with_people
from suppliers.onboarding.services import invite_suppliers
from suppliers.onboarding.services.guards import reason_in
from suppliers.onboarding.services.winning import number_of_ours, receive_prospects
from suppliers.registration.messages import CompanyAsks
from suppliers.registration.models import SupplierRequest
from suppliers.registration.policies import (
    KEPT_FOR,
    LONGEST_NAME,
    LONGEST_TAX_ID,
    LONGEST_WHY,
    MAIL_EVERY,
    MOST_SIMILAR,
    REFUSED_KEPT_FOR,
)
from suppliers.registration.queries import GATE, UNCHECKED
from suppliers.registration.states import REQUEST_LIFECYCLE, RequestState
from suppliers.roles import Permission
from suppliers.screening.queries import listed_like
from suppliers.screening.states import ListSource
from suppliers.services import receive_suppliers


@requires_scope
def ask_to_register(address: str, language: str, *, at: datetime) -> None:
    """Somebody typed an address and wants to become a supplier: a mail goes there, once in ten minutes.

    The same happens for every address, whoever has it: neither the page nor the time it takes says anything. Who has
    sent a request already gets no other mail before it is decided.
    """
    wanted = address.strip().lower()
    fresh = SupplierRequest(address=wanted, language=language, asked_at=at, mailed_at=at)
    SupplierRequest.objects.bulk_create([fresh], ignore_conflicts=True)
    held = SupplierRequest.objects.select_for_update(of=("self",)).filter(
        address=wanted, state__in=[RequestState.ASKED, RequestState.RECEIVED]
    )
    row = held.first()
    if row is None or row.state != RequestState.ASKED:
        return
    if row.key != fresh.key:
        if at < row.mailed_at + MAIL_EVERY:
            return
        row.mailed_at, row.language = at, language
        row.save(update_fields=["mailed_at", "language"])
    facts = {"request": str(row.key), "tell": [{"address": wanted, "language": language}]}
    record("registration.asked", row.stream, actor=GATE, at=at, supplier_id=None, facts=facts, internal=True)


@requires_scope
def send_request(
    asked: SupplierRequest, command: CompanyAsks, *, actor: Actor, at: datetime
) -> SupplierRequest:
    """Whoever reads the mailbox says which company it is, and why. Raises `Invalid` with everything wrong with it."""
    said = CompanyAsks(
        " ".join(command.person.split()),
        " ".join(command.company.split()),
        command.country.strip().upper(),
        " ".join(command.tax_id.split()),
        command.why.replace("\r\n", "\n").strip(),
    )
    problems = []
    for field, most in (("person", LONGEST_NAME), ("company", LONGEST_NAME), ("tax_id", LONGEST_TAX_ID)):
        text = getattr(said, field)
        if not text or len(text) > most:
            message = _("Write it in at most %(most)d characters.") % {"most": most}
            problems.append(Problem(field, message, text[:40], "required"))
    if not is_country(said.country):
        problems.append(Problem("country", _("Choose a country."), said.country[:2], "unknown"))
    if not said.why or len(said.why) > LONGEST_WHY:
        message = _("Write it in at most %(most)d characters.") % {"most": LONGEST_WHY}
        problems.append(Problem("why", message, said.why[:40], "required"))
    if problems:
        raise Invalid(problems[0].message, problems)
    with acting(GATE):
        row = SupplierRequest.objects.select_for_update(of=("self",)).filter(pk=asked.pk).first()
        if row is None or row.state != RequestState.ASKED:
            raise NotFound(_("This request was sent already."))
        fields = {name: getattr(said, name) for name in ("person", "company", "country", "tax_id", "why")}
        facts = {"supplier": said.company}
        REQUEST_LIFECYCLE.move(
            row,
            "receive",
            actor=actor,
            at=at,
            fields={**fields, "received_at": at, "reason": ""},
            facts=facts,
        )
    return row


def _held(key: UUID, version: int | None, actor: Actor) -> SupplierRequest:
    if actor.is_supplier or not actor.may(Permission.SUPPLIER_MANAGE):
        raise NotAllowed(_("Only a supplier administrator decides on requests."))
    row: SupplierRequest | None = (
        SupplierRequest.objects.select_for_update(of=("self",)).exclude(UNCHECKED).filter(key=key).first()
    )
    if row is None:
        raise NotFound(_("There is no such request."))
    if version is not None and version != row.version:
        raise StaleDocument(_("Somebody has decided on it a moment ago. Look at it again."))
    return row


@requires_scope
def ask_back_request(
    key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> SupplierRequest:
    """Say what is missing or not clear: a mail asks the company, and its link opens what it said, to be mended."""
    row, said = _held(key, version, actor), reason_in(reason)
    facts = {"supplier": row.company, "reason": said, "request": str(row.key), "tell": [_who_asked(row)]}
    fields = {"reason": said, "mailed_at": at}
    REQUEST_LIFECYCLE.move(row, "ask_back", actor=actor, at=at, fields=fields, facts=facts)
    return row


def _who_asked(row: SupplierRequest) -> dict[str, str]:
    return {"address": row.address, "name": row.person, "language": row.language}


@requires_scope
def approve_request(
    key: UUID,
    version: int | None,
    number: str,
    *,
    is_asked: bool = False,
    is_other: bool = False,
    actor: Actor,
    at: datetime,
) -> SupplierRequest:
    """The company is a supplier of ours, under the number that the ERP has for it, and is invited.

    Where the ERP has none yet it is a prospect (`suppliers.onboarding`), and gets its number later.
    A number that is there already means that very supplier; else it is made with what was said, until the ERP tells of
    it. Whoever asks would become the administrator of one that is there, and read all its orders: so somebody says that
    they asked that supplier, and not by this request (`is_asked`); and where somebody acts for it, those people invite.
    The company's name is screened as well: where it is like a listed party's somebody says that they compared the two
    (`is_other`). Raises `Invalid` without these words, and where that supplier cannot be invited.
    """
    row = _held(key, version, actor)
    wanted = number.strip()
    if len(wanted) > 40:
        message = _("Give the number that the supplier has in the ERP.")
        raise Invalid(message, [Problem("number", message, wanted[:40], "required")])
    listed = _require_other(row.company, is_other=is_other)
    # Written otherwise it is the same number still: no second supplier comes of it.
    here = Supplier.objects.filter(number__iexact=wanted).order_by("id").first() if wanted else None
    if here is not None:
        wanted = here.number
        _require_known(here, is_asked=is_asked)
    else:
        receive = receive_suppliers if wanted else receive_prospects
        wanted = wanted or number_of_ours()
        paper = SupplierPaper(
            wanted, row.company, row.country, language=row.language.partition("-")[0], email=row.address
        )
        receive([paper])
    supplier = Supplier.objects.get(number=wanted)
    fields = {"decided_at": at, "decided_by": actor.label, "became_id": supplier.pk}
    REQUEST_LIFECYCLE.move(
        row, "approve", actor=actor, at=at, fields=fields, facts={"number": wanted, **listed}
    )
    command = InviteSuppliers((Target(wanted, row.address, row.person),))
    outcome = invite_suppliers(command, actor=actor, at=at)
    if outcome.problems:
        first = outcome.problems[0]
        raise Invalid(first.message, [Problem("number", first.message, wanted, first.code)])
    return row


def _require_other(name: str, *, is_other: bool) -> dict[str, list[str]]:
    """Which listed parties a company is called like, as a fact; raises `Invalid` where nobody has compared them."""
    found = listed_like(name)
    if found and not is_other:
        said = "; ".join(
            f"{one.name} ({ListSource(source).label}, {one.listed.ref}, {one.score} %)"
            for source, one in found[:MOST_SIMILAR]
        )
        message = _(
            "On a list of sanctioned parties: %(names)s. Compare address, country and register number."
        )
        raise Invalid(
            message % {"names": said}, [Problem("is_other", message % {"names": said}, "", "listed")]
        )
    return {"listed": [f"{source} {one.listed.ref}" for source, one in found]} if found else {}


def _require_known(supplier: Supplier, *, is_asked: bool) -> None:
    """Raise `Invalid` where a stranger would be let into a supplier that is there. See `approve_request`."""
    said = {"name": supplier.name, "address": supplier.email or "–"}
    if with_people([supplier.pk]):
        message = _(
            "Somebody acts for %(name)s already. Refuse this, and let them invite their colleague, or invite under "
            "People."
        )
        raise Invalid(message % said, [Problem("number", message % said, supplier.number, "peopled")])
    if not is_asked:
        message = _(
            "This is %(name)s, written to at %(address)s. Ask there, or by a telephone number that you have, whether "
            "this request is theirs, then say so."
        )
        raise Invalid(message % said, [Problem("is_asked", message % said, "", "required")])


@requires_scope
def refuse_request(
    key: UUID, version: int | None, reason: str, *, actor: Actor, at: datetime
) -> SupplierRequest:
    """No business with this company; it reads why."""
    row, said = _held(key, version, actor), reason_in(reason)
    fields = {"decided_at": at, "decided_by": actor.label, "reason": said}
    facts = {"supplier": row.company, "reason": said, "tell": [_who_asked(row)]}
    REQUEST_LIFECYCLE.move(row, "refuse", actor=actor, at=at, fields=fields, facts=facts)
    return row


@requires_scope
def forget_unanswered(*, at: datetime) -> int:
    """Forget addresses that somebody typed and whose reader never answered, requests that were handed back and not sent
    again (both after `KEPT_FOR`), and after a year who was refused."""
    old = SupplierRequest.objects.filter(
        Q(state=RequestState.ASKED, mailed_at__lt=at - KEPT_FOR)
        | Q(state=RequestState.REFUSED, decided_at__lt=at - REFUSED_KEPT_FOR)
    )
    return int(old.delete()[0])
