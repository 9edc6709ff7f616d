"""Reading links: whose a token is, who acts through it, and what a reply address says."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel, Side
from portal.kernel.errors import NotFound
from portal.kernel.scope import requires_scope
from procurement.links.messages import Person, ReplyTo
from procurement.links.models import ReplyAddress, SignedLink
from procurement.links.policies import key_in, number_in, standing_of
from procurement.links.states import PERMISSIONS, LinkStanding
from suppliers.models import Membership, User
from suppliers.roles import SUPPLIER_ROLES

MOST_LISTED = 100
ASKED_SALT = "inbox.task"
ASKED_FOR = timedelta(days=30)


def secrets() -> list[str]:
    """What tokens are sealed with, the present one first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def find_link(token: str) -> SignedLink | None:
    """The link of a token, whatever it is still good for; None where there is none.

    Runs before any scope: which link a token is of is the doorkeeper's to read.
    """
    key = key_in(token, secrets())
    return SignedLink.objects.filter(key=key).first() if key else None


def url_of(link: SignedLink) -> str:
    """The address of a link, to be mailed to its person. Never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('link', args=[link.token])}"


def standing(link: SignedLink, at: datetime) -> LinkStanding:
    """Where a link stands now."""
    return standing_of(expires_at=link.expires_at, used_at=link.used_at, revoked_at=link.revoked_at, at=at)


def actor_of_link(link: SignedLink) -> Actor | None:
    """Who acts through a link: its person, for its one supplier, with no more than its purpose needs.

    A user may do no more than their role at that supplier lets them; None for one who is not there any more. Runs
    before any scope, as `suppliers.queries.actor_of` does.
    """
    permissions: frozenset[str] = frozenset(PERMISSIONS[link.purpose])
    if link.user_id is not None:
        role = Membership.objects.filter(user_id=link.user_id, supplier_id=link.supplier_id).first()
        if role is None or not User.objects.filter(pk=link.user_id, is_active=True).exists():
            return None
        permissions &= SUPPLIER_ROLES[role.role]
    return Actor(
        label=link.person.label,
        channel=Channel.LINK,
        side=Side.SUPPLIER,
        user_id=link.user_id,
        supplier_ids=(link.supplier_id,),
        all_supplier_ids=(link.supplier_id,),
        permissions=permissions,
    )


def person_of(user: User) -> Person:
    """A user as one who is written to."""
    return Person(user.email, user.name, user.pk, user.language, user.time_zone)


def links_given(stream: str, *, actor: Actor, at: datetime) -> list[tuple[SignedLink, LinkStanding]]:
    """The links given out to one document, newest first, and where each stands."""
    links = SignedLink.objects.visible_to(actor).filter(stream=stream)
    return [(link, standing(link, at)) for link in links.order_by("-issued_at", "-id")[:MOST_LISTED]]


def find_link_on(stream: str, key: uuid.UUID, *, actor: Actor) -> SignedLink:
    """One link to a document. Raises `NotFound` for what is not there or not yours."""
    link: SignedLink | None = SignedLink.objects.visible_to(actor).filter(stream=stream, key=key).first()
    if link is None:
        raise NotFound(_("There is no such link."))
    return link


@requires_scope
def read_reply_address(address: str) -> ReplyTo | None:
    """What a reply address of ours says; None for any other address, and for one that was tampered with.

    The letters' case does not matter, nor does the domain: a mail may come in by another name of the same host.
    """
    number = number_in(address.strip().rpartition("@")[0], secrets())
    row = ReplyAddress.objects.filter(pk=number).first() if number is not None else None
    return ReplyTo(row.stream, row.supplier_id, row.order_id, row.person) if row else None


# --- the address of a question ------------------------------------------------------------------------------

# Note [Asked]: somebody without an account who is asked something on a case gets an address of that question. It holds
# the question's key, signed, opens that question and nothing else, and is good for thirty days. It is made when it is
# shown or mailed, and stands in no table, no log and no fact.


def asked_token(key: object) -> str:
    """What the address of a question holds. Never to be logged."""
    return signing.dumps(str(key), salt=ASKED_SALT, compress=False)


def asked_url(key: object) -> str:
    """The whole address, to be mailed to whom was asked. Never to be logged."""
    return f"{settings.PUBLIC_URL}{reverse('asked', kwargs={'token': asked_token(key)})}"


def asked_key(token: str) -> uuid.UUID | None:
    """The question that an address opens; None for one that is none of ours, or too old."""
    try:
        return uuid.UUID(signing.loads(token, salt=ASKED_SALT, max_age=ASKED_FOR))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
