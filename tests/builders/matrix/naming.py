"""How an address names what it shows: the arguments of its pattern, out of the objects there are."""

from typing import Any
from uuid import uuid4

from portal.kernel.scope import acting
from procurement.erp.failures import Kind, mark_of
from suppliers.models import Membership, User
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.scim.models import ScimSecret
from suppliers.sso.models import IdentityProvider
from tests.builders.matrix.objects import Objects
from tests.builders.world import MONDAY
from tests.people import FEED


def order(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key}


def answer(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key, "answer": objects.answer.key}


def answer_alone(objects: Objects) -> dict[str, Any]:
    return {"key": objects.answer.key}


def token(objects: Objects) -> dict[str, Any]:
    return {"prefix": objects.token.prefix}


def file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.file.key}


def command(objects: Objects) -> dict[str, Any]:
    return {"key": objects.command.origin}


def message(objects: Objects) -> dict[str, Any]:
    return {"key": objects.message.key}


def run(objects: Objects) -> dict[str, Any]:
    return {"key": objects.run.key}


def group(objects: Objects) -> dict[str, Any]:
    return {"kind": "commands", "mark": mark_of(Kind.COMMANDS, objects.command.state, "")}


def comparison(objects: Objects) -> dict[str, Any]:
    return {"key": objects.comparison.key}


def drift(objects: Objects) -> dict[str, Any]:
    return {"key": objects.drift.key}


def kind_of_drift(objects: Objects) -> dict[str, Any]:
    return {"kind": objects.drift.kind, "repair": "take_erp"}


def policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.policy.key}


def match_policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.match_policy.key}


def discount_policy(objects: Objects) -> dict[str, Any]:
    return {"key": objects.discount_policy.key}


def rule(objects: Objects) -> dict[str, Any]:
    return {"key": objects.policy.key, "rule": objects.rule.key}


def decision(objects: Objects) -> dict[str, Any]:
    return {"key": objects.decision.key}


def supplier(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key}


def item(_objects: Objects) -> dict[str, Any]:
    return {"number": "VALVE-15"}


def case(objects: Objects) -> dict[str, Any]:
    return {"key": objects.case.key}


def case_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.case.key, "verb": "snooze"}


def task(objects: Objects) -> dict[str, Any]:
    return {"key": objects.task.key}


def queue(objects: Objects) -> dict[str, Any]:
    return {"key": objects.queue.key}


def assignment(objects: Objects) -> dict[str, Any]:
    return {"key": objects.assignment.key}


def absence(objects: Objects) -> dict[str, Any]:
    return {"key": objects.absence.key}


def formula(objects: Objects) -> dict[str, Any]:
    return {"key": objects.formula.key}


def formula_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.formula.key, "verb": "ask"}


def document(objects: Objects) -> dict[str, Any]:
    return {"key": objects.document.key}


def document_kind(objects: Objects) -> dict[str, Any]:
    return {"code": objects.document_kind.code}


def requirement(objects: Objects) -> dict[str, Any]:
    return {"key": objects.requirement.key}


def document_supply(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "code": objects.document_kind.code}


def company(_objects: Objects) -> dict[str, Any]:
    return {"company": "NM"}


def service(objects: Objects) -> dict[str, Any]:
    return {"key": objects.service.key}


def office(objects: Objects) -> dict[str, Any]:
    return {"key": objects.office.key}


def office_place(_objects: Objects) -> dict[str, Any]:
    return {"level": "company", "code": "NM"}


def uploaded_notices(objects: Objects) -> dict[str, Any]:
    return {"key": objects.uploaded_notices.key}


def uploaded_invoices(objects: Objects) -> dict[str, Any]:
    return {"key": objects.uploaded_invoices.key}


def invoice_xml(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key, "syntax": "ubl"}


def upload(objects: Objects) -> dict[str, Any]:
    return {"key": objects.upload.key}


def link(objects: Objects) -> dict[str, Any]:
    return {"key": objects.order.key, "link": objects.link.key}


def change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.change.key}


def notice(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key}


def invoice(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key}


def invoice_file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice_file.key}


def invoice_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invoice.key, "verb": "accept"}


def question(objects: Objects) -> dict[str, Any]:
    return {"key": objects.question.key}


def statement(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key}


def statement_row(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key, "row": 2}


def statement_file(objects: Objects) -> dict[str, Any]:
    return {"key": objects.statement.key, "kind": "csv"}


def approval(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval.key, "word": "approve"}


def approval_alone(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval.key}


def approval_rule(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval_rule.key}


def approval_limit(objects: Objects) -> dict[str, Any]:
    return {"key": objects.approval_limit.key}


def company_code(_objects: Objects) -> dict[str, Any]:
    return {"code": "NM"}


def time(objects: Objects) -> dict[str, Any]:
    return {"key": objects.time.key}


def time_verb(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "verb": "ask"}


def site(_objects: Objects) -> dict[str, Any]:
    return {"code": "LEEDS"}


def telling(objects: Objects) -> dict[str, Any]:
    return {"key": objects.telling.key}


def mail(objects: Objects) -> dict[str, Any]:
    return {"key": objects.mail.key}


def mail_draft(objects: Objects) -> dict[str, Any]:
    return {"key": objects.mail_draft.key}


def sheet(objects: Objects) -> dict[str, Any]:
    return {"key": objects.sheet.key}


def sheet_line(objects: Objects) -> dict[str, Any]:
    return {"key": objects.sheet.key, "line": objects.sheet_line.pk}


def photo(objects: Objects) -> dict[str, Any]:
    return {"key": objects.photo.key}


def package(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "position": 1}


def paper(objects: Objects) -> dict[str, Any]:
    return {"key": objects.notice.key, "what": "zpl-4x6-203"}


def gateway(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway.key}


def gateway_secret(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway.key, "secret": objects.gateway_secret.key}


def gateway_message(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway_message.key}


def gateway_event(objects: Objects) -> dict[str, Any]:
    return {"key": objects.gateway_event.key}


def somebody(_objects: Objects) -> dict[str, Any]:
    return {"number": User.objects.order_by("pk").values_list("pk", flat=True)[0]}


def person(objects: Objects) -> dict[str, Any]:
    return {"person": objects.person.pk}


def bank_change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_change.key}


def bank_account(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_account.key}


def bank_proof(objects: Objects) -> dict[str, Any]:
    return {"key": objects.bank_proof.key}


def supplier_key(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key}


def member(objects: Objects) -> dict[str, Any]:
    """Somebody new each time: who was removed a moment ago is not there for the next to ask."""
    with acting(FEED):
        user = User.objects.create_user(f"{uuid4()}@supplier.example", name="Nobody Special")
        member = Membership.objects.create(
            user=user, supplier_id=objects.supplier_id, role=SupplierRole.READ_ONLY
        )
    return {"member": member.pk}


def passer_by(objects: Objects) -> dict[str, Any]:
    """Somebody new each time, as a person: none of those who ask is signed out by it."""
    named = member(objects)
    with acting(FEED):
        return {"person": Membership.objects.get(pk=named["member"]).user_id}


def colleague(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        user = User.objects.create_user(
            f"{uuid4()}@northmoor.example", name="Nobody Special", company_role=CompanyRole.PLANNER
        )
    return {"person": user.pk}


def onboarding_run(objects: Objects) -> dict[str, Any]:
    return {"key": objects.onboarding.key}


def chase(objects: Objects) -> dict[str, Any]:
    return {"key": objects.chase.key}


def exclusion(objects: Objects) -> dict[str, Any]:
    return {"key": objects.exclusion.key}


def onboarding_template(objects: Objects) -> dict[str, Any]:
    return {"code": objects.template.code}


def hit(objects: Objects) -> dict[str, Any]:
    return {"key": objects.hit.key}


def asks(objects: Objects) -> dict[str, Any]:
    return {"key": objects.asks.key}


def merge(objects: Objects) -> dict[str, Any]:
    return {"key": objects.merge.key}


def two_records(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "other": objects.merge.kept.key}


def offboarding(objects: Objects) -> dict[str, Any]:
    return {"key": objects.offboarding.key}


def suppliers_sheet(objects: Objects) -> dict[str, Any]:
    return {"key": objects.suppliers_sheet.key}


def invitation(objects: Objects) -> dict[str, Any]:
    return {"key": objects.invitation.key}


def provider(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        return {"key": IdentityProvider.objects.get(supplier=objects.supplier_id).key}


def scim_secret(objects: Objects) -> dict[str, Any]:
    with acting(FEED):
        provider = IdentityProvider.objects.get(supplier=objects.supplier_id)
        made = {"prefix": f"{objects.supplier_id:08x}", "digest": "0" * 64, "created_at": MONDAY}
        secret, _made = ScimSecret.objects.get_or_create(
            provider=provider, defaults=made | {"created_by": "Root"}
        )
    return {"key": provider.key, "prefix": secret.prefix}


def company_part(objects: Objects) -> dict[str, Any]:
    return {"key": objects.supplier_key, "part": "names"}


def detail_change(objects: Objects) -> dict[str, Any]:
    return {"key": objects.detail_change.key}
