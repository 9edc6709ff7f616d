"""What there is about a supplier itself: bank details, onboarding, documents, changes, its end and its merge."""

from typing import Any

from portal.kernel.scope import acting
from suppliers.banking.models import BankAccount, BankChange, BankNumber, BankProof
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest
from suppliers.details.services import change_detail
from suppliers.documents import models as proofs
from suppliers.documents.messages import WriteKind, WriteRequirement
from suppliers.documents.services import write_kind, write_requirement
from suppliers.merging.models import SupplierMerge
from suppliers.models import Invitation, Supplier
from suppliers.offboarding.models import Offboarding
from suppliers.onboarding.models import (
    OnboardingChase,
    OnboardingExclusion,
    OnboardingRun,
    OnboardingTemplate,
    Terms,
    UploadedInvitations,
)
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_person
from suppliers.roles import SupplierRole
from tests.builders.documents import a_picture, supply
from tests.builders.world import MONDAY
from tests.people import FEED


def leaves_and_joins(supplier: Supplier) -> tuple[Offboarding, SupplierMerge]:
    """An end of the business that is under way, and a merge into another supplier that waits for a second person."""
    Supplier.objects.filter(pk=supplier.pk).update(leaving_on=MONDAY.date())
    return (
        Offboarding.objects.create(
            supplier=supplier,
            reason="Other source",
            last_on=MONDAY.date(),
            begun_at=MONDAY,
            begun_by="Root Admin",
        ),
        SupplierMerge.objects.create(
            supplier=supplier,
            kept=Supplier.objects.exclude(pk=supplier.pk).order_by("pk").first(),
            reason="One company",
            asked_at=MONDAY,
            asked_by="Nobody",
        ),
    )


def a_waiting_change(supplier: Supplier) -> ChangeRequest:
    """Asked for by nobody who is among us, so that everybody who may can decide on it."""
    with acting(FEED):
        values = {"legal_name": f"{supplier.name} Limited", "country": supplier.country}
        change = change_detail(ChangeDetail(supplier.key, "legal", values), actor=FEED, at=MONDAY)
    assert change is not None
    return change


def bank_details(supplier: Supplier) -> tuple[BankChange, BankAccount, BankProof]:
    """A change that was requested, of an account that is in force, with its paper."""
    account = BankAccount(supplier=supplier, since_at=MONDAY, country="DE", currency="EUR", shown="3000")
    number = BankNumber.objects.create(supplier=supplier, sealed="x.y", trace=supplier.number)
    said = {"proposed_at": MONDAY, "proposed_by": "Asha Acme", "number": number, "origin": "portal"}
    asked = {"requested_at": MONDAY, "requested_by": "Asha Acme", "requested_by_user_id": 1}
    waited = {"called_at": MONDAY, "approved_at": MONDAY, "waits_until": MONDAY, "closed_at": MONDAY}
    account.number = number
    account.by_change = BankChange.objects.create(
        supplier=supplier, kind="add", state="in_force", **said, **asked, **waited
    )
    account.save()
    change = BankChange.objects.create(
        supplier=supplier, kind="replace", state="requested", account=account, **said, **asked
    )
    proof = BankProof.objects.create(
        supplier=supplier,
        change=change,
        name="bank.pdf",
        content_type="application/pdf",
        size=5,
        sha256="0" * 64,
        content=b"%PDF-",
        added_at=MONDAY,
        added_by="Asha Acme",
    )
    return change, account, proof


def onboarding(
    supplier: Supplier,
) -> tuple[OnboardingRun, OnboardingExclusion, OnboardingTemplate, UploadedInvitations, OnboardingChase]:
    """A run that is under way, an exclusion, a template of its own, a sheet that nobody has invited, and a chase that
    nobody has sent.

    There are terms under the template's code besides."""
    made: dict[str, Any] = {"made_at": MONDAY, "made_by": "Root Admin"}
    step = {"kind": "questions", "compulsory": True, "paying_waits": False, "wants": []}
    asked = {
        "code": "fleet",
        "text": "How many lorries?",
        "holds": "number",
        "compulsory": True,
        "choices": [],
    }
    template = OnboardingTemplate.objects.create(
        code=f"of-{supplier.number.lower()}", name="Questions", steps=[step], questions=[asked], **made
    )
    Terms.objects.create(code=template.code, title="Conduct", texts={"en": "Be kind."}, **made)
    run = OnboardingRun.objects.create(
        supplier=supplier,
        template=template,
        state="started",
        how="one",
        invited_at=MONDAY,
        invited_by="Root Admin",
        started_at=MONDAY,
    )
    exclusion = OnboardingExclusion.objects.create(supplier=supplier, reason="ending", **made)
    sheet = UploadedInvitations.objects.create(
        file_name="s.csv",
        rows=[{"supplier": supplier.number, "address": "", "name": "", "line": "2"}],
        created_at=MONDAY,
        created_by="Root Admin",
    )
    chase = OnboardingChase.objects.create(
        what="remind", marked=[run.pk], marked_at=MONDAY, marked_by="Root Admin"
    )
    return run, exclusion, template, sheet, chase


def invited(supplier: Supplier) -> Invitation:
    """Somebody who has not answered yet."""
    with acting(FEED):
        paper = InvitePerson("new@elsewhere.example", SupplierRole.SHIPPING, supplier.pk)
        return invite_person(paper, actor=FEED, at=MONDAY)


def documents(number: str) -> tuple[proofs.DocumentVersion, proofs.DocumentKind, proofs.Requirement]:
    """A picture that waits for a reviewer, of a kind of its own that is required; supplied by none of us."""
    with acting(FEED):
        code = f"kind-{number.lower()}"
        kind = write_kind(WriteKind(code, f"Kind of {number}"), actor=FEED, at=MONDAY)
        needed = WriteRequirement(code, True, False, MONDAY.date())
        requirement = write_requirement(needed, actor=FEED, at=MONDAY)
    version = supply(FEED, code, supplier=number, name="proof.png", content=a_picture(), valid_until=None)
    return version, kind, requirement
