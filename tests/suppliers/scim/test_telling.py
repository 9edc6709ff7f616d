"""A provider's server tells who comes and who leaves: what follows here, at once, and what never does."""

import re

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.models import ApiToken, Invitation, Membership, User
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.queries import KEEPER
from suppliers.people.services import (
    accept_as_new,
    deactivate_staff,
    invite_person,
    reactivate_staff,
    remove_member,
    revoke_invitation,
)
from suppliers.scim.models import ScimGroup, ScimPerson
from suppliers.services import add_member, create_own_token
from suppliers.signin.queries import DOORKEEPER
from suppliers.sso.messages import Identity, WriteProvider
from suppliers.sso.models import IdentityProvider
from suppliers.sso.services import NotAdmitted, admit, change_provider
from tests.builders.factors import show_factor
from tests.builders.identities import a_saml_provider, in_use
from tests.builders.scim import ScimClient, a_person, a_server
from tests.builders.world import MONDAY, make_world
from tests.database import made_once
from tests.people import FEED, PASSWORD, make_people

pytestmark = pytest.mark.django_db

GROUPS = (
    ("quayside-admins", "administrator"),
    ("oid-buyers", "buyer"),
    ("quayside-payers", "accounts_payable"),
)


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            yield make_people(suppliers), suppliers


@pytest.fixture
def people(everything, db):
    return everything[0]


@pytest.fixture
def acme(everything, db):
    return everything[1]["ACME"]


@pytest.fixture(autouse=True)
def nothing_is_counted():
    cache.clear()
    yield
    cache.clear()


def ours(people, **more):
    """Our own provider, in use, with a server that tells."""
    told = {
        "name": "Northmoor ID",
        "issuer": "https://login.northmoor.example/tenant",
        "client_id": "quayside",
        "secret": "a secret of the client",
        "domains": ("northmoor.example",),
        "groups": GROUPS,
        **more,
    }
    return a_server(in_use(people["root"], WriteProvider(**told)), people["root"])


def theirs(people, supplier, *domains):
    """A supplier's provider, in use, with a server that tells."""
    told = WriteProvider(
        name=f"{supplier.name} ID"[:40],
        issuer=f"https://id.{supplier.number.lower()}.example",
        client_id="quayside",
        secret="a secret of the client",
        domains=domains or (f"{supplier.number.lower()}.example",),
    )
    return a_server(in_use(people["root"], told, supplier=supplier), people["root"])


def account(address):
    with acting(DOORKEEPER):
        return User.objects.filter(email=address).first()


def memberships(address):
    with acting(DOORKEEPER):
        found = Membership.objects.filter(user__email=address).order_by("supplier__number")
        return list(found.values_list("supplier__number", "role"))


def invitations(address):
    with acting(DOORKEEPER):
        found = Invitation.objects.filter(address=address).order_by("id")
        return list(found.values_list("supplier__number", "role", "state"))


def facts(*kinds):
    with acting(DOORKEEPER):
        found = AuditEvent.objects.filter(kind__in=kinds).order_by("id")
        return [(one.kind, one.actor_label) for one in found]


def signed_in(person):
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)
    return client


def is_in(client):
    return client.get("/preferences/").status_code == 200


def refused(answer, status, scim_type=""):
    """The sentence of a refusal in SCIM's own shape."""
    told = answer.json()
    assert (answer.status_code, told["status"], told.get("scimType", "")) == (
        status,
        str(status),
        scim_type,
    ), told
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer["Content-Type"] == "application/scim+json"
    return told["detail"]


ENTRA_OFF = {"op": "Replace", "path": "active", "value": "False"}
ENTRA_ON = {"op": "Replace", "path": "active", "value": "True"}


# --- Our own people -----------------------------------------------------------------------------------------


def test_entra_brings_somebody_in_gives_a_role_by_groups_and_takes_everything_away_at_once(people):
    entra = ours(people)
    assert entra.find("Users", 'userName eq "nia@northmoor.example"') == []

    made = entra.tell("nia@northmoor.example")

    assert made.status_code == 201
    nia = made.json()
    assert made["Location"].endswith(f"/scim/v2/Users/{nia['id']}")
    assert made["ETag"] == nia["meta"]["version"] == 'W/"1"'
    assert nia["emails"] == [{"value": "nia@northmoor.example", "type": "work", "primary": True}]
    assert nia["name"] == {"formatted": "Nia Told", "givenName": "Nia", "familyName": "Told"}
    assert account("nia@northmoor.example") is None  # nobody has said yet what she does
    (found,) = entra.find("Users", 'userName eq "NIA@northmoor.example"')
    assert found == nia

    group = entra.group("Buyers of Northmoor", externalId="oid-buyers")
    assert group.status_code == 201
    key = group.json()["id"]
    added = entra.patch(key, {"op": "Add", "path": "members", "value": [{"value": nia["id"]}]}, to="Groups")
    assert added.status_code == 200
    assert [one["value"] for one in added.json()["members"]] == [nia["id"]]
    user = account("nia@northmoor.example")
    assert (user.name, user.company_role, user.has_usable_password()) == ("Nia Told", "buyer", False)
    assert facts("staff.joined") == [("staff.joined", "SCIM: Northmoor ID")]

    browser = signed_in(user)
    assert is_in(browser)
    closed = entra.patch(nia["id"], ENTRA_OFF)
    assert (closed.status_code, closed.json()["active"]) == (200, False)
    assert not is_in(browser)
    assert account("nia@northmoor.example").is_active is False
    assert facts("staff.deactivated") == [("staff.deactivated", "SCIM: Northmoor ID")]

    assert entra.patch(nia["id"], ENTRA_ON).json()["active"] is True
    assert account("nia@northmoor.example").is_active is True
    assert not is_in(browser)  # what has ended stays ended
    gone = entra.ask("DELETE", f"Users/{nia['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert account("nia@northmoor.example").is_active is False
    assert refused(entra.ask("GET", f"Users/{nia['id']}"), 404) == "There is no such user."
    assert entra.find("Users", 'externalId eq "id-nia"') == []

    again = entra.tell(
        "nia@northmoor.example"
    ).json()  # hired again: another id, and the groups are asked anew
    assert again["id"] != nia["id"]
    assert account("nia@northmoor.example").is_active is False
    entra.patch(key, {"op": "Add", "path": "members", "value": [{"value": again["id"]}]}, to="Groups")
    assert account("nia@northmoor.example").is_active is True


def test_okta_puts_whole_people_and_patches_without_a_path(people):
    okta = ours(people)
    told = a_person("bea@northmoor.example")
    bea = okta.ask("POST", "Users", told).json()  # who is here already is taken as she is
    assert (bea["active"], account("bea@northmoor.example").company_role) == (True, "buyer")

    put = okta.ask(
        "PUT", f"Users/{bea['id']}", {**told, "displayName": "Bea B.", "password": "not ours to know"}
    )

    assert (put.status_code, put.json()["displayName"], put["ETag"]) == (200, "Bea B.", 'W/"2"')
    assert account("bea@northmoor.example").name == "Bea Buyer"  # her own to say
    browser = signed_in(people["bea"])
    off = okta.patch(bea["id"], {"op": "replace", "value": {"active": False}})
    assert (off.status_code, off.json()["active"], is_in(browser)) == (200, False, False)
    unsaid = okta.ask("PUT", f"Users/{bea['id']}", {"schemas": [], "userName": "bea@northmoor.example"})
    assert (unsaid.status_code, unsaid.json()["active"]) == (200, False)
    assert okta.patch(bea["id"], {"op": "replace", "value": {"active": True}}).json()["active"] is True
    group = okta.group("quayside-payers", bea["id"]).json()
    assert account("bea@northmoor.example").company_role == "accounts_payable"
    renamed = {"op": "replace", "value": {"id": group["id"], "displayName": "quayside-admins"}}
    assert okta.patch(group["id"], renamed, to="Groups").json()["displayName"] == "quayside-admins"
    assert account("bea@northmoor.example").company_role == "administrator"
    whole = {"schemas": [], "displayName": "quayside-payers", "members": [{"value": bea["id"]}]}
    assert okta.ask("PUT", f"Groups/{group['id']}", whole).status_code == 200
    assert account("bea@northmoor.example").company_role == "accounts_payable"


def test_programs_that_act_in_somebodys_name_end_with_the_account(people):
    entra = ours(people)
    otto = people["otto"]
    with acting(otto.actor):
        create_own_token("Desk", actor=otto.actor, at=MONDAY)
    told = entra.tell("otto@northmoor.example").json()

    entra.patch(told["id"], ENTRA_OFF)

    with acting(DOORKEEPER):
        assert [one.revoked_by for one in ApiToken.objects.filter(user=otto.user)] == ["SCIM: Northmoor ID"]


def test_whoever_leaves_the_last_group_with_a_role_is_out_and_comes_back_with_the_next(people):
    entra = ours(people)
    told = entra.tell("bea@northmoor.example").json()
    buyers = entra.group("oid-buyers", told["id"]).json()
    other = entra.group("All of Northmoor", told["id"]).json()
    browser = signed_in(people["bea"])

    entra.patch(buyers["id"], {"op": "Remove", "path": f'members[value eq "{told["id"]}"]'}, to="Groups")

    assert (is_in(browser), account("bea@northmoor.example").is_active) == (False, False)
    payers = entra.group("quayside-payers", told["id"])
    assert payers.status_code == 201
    bea = account("bea@northmoor.example")
    assert (bea.is_active, bea.company_role) == (True, "accounts_payable")
    # Entra’s other way to say it, and a group that goes as a whole
    gone = {"op": "Remove", "path": "members", "value": [{"value": told["id"]}]}
    assert entra.patch(other["id"], gone, to="Groups").json()["members"] == []
    assert account("bea@northmoor.example").is_active is True
    assert entra.ask("DELETE", f"Groups/{payers.json()['id']}").status_code == 204
    assert account("bea@northmoor.example").is_active is False


def test_where_groups_give_no_roles_any_more_nobody_is_closed_for_want_of_one(people):
    entra = ours(people)
    told = entra.tell("bea@northmoor.example").json()
    entra.group("quayside-payers", told["id"])
    with acting(DOORKEEPER):
        IdentityProvider.objects.filter(pk=entra.provider.pk).update(groups=[])

    assert entra.patch(told["id"], {"op": "replace", "path": "displayName", "value": "B."}).status_code == 200

    bea = account("bea@northmoor.example")
    assert (bea.is_active, bea.company_role) == (True, "accounts_payable")


def test_who_becomes_an_approver_by_a_group_waits_like_any_other(people):
    entra = ours(people)
    told = entra.tell("bea@northmoor.example").json()
    assert account("bea@northmoor.example").approver_since_at is None

    entra.group("quayside-payers", told["id"])

    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")  # of this transaction: the wait begins at this very moment
        assert account("bea@northmoor.example").approver_since_at == cursor.fetchone()[0]
    assert facts("staff.role_changed") == [("staff.role_changed", "SCIM: Northmoor ID")]


def test_what_scim_closed_no_sign_in_opens(people):
    entra = ours(people, makes_people=True)
    provider = entra.provider
    new = entra.tell("nia@northmoor.example", active=False).json()

    def come(subject, address, *groups):
        with acting(DOORKEEPER):
            said = Identity(subject, address, is_verified=True, groups=groups)
            return admit(IdentityProvider.objects.get(pk=provider.pk), said, at=timezone.now()).user

    with pytest.raises(NotAdmitted) as why:  # not even where whoever is new gets an account
        come("nia", "nia@northmoor.example", "oid-buyers")
    assert why.value.why == "closed"
    assert account("nia@northmoor.example") is None
    entra.patch(new["id"], ENTRA_ON)
    assert come("nia", "nia@northmoor.example", "oid-buyers").company_role == "buyer"
    entra.patch(new["id"], ENTRA_OFF)
    with pytest.raises(NotAdmitted) as why:
        come("nia", "nia@northmoor.example", "oid-buyers")
    assert why.value.why == "closed"

    # Once SCIM has put somebody into a group with a role, its groups count and no others.
    bea = entra.tell("bea@northmoor.example").json()
    assert come("bea", "bea@northmoor.example", "quayside-payers").company_role == "accounts_payable"
    entra.group("oid-buyers", bea["id"])
    assert come("bea", "bea@northmoor.example", "quayside-payers").company_role == "buyer"


def test_whom_a_person_closed_here_scim_does_not_open(people):
    entra = ours(people)
    root = people["root"].actor
    told = entra.tell("bea@northmoor.example").json()
    with acting(root):
        deactivate_staff(people["bea"].user.pk, actor=root, at=MONDAY)
    assert entra.ask("GET", f"Users/{told['id']}").json()["active"] is False

    for asked in (ENTRA_ON, {"op": "replace", "path": "displayName", "value": "Bea"}):
        sentence = refused(entra.patch(told["id"], asked), 403)
        assert sentence == "This account was closed here by a person. Open it again here first."
    assert entra.group("oid-buyers", told["id"]).status_code == 201  # others of the group do not wait for her
    assert account("bea@northmoor.example").is_active is False

    # Nor where SCIM had closed her before, and somebody here opened and closed her since.
    with acting(root):
        reactivate_staff(people["bea"].user.pk, actor=root, at=MONDAY)
    assert entra.patch(told["id"], ENTRA_OFF).status_code == 200
    with acting(root):
        reactivate_staff(people["bea"].user.pk, actor=root, at=timezone.now())
        deactivate_staff(people["bea"].user.pk, actor=root, at=timezone.now())
    refused(entra.patch(told["id"], ENTRA_ON), 403)
    refused(entra.tell("ada@northmoor.example", userName="bea@northmoor.example"), 409, "uniqueness")


def test_the_last_administrator_and_who_keeps_a_password_stay(people):
    entra = ours(people)
    root = entra.tell("root@northmoor.example").json()
    sentence = refused(entra.patch(root["id"], ENTRA_OFF), 409)
    assert sentence == "Root Admin is the last administrator here. Make somebody else one first."
    assert entra.ask("GET", f"Users/{root['id']}").json()["active"] is True  # nothing of it was kept
    refused(entra.ask("DELETE", f"Users/{root['id']}"), 409)
    refused(entra.group("oid-buyers", root["id"]), 409)
    assert entra.find("Groups", 'displayName eq "oid-buyers"') == []

    # With another administrator, who came by a group: whoever keeps a password is neither closed nor demoted.
    bea = entra.tell("bea@northmoor.example").json()
    entra.group("quayside-admins", bea["id"])
    actor = people["root"].actor
    provider = entra.provider
    with acting(actor):
        said = WriteProvider(
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            domains=("northmoor.example",),
            groups=GROUPS,
            keepers=("root@northmoor.example",),
        )
        change_provider(provider, said, actor=actor, at=MONDAY)
    assert "keeps a password" in refused(entra.patch(root["id"], ENTRA_OFF), 403)
    assert entra.group("oid-buyers", root["id"]).status_code == 201
    user = account("root@northmoor.example")
    assert (user.is_active, user.company_role) == (True, "administrator")


def test_only_its_domains_and_only_its_side(people, acme):
    entra = ours(people)
    for person in (
        a_person("mallory@elsewhere.example"),
        a_person("gil@supplier.example"),
        a_person("bea@nort\u212amoor.example"),
        a_person("nobody"),
    ):
        sentence = refused(entra.ask("POST", "Users", person), 400, "invalidValue")
        assert "northmoor.example: this provider speaks for no other" in sentence
    # An account of a supplier with an address of our domain is none of ours.
    with acting(FEED):
        zoe = User.objects.create_user("zoe@northmoor.example", PASSWORD, name="Zoe")
        add_member(zoe, acme, "orders", actor=FEED, at=MONDAY)
    assert "none of ours" in refused(entra.tell("zoe@northmoor.example"), 409, "uniqueness")
    assert account("zoe@northmoor.example").company_role == ""
    # A mail elsewhere does no harm where the userName is of its domain; nobody else’s account is two people’s.
    two = [{"value": "bea@private.example", "type": "home"}]
    bea = entra.ask("POST", "Users", a_person("bea@northmoor.example", emails=two))
    assert bea.status_code == 201
    twin = a_person("bea2@northmoor.example", emails=[{"value": "bea@northmoor.example", "type": "work"}])
    assert "Another user of yours" in refused(entra.ask("POST", "Users", twin), 409, "uniqueness")


def test_a_new_address_is_kept_as_its_word_and_changes_no_account(people):
    entra = ours(people)
    told = entra.tell("bea@northmoor.example").json()

    changed = entra.patch(
        told["id"],
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "bea.new@northmoor.example"},
        {"op": "Replace", "path": "userName", "value": "bea.new@northmoor.example"},
        {"op": "Replace", "value": {"name.familyName": "New", "title": "Head of Buying"}},
        {
            "op": "Add",
            "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "value": "P",
        },
    )

    assert changed.status_code == 200
    assert changed.json()["userName"] == changed.json()["emails"][0]["value"] == "bea.new@northmoor.example"
    assert changed.json()["name"]["familyName"] == "New"
    assert account("bea@northmoor.example").is_active is True
    assert account("bea.new@northmoor.example") is None
    assert entra.patch(told["id"], ENTRA_OFF).status_code == 200
    assert account("bea@northmoor.example").is_active is False  # and it goes on closing the very account


# --- A supplier's people ------------------------------------------------------------------------------------


def test_a_suppliers_provider_invites_and_takes_away_what_is_the_suppliers_own(people, acme):
    okta = theirs(people, acme)
    made = okta.tell("nora@acme.example")
    assert made.status_code == 201
    assert invitations("nora@acme.example") == [("ACME", "read_only", "sent")]
    with acting(KEEPER):
        invitation = Invitation.objects.get(address="nora@acme.example")
        new = NewPerson("Nora", PASSWORD, "en", "UTC")
        accept_as_new(invitation, new, actor=KEEPER, at=timezone.now())
    browser = signed_in(account("nora@acme.example"))
    assert is_in(browser)

    closed = okta.patch(made.json()["id"], {"op": "replace", "value": {"active": False}})

    assert closed.json()["active"] is False
    assert memberships("nora@acme.example") == []
    assert not is_in(browser)
    # once more: the same role, without a mail to be answered, since it was SCIM that closed
    assert okta.patch(made.json()["id"], ENTRA_ON).json()["active"] is True
    assert memberships("nora@acme.example") == [("ACME", "read_only")]
    assert is_in(signed_in(account("nora@acme.example")))
    assert okta.ask("DELETE", f"Users/{made.json()['id']}").status_code == 204
    assert memberships("nora@acme.example") == []

    waiting = okta.tell("nick@acme.example").json()
    okta.patch(waiting["id"], {"op": "replace", "value": {"active": False}})
    assert invitations("nick@acme.example") == [("ACME", "read_only", "revoked")]
    assert okta.patch(waiting["id"], ENTRA_ON).status_code == 200
    asha = people["asha"].actor
    with acting(asha):
        sent = Invitation.objects.visible_to(asha).get(address="nick@acme.example", state="sent")
        revoke_invitation(sent.key, actor=asha, at=timezone.now())
    sentence = refused(okta.patch(waiting["id"], ENTRA_ON), 403)
    assert sentence == "The invitation was taken back here by a person. Invite anew here first."


def test_who_is_closed_there_comes_in_by_no_invitation_that_waits_here(people):
    entra = ours(people)
    root = people["root"].actor
    with acting(root):
        invite_person(InvitePerson("nia@northmoor.example", "buyer"), actor=root, at=timezone.now())

    entra.tell("nia@northmoor.example", active=False)

    assert invitations("nia@northmoor.example") == [(None, "buyer", "revoked")]


def test_groups_are_none_of_a_suppliers_provider(people, acme):
    okta = theirs(people, acme)
    refused(okta.group("quayside-admins"), 404)
    assert [one["id"] for one in okta.ask("GET", "ResourceTypes").json()["Resources"]] == ["User"]
    assert okta.ask("GET", "Groups").json()["totalResults"] == 0


def test_who_acts_elsewhere_is_never_opened_and_loses_its_own_membership_at_most(people, acme):
    okta = theirs(people, acme, "supplier.example")
    answers = [okta.tell(f"{name}@supplier.example") for name in ("sam", "gil", "somebody.new")]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    told = [answer.json() for answer in answers]
    assert [sorted(one) for one in told] == [
        sorted(told[0])
    ] * 3  # nothing tells who has an account elsewhere
    assert memberships("gil@supplier.example") == [("GLOBEX", "administrator")]
    browser = signed_in(people["gil"])
    okta.patch(told[1]["id"], ENTRA_OFF)
    assert is_in(browser)  # Globex’s Gil is nobody of Acme’s
    assert okta.patch(told[0]["id"], ENTRA_OFF).status_code == 200
    assert memberships("sam@supplier.example") == [("GLOBEX", "read_only")]
    assert okta.patch(told[0]["id"], ENTRA_ON).status_code == 200
    assert memberships("sam@supplier.example") == [("GLOBEX", "read_only")]  # invited, and Sam decides
    assert invitations("sam@supplier.example") == [("ACME", "orders", "sent")]


def test_a_suppliers_last_administrator_stays_and_whom_its_people_removed_stays_out(people, acme):
    okta = theirs(people, acme, "supplier.example")
    asha, olga = (okta.tell(f"{name}@supplier.example").json() for name in ("asha", "olga"))
    sentence = refused(okta.patch(asha["id"], ENTRA_OFF), 409)
    assert sentence == "Asha Acme is the last administrator here. Make somebody else one first."
    assert memberships("asha@supplier.example") == [("ACME", "administrator")]
    actor = people["asha"].actor
    with acting(actor):
        pk = Membership.objects.visible_to(actor).get(user=people["olga"].user).pk
        remove_member(pk, actor=actor, at=MONDAY)
    assert okta.ask("GET", f"Users/{olga['id']}").json()["active"] is False
    assert "closed here by a person" in refused(okta.patch(olga["id"], ENTRA_ON), 403)
    assert memberships("olga@supplier.example") == []


def test_a_suppliers_server_writes_no_more_letters_than_its_people_may(people, acme):
    okta = theirs(people, acme)
    for number in range(50):
        assert okta.tell(f"n{number}@acme.example").status_code == 201
    assert "at most 50 people a day" in refused(okta.tell("one.more@acme.example"), 403)
    assert okta.find("Users", 'userName eq "one.more@acme.example"') == []


def test_no_server_fills_our_tables(people, acme):
    okta, entra = theirs(people, acme), ours(people)
    made = {"active": False, "domain": "acme.example", "told_at": MONDAY, "changed_at": MONDAY}
    with acting(DOORKEEPER):
        ScimPerson.objects.bulk_create(
            ScimPerson(provider=okta.provider, user_name=f"n{n}", address=f"n{n}@acme.example", **made)
            for n in range(2_000)
        )
        ScimGroup.objects.bulk_create(
            ScimGroup(provider=entra.provider, name=f"g{n}", told_at=MONDAY, changed_at=MONDAY)
            for n in range(2_000)
        )
    for answer in (okta.tell("one.more@acme.example"), entra.group("one more")):
        assert refused(answer, 403) == "At most 2000 of these are kept here for one provider."
    page = okta.ask("GET", "Users?count=5000").json()
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (2_000, 100, 100)


def test_a_person_invited_by_hand_is_the_one_that_scim_tells_of(people, acme):
    okta = theirs(people, acme)
    asha = people["asha"].actor
    with acting(asha):
        paper = InvitePerson("nora@acme.example", "shipping", supplier_id=acme.pk)
        invitation = invite_person(paper, actor=asha, at=timezone.now())
    told = okta.tell("nora@acme.example").json()
    assert invitations("nora@acme.example") == [("ACME", "shipping", "sent")]
    with acting(KEEPER):
        accept_as_new(invitation, NewPerson("Nora", PASSWORD, "en", "UTC"), actor=KEEPER, at=timezone.now())
        User.objects.filter(email="nora@acme.example").update(email="nora@private.example")

    okta.patch(told["id"], ENTRA_OFF)

    assert memberships("nora@private.example") == []


# --- Others -------------------------------------------------------------------------------------------------


def test_nothing_of_another_provider_is_there(people, acme):
    entra, okta = ours(people), theirs(people, acme)
    bea = entra.tell("bea@northmoor.example").json()
    group = entra.group("oid-buyers", bea["id"]).json()
    nora = okta.tell("nora@acme.example").json()

    for method, said in (("GET", None), ("PUT", a_person("nora@acme.example")), ("DELETE", None)):
        assert refused(okta.ask(method, f"Users/{bea['id']}", said), 404) == "There is no such user."
        refused(okta.ask(method, f"Groups/{group['id']}", {"displayName": "x"} if said else None), 404)
    refused(okta.patch(bea["id"], ENTRA_OFF), 404)
    refused(okta.patch(group["id"], {"op": "remove", "path": "members"}, to="Groups"), 404)
    assert okta.find("Users", 'userName eq "bea@northmoor.example"') == []
    assert [one["id"] for one in okta.ask("GET", "Users").json()["Resources"]] == [nora["id"]]
    sentence = refused(entra.group("quayside-payers", nora["id"]), 400, "invalidValue")
    assert sentence == f"There is no user with the id {nora['id']}."
    assert account("bea@northmoor.example").is_active is True


def test_whom_it_may_no_longer_speak_for_is_not_there(people):
    entra = ours(people)
    told = entra.tell("bea@northmoor.example").json()
    actor, provider = people["root"].actor, entra.provider
    with acting(actor):
        said = WriteProvider(
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            domains=("northmoor2.example",),
            groups=GROUPS,
        )
        change_provider(provider, said, actor=actor, at=MONDAY)

    refused(entra.patch(told["id"], ENTRA_OFF), 404)
    assert account("bea@northmoor.example").is_active is True


@pytest.mark.parametrize("state", ["off", "blocked", "left", "revoked", "wrong", "none", "token"])
def test_a_secret_that_does_not_count_is_answered_alike(people, acme, state, tokens):
    okta = theirs(people, acme)
    told = okta.tell("nora@acme.example").json()
    root, provider = people["root"].actor, okta.provider
    with acting(FEED):
        if state == "off":
            IdentityProvider.objects.filter(pk=provider.pk).update(state="off")
        elif state == "blocked":
            type(acme).objects.filter(pk=acme.pk).update(state="blocked")
        elif state == "left":
            type(acme).objects.filter(pk=acme.pk).update(left_at=MONDAY, leaving_on=MONDAY.date())
    if state == "revoked":
        browser = signed_in(people["root"])
        show_factor(browser, people["root"].user)
        prefix = okta.secret.split("_")[1]
        assert browser.post(f"/signin/providers/{provider.key}/scim/{prefix}/revoke/").status_code == 303
    elif state == "wrong":
        okta.secret = okta.secret[:-1] + ("A" if okta.secret[-1] != "A" else "B")
    elif state == "none":
        okta.secret = ""
    elif state == "token":
        okta.secret = tokens("ACME").secret

    for method, path in (
        ("GET", "Users"),
        ("PATCH", f"Users/{told['id']}"),
        ("GET", "ServiceProviderConfig"),
    ):
        answer = okta.ask(method, path, {} if method == "PATCH" else None)
        sentence = refused(answer, 401)
        assert sentence == "This secret is unknown or revoked, or its provider is not in use."
        assert answer["WWW-Authenticate"] == 'Bearer realm="Quayside"'
    assert root.is_company


# --- The page -----------------------------------------------------------------------------------------------


def test_an_administrator_gives_a_secret_that_is_shown_once(people):
    told = WriteProvider(
        name="Northmoor ID",
        issuer="https://login.northmoor.example/tenant",
        client_id="quayside",
        secret="a secret of the client",
        domains=("northmoor.example",),
    )
    provider = in_use(people["root"], told)
    root = signed_in(people["root"])
    page, new = f"/signin/providers/{provider.key}/", f"/signin/providers/{provider.key}/scim/new/"
    assert root.get(new).status_code == 302  # a second factor of a moment ago
    show_factor(root, people["root"].user)
    once = re.search(r'name="once" value="([^"]+)"', root.get(new).content.decode())[1]

    made = root.post(new, {"once": once})

    assert made.status_code == 201
    secret = re.search(r"qscim_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", made.content.decode())[0]
    assert root.post(new, {"once": once}).status_code == 409  # sent twice
    server = ScimClient(secret)
    assert server.ask("GET", "Users").json()["totalResults"] == 0
    shown = root.get(page).content.decode()
    assert secret not in shown
    assert secret[:14] in shown
    second = root.post(new, {"once": "another"})
    assert second.status_code == 201  # a new one beside the old one, so that nothing is missed
    assert root.post(new, {"once": "third"}).status_code == 422
    assert facts("scim_secret.created") == [("scim_secret.created", "Root Admin")] * 2
    assert root.post(f"/signin/providers/{provider.key}/scim/{secret[6:14]}/revoke/").status_code == 303
    refused(server.ask("GET", "Users"), 401)
    assert "revoked on" in root.get(page).content.decode()


def test_only_a_provider_in_use_gets_a_secret(people, acme):
    written = a_saml_provider(acme, people["root"])
    root = signed_in(people["root"])
    show_factor(root, people["root"].user)
    assert "Only a provider that is in use" in root.get(f"/signin/providers/{written.key}/").content.decode()
    assert root.post(f"/signin/providers/{written.key}/scim/new/", {"once": "x"}).status_code == 422


def test_what_is_told_is_in_no_suppliers_sight(people, acme):
    theirs(people, acme).tell("nora@acme.example")
    with pytest.raises(DatabaseError), transaction.atomic(), acting(people["asha"].actor):
        list(ScimPerson.objects.all())
