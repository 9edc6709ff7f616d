"""The verbs of a link: issue, use once, see, forward, ask for a new one, revoke; and an address to reply to."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import Invalid, NotAllowed, Problem, Refusal
from portal.kernel.scope import requires_scope
from procurement.links.messages import Person
from procurement.links.models import ReplyAddress, SignedLink
from procurement.links.policies import MOST_FORWARDS, may_renew, reply_local_part
from procurement.links.queries import standing
from procurement.links.states import LinkStanding
from procurement.orders.models import PurchaseOrder
from suppliers.roles import Permission

LONGEST_ADDRESS = 254


class LinkSpent(Refusal):
    """What this link was for has been done with it."""

    code = "link_used"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be made: for whom, to what, and by which mail it goes (`origin`), if by any.

    One that `renews` another opens no more than that one did.
    """

    person: Person
    supplier_id: int
    stream: str
    purpose: str
    order_id: int | None = None
    subject: str = ""
    origin: uuid.UUID | None = None
    renews: SignedLink | None = None


@requires_scope
def issue_links(wanted: Sequence[NewLink], *, actor: Actor, at: datetime) -> list[SignedLink]:
    """Make links, in their order; one that was made for the same mail before is that one again."""
    rows = [
        SignedLink(
            supplier_id=one.supplier_id,
            order_id=one.order_id,
            stream=one.stream,
            subject=one.subject,
            purpose=one.purpose,
            user_id=one.person.user_id,
            address=one.person.address,
            name=one.person.name,
            language=one.person.language,
            time_zone=one.person.time_zone,
            origin=one.origin,
            made_from=one.renews,
            forwarded=one.renews is not None and one.renews.forwarded,
            issued_at=at,
            issued_by=actor.label,
            expires_at=at + settings.LINK_VALID_FOR,
        )
        for one in wanted
    ]
    SignedLink.objects.bulk_create(rows, ignore_conflicts=True)
    found = {
        _place(link): link
        for link in SignedLink.objects.filter(origin__in={row.origin for row in rows if row.origin})
    }
    fresh = {link.key: link for link in SignedLink.objects.filter(key__in=[row.key for row in rows])}
    return [fresh.get(row.key) or found[_place(row)] for row in rows]


def _place(link: SignedLink) -> tuple[uuid.UUID | None, str, str, str]:
    return link.origin, link.stream, link.purpose, link.subject


@requires_scope
def issue_link(
    person: Person,
    *,
    supplier_id: int,
    stream: str,
    purpose: str,
    order_id: int | None = None,
    subject: str = "",
    origin: uuid.UUID | None = None,
    actor: Actor,
    at: datetime,
) -> SignedLink:
    """Make one link: `url_of(link)` is its address."""
    wanted = NewLink(person, supplier_id, stream, purpose, order_id, subject, origin)
    (link,) = issue_links([wanted], actor=actor, at=at)
    return link


@requires_scope
def open_beside(
    link: SignedLink, order: PurchaseOrder, purpose: str, *, actor: Actor, at: datetime
) -> SignedLink:
    """A link to another document of the same supplier, for the same person, made from the page of the first.

    It ends when the first does, so that nobody goes on from link to link for ever; and there is one for each document,
    so that nobody goes round through others to one that has not been used. One that was forwarded opens nothing but
    its own document. Raises `NotAllowed` there.
    """
    if link.forwarded or order.supplier_id != link.supplier_id:
        raise NotAllowed(_("This link is for one order alone."))
    for one in _family(link):
        if one.stream == order.stream and one.revoked_at is None:
            return one
    made = SignedLink(
        supplier_id=link.supplier_id,
        order=order,
        stream=order.stream,
        purpose=purpose,
        user_id=link.user_id,
        address=link.address,
        name=link.name,
        language=link.language,
        time_zone=link.time_zone,
        made_from=link,
        issued_at=at,
        issued_by=actor.label,
        expires_at=link.expires_at,
    )
    made.save(force_insert=True)
    return made


def _family(link: SignedLink) -> list[SignedLink]:
    """The links of one person that come from one mail: the first, and what was opened beside it. The first is held.

    One that was asked for anew came with a mail of its own, and is a first one.
    """
    first = link
    while first.made_from_id is not None and first.origin is None:
        first = SignedLink.objects.get(pk=first.made_from_id)
    SignedLink.objects.select_for_update().get(pk=first.pk)  # two presses at once make one
    found, keys = [first], [first.pk]
    while keys:
        made = SignedLink.objects.filter(made_from__in=keys, forwarded=False, origin__isnull=True)
        fresh = list(made.order_by("id"))
        found += fresh
        keys = [one.pk for one in fresh]
    return found


@requires_scope
def hold_link(link: SignedLink, act: str, *, at: datetime) -> SignedLink:
    """Take a link for one act (`answer`, or a change request's key) and lock it until the transaction ends.

    Two presses at once come one after the other. Raises `LinkSpent` where the act was done with it before, or it is
    good for nothing more.
    """
    held: SignedLink = SignedLink.objects.select_for_update().get(pk=link.pk)
    if standing(held, at) not in (LinkStanding.OPEN, LinkStanding.USED):
        raise LinkSpent(_("This link is not valid any more. Ask for a new one below."))
    if act in held.acted_on:
        raise LinkSpent(
            _("This link was used for its answer already. What was sent stands; look at it below.")
        )
    return held


@requires_scope
def spend_link(held: SignedLink, act: str, *, at: datetime) -> None:
    """Note what was written through a link that is held: it cannot be written with it again."""
    held.used_at = held.used_at or at
    held.acted_on = [*held.acted_on, act]
    held.save(update_fields=["used_at", "acted_on"])


@requires_scope
def see_link(link: SignedLink, *, actor: Actor, at: datetime) -> bool:
    """A person looks at the page of a link (no scanner of mails does more than fetch it). Says whether it is news."""
    if not SignedLink.objects.filter(pk=link.pk, opened_at__isnull=True).update(opened_at=at):
        return False
    _record("link.opened", link, actor=actor, at=at)
    return True


@requires_scope
def forward_link(link: SignedLink, address: str, name: str, *, actor: Actor, at: datetime) -> SignedLink:
    """Give a colleague a link of their own to the same document: written down who gave it to whom.

    Only one that was not forwarded itself can be, and only so often. Raises `Invalid` for what is no address.
    """
    held: SignedLink = SignedLink.objects.select_for_update().get(pk=link.pk)
    if held.forwarded:
        raise NotAllowed(_("A link that was forwarded cannot be forwarded again. Ask who sent it to you."))
    address = address.strip().lower()
    try:
        validate_email(address if len(address) <= LONGEST_ADDRESS else "")
    except ValidationError as error:
        message = _("“%(value)s” is no mail address. Write it like name@company.com.")
        text = message % {"value": address[:80]}
        raise Invalid(text, [Problem("address", text, address)]) from error
    if SignedLink.objects.filter(made_from=held, forwarded=True).count() >= MOST_FORWARDS:
        raise Invalid(
            _("This link was forwarded %(most)d times already. Ask the buyer to write to the others.")
            % {"most": MOST_FORWARDS}
        )
    made = SignedLink(
        supplier_id=held.supplier_id,
        order_id=held.order_id,
        stream=held.stream,
        subject=held.subject,
        purpose=held.purpose,
        address=address,
        name=" ".join(name.split())[:150],
        language=held.language,
        time_zone=held.time_zone,
        made_from=held,
        forwarded=True,
        issued_at=at,
        issued_by=actor.label,
        expires_at=held.expires_at,
    )
    made.save(force_insert=True)
    _record("link.forwarded", made, actor=actor, at=at, by=held.address)
    return made


@requires_scope
def ask_again(link: SignedLink, *, actor: Actor, at: datetime) -> bool:
    """Ask for a new link to the same document at the same address. Says whether one will be sent: not when revoked,
    and not more often than a few times in an hour. The door gives the same answer either way."""
    held: SignedLink = SignedLink.objects.select_for_update().get(pk=link.pk)
    asked = [datetime.fromisoformat(one) for one in held.renewals]
    if held.revoked_at is not None or not may_renew(asked, at):
        return False
    recent = [one for one in asked if at - one < timedelta(hours=1)]
    held.renewals = [one.isoformat() for one in (*recent, at)]
    held.save(update_fields=["renewals"])
    _record("link.asked_again", held, actor=actor, at=at)
    return True


@requires_scope
def refuse_link(link: SignedLink, *, actor: Actor, at: datetime) -> bool:
    """Who got it says that it is not for them: it ends, and the buying side hears of it. Says whether it was open."""
    if not _end(link, actor=actor, at=at):
        return False
    _record("link.refused", link, actor=actor, at=at)
    return True


@requires_scope
def revoke_link(link: SignedLink, *, actor: Actor, at: datetime) -> bool:
    """End a link at once, from the buying side. Revoking twice is harmless."""
    if not (actor.is_company and actor.may(Permission.ORDER_ANSWER_FOR)):
        raise NotAllowed(_("Only a buyer ends the links that were given out."))
    if not _end(link, actor=actor, at=at):
        return False
    _record("link.revoked", link, actor=actor, at=at)
    return True


@requires_scope
def hold_links_of(supplier_id: int) -> None:
    """Hold all links of a supplier that are not ended: whoever acts by one comes before, or finds it ended."""
    held = SignedLink.objects.select_for_update().filter(supplier=supplier_id, revoked_at=None)
    list(held.order_by("id").values_list("pk"))


@requires_scope
def end_links_of(supplier_id: int, *, actor: Actor, at: datetime) -> int:
    """End all links of a supplier, because the business with it ends; returns how many of them opened something.

    Those that have run out are ended too: no new one is mailed to whoever asks for it. The fact is the caller's.
    """
    found = SignedLink.objects.filter(supplier=supplier_id, revoked_at=None)
    count = found.filter(expires_at__gt=at).count()
    found.update(revoked_at=at, revoked_by=actor.label)
    return count


def _end(link: SignedLink, *, actor: Actor, at: datetime) -> bool:
    """It, and all that were made from it."""
    ended = 0
    keys: Iterable[int] = [link.pk]
    while keys:
        found = SignedLink.objects.filter(pk__in=keys, revoked_at__isnull=True)
        ended += found.update(revoked_at=at, revoked_by=actor.label)
        keys = list(
            SignedLink.objects.filter(made_from__in=keys, revoked_at__isnull=True).values_list(
                "pk", flat=True
            )
        )
    return bool(ended)


def _record(kind: str, link: SignedLink, *, actor: Actor, at: datetime, **more: str) -> None:
    facts = {"link": str(link.key), "to": link.address, "purpose": link.purpose, **more}
    record(kind, link.stream, actor=actor, at=at, supplier_id=link.supplier_id, facts=facts)


@requires_scope
def reply_address_of(
    stream: str, *, supplier_id: int, person: Person, order_id: int | None = None, at: datetime
) -> str:
    """The address at which a person replies about a document: `reply+…@MAIL_REPLY_DOMAIN`, always the same one.

    Empty where no domain is set: then nothing reads replies.
    """
    if not settings.MAIL_REPLY_DOMAIN:
        return ""
    row, _made = ReplyAddress.objects.get_or_create(
        stream=stream,
        supplier_id=supplier_id,
        address=person.address,
        defaults={
            "order_id": order_id,
            "user_id": person.user_id,
            "name": person.name,
            "language": person.language,
            "time_zone": person.time_zone,
            "made_at": at,
        },
    )
    return f"{reply_local_part(row.pk, settings.SECRET_KEY)}@{settings.MAIL_REPLY_DOMAIN}"
