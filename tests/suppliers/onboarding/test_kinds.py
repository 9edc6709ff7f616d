"""Which proofs and numbers a step counts: a template names their kinds, and of the others nothing waits."""

import pytest
from django.test import Client

from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from suppliers.onboarding.messages import InviteSuppliers, Step, Target, WriteTemplate
from suppliers.onboarding.models import OnboardingRun, OnboardingTemplate
from suppliers.onboarding.queries import paying_waits, sheet_of
from suppliers.onboarding.services import invite_suppliers, write_template
from tests.builders.documents import accept, require, supply
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


def do(actor, verb, *args):
    with acting(actor):
        return verb(*args, actor=actor, at=MONDAY)


def written(people, *steps):
    return do(people["root"].actor, write_template, WriteTemplate("all", "All", steps))


def sheet():
    with acting(FEED):
        return sheet_of(OnboardingRun.objects.select_related("supplier").get(supplier__number="ACME"), MONDAY)


@pytest.fixture
def asked(people):
    """An insurance and a certificate are required of everybody; paying waits for the insurance alone."""
    require("insurance")
    require("iso-9001")
    written(people, Step("documents", paying_waits=True, wants=("insurance",)))
    do(people["root"].actor, invite_suppliers, InviteSuppliers((Target("ACME"),)))


def test_a_step_counts_the_proofs_that_it_names(people, asked):
    assert (sheet().standing["documents"], sheet().paying) == ("open", ["documents"])
    version = supply(people["asha"], "insurance")
    assert sheet().standing["documents"] == "with_us"
    accept(version, people["root"])
    assert (sheet().standing["documents"], sheet().paying) == ("done", [])
    with acting(FEED):
        pk = OnboardingRun.objects.get(supplier__number="ACME").supplier_id
    assert paying_waits([pk], MONDAY) == {}


def test_another_proof_does_not_stand_in_for_it(people, asked):
    accept(supply(people["asha"], "iso-9001"), people["root"])
    assert sheet().standing["documents"] == "open"


def test_a_proof_of_which_the_supplier_is_free_is_not_waited_for(people, asked):
    written(people, Step("documents", wants=("tax-form",)))
    assert sheet().standing["documents"] == "done"


def test_where_none_is_named_all_that_are_compulsory_count(people, asked):
    written(people, Step("documents"))
    accept(supply(people["asha"], "insurance"), people["root"])
    assert sheet().standing["documents"] == "open"
    accept(supply(people["asha"], "iso-9001"), people["root"])
    assert sheet().standing["documents"] == "done"


@pytest.mark.parametrize(
    ("step", "known"),
    [
        (Step("documents", wants=("insurances",)), "insurance"),
        (Step("tax", wants=("gln",)), "tax, vat"),
        (Step("identifiers", wants=("vat",)), "duns, gln, gs1_prefix, lei, register"),
        (Step("contacts", wants=("boss",)), "emergency, invoices, management, orders, quality, shipping"),
    ],
)
def test_a_kind_that_nobody_can_give_is_refused(people, step, known):
    with pytest.raises(Invalid) as refused:
        written(people, step)
    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == (step.kind, step.wants[0])
    assert known in problem.message


def test_our_administrator_names_kinds_and_the_next_version_keeps_them(people):
    page = Client()
    page.force_login(people["root"].user)
    said = {
        "name": "All",
        "code": "all",
        "step_documents": "paying",
        "documents": "insurance",
        "step_tax": "compulsory",
        "tax": "vat, tax",
        "step_identifiers": "asked",
        "identifiers": "gln",
    }
    assert page.post("/onboarding/templates/new/", said).status_code == 303
    form = page.get("/onboarding/templates/all/edit/").context["form"]
    kept = {name: form.initial[name] for name in ("documents", "tax", "identifiers")}
    assert kept == {"documents": "insurance", "tax": "vat, tax", "identifiers": "gln"}
    with acting(FEED):
        steps = OnboardingTemplate.objects.get().as_steps()
    assert {one.kind: one.wants for one in steps} == {
        "documents": ("insurance",),
        "tax": ("vat", "tax"),
        "identifiers": ("gln",),
    }
    bad = page.post("/onboarding/templates/all/edit/", {**said, "documents": "insurances"})
    assert (bad.status_code, list(bad.context["form"].errors)) == (422, ["documents"])
