"""More papers as they must stand for a form (see standing.py): policies, counts, ship notices, wishes, suppliers that
come and go, mails, and what is written to the ERP.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from portal.kernel.outbox.models import OutboxMessage
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer, TypedPiece
from procurement.acknowledgments.services import acknowledge_order
from procurement.acknowledgments.services.draft import save_draft_lines
from procurement.changes.models import OrderChange
from procurement.docks.messages import WritePlan
from procurement.docks.services import write_plan
from procurement.erp.failures import failure_groups
from procurement.erp.models import ErpCommand
from procurement.erp.ports import CurrentLine
from procurement.erp.reconciliation.services import ignore_drift
from procurement.erp.services import record_conflict, record_refusal, take_up_command
from procurement.gateways.models import GatewayMessage
from procurement.mailroom.models import InboundMail
from procurement.orders.models import PurchaseOrder
from procurement.orders.services import save_view
from procurement.tolerances.messages import Inside
from procurement.tolerances.models import ToleranceDecision
from procurement.tolerances.services import ask_approval
from suppliers.details.messages import ChangeDetail
from suppliers.details.models import ChangeRequest
from suppliers.details.services import change_detail
from suppliers.details.services.classifying import write_category
from suppliers.models import Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.services import begin_offboarding, end_offboarding
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import OnboardingExclusion, OnboardingRun, OnboardingTemplate
from suppliers.onboarding.services import invite_suppliers
from suppliers.people.services.addresses import ask_address_change
from suppliers.sso.models import IdentityProvider
from tests.builders import counts, mails, shipments
from tests.builders.changes import an_agreed_order
from tests.builders.gateways import an_event
from tests.builders.matrix import Objects, naming
from tests.builders.standing import Page, People, Stage, here
from tests.builders.statements import a_statement, an_item
from tests.builders.tolerances import a_draft, a_rule, an_active_policy
from tests.builders.world import MONDAY, a_paper, an_order, fresh_line
from tests.people import FEED

# --- policies -----------------------------------------------------------------------------------------------


def policy_asked(people: People, _objects: Objects) -> list[Page]:
    bea = people["bea"]
    draft = a_draft(bea, a_rule(absolute=5), name="Standing")
    with acting(bea.actor):
        ask_approval(draft.key, draft.version, actor=bea.actor, at=timezone.now())
    return [here("policy-approve", draft.key), here("policy-hand-back", draft.key)]


# --- goods on their way, and at the dock --------------------------------------------------------------------


def notice_packed(people: People, _objects: Objects) -> list[Page]:
    asha = people["asha"]
    notice = shipments.begin(an_agreed_order(asha, "S-4"), asha, {"L10": 60})
    today = timezone.localdate()
    written = shipments.write(
        notice, asha, "S-4", ship_on=today, delivery_on=today + timedelta(days=14), at=timezone.now()
    )
    shipments.pack(written, asha, 4, 15)
    return [here("shipment-send", notice.key), here("shipment-discard", notice.key)]


def goods_counted(people: People, _objects: Objects) -> list[Page]:
    rex, order = people["rex"], an_agreed_order(people["asha"], "S-5")
    sheet = counts.begin(counts.a_notice(people, "S-5", order=order), rex)
    counts.count_row(sheet, rex, 60)
    return [here("receiving-post", sheet.key), here("receiving-discard", sheet.key)]


def goods_missing(people: People, _objects: Objects) -> list[Page]:
    order = an_agreed_order(people["asha"], "S-6")
    notice = counts.a_notice(people, "S-6", order=order)
    counts.a_posted_sheet(people, 40, rest="short", notice=notice)
    return [here("shipment-close", notice.key)]


# --- orders, wishes, files ----------------------------------------------------------------------------------


def change_wished(_people: People, objects: Objects) -> list[Page]:
    with acting(FEED):
        soon = timezone.now() + timedelta(days=3)
        OrderChange.objects.filter(pk=objects.change.pk).update(expires_at=soon)
    return [here("change", objects.change.key), here("change-list")]


def order_there(_people: People, objects: Objects) -> list[Page]:
    return [here("order", objects.order.key)]


# --- suppliers that come and go -----------------------------------------------------------------------------


def _newcomer() -> Supplier:
    with acting(FEED):
        return Supplier.objects.get(number="INITECH")


def still_there(_people: People, _objects: Objects) -> list[Page]:
    return [here("supplier-offboarding", _newcomer().key)]


def gone(people: People, _objects: Objects) -> list[Page]:
    root, supplier, now = people["root"].actor, _newcomer(), timezone.now()
    with acting(root):
        command = BeginOffboarding(supplier.key, now.date() + timedelta(days=1), "Another source.")
        row = begin_offboarding(command, actor=root, at=now)
        end_offboarding(
            Offboarding.objects.select_related("supplier").get(pk=row.pk),
            (),
            {},
            actor=root,
            at=now + timedelta(days=3),
        )
    return [here("supplier-offboarding", supplier.key)]


def invited_anew(people: People, _objects: Objects) -> list[Page]:
    root, supplier = people["root"].actor, _newcomer()
    with acting(root):
        command = InviteSuppliers((Target(supplier.number, "nia@initech.example", "Nia"),))
        invite_suppliers(command, actor=root, at=timezone.now())
        run = OnboardingRun.objects.get(supplier=supplier)
    return [here("onboarding-run", run.key)]


def being_won(people: People, _objects: Objects) -> list[Page]:
    root = people["root"].actor
    with acting(root):
        target = Target("", "nia@umbra.example", "Nia", company="Umbra Seals", country="AT")
        (run,) = invite_suppliers(InviteSuppliers((target,)), actor=root, at=timezone.now()).runs
    return [here("onboarding-run", run.key)]


def terms_wanted(_people: People, objects: Objects) -> list[Page]:
    step = {"kind": "terms", "compulsory": True, "paying_waits": False, "wants": [objects.template.code]}
    with acting(FEED):
        OnboardingTemplate.objects.filter(pk=objects.template.pk).update(steps=[step], questions=[])
    return [here("onboarding-terms-own")]


def change_of_its_own(people: People, objects: Objects) -> list[Page]:
    asha = people["asha"].actor
    with acting(FEED):
        ChangeRequest.objects.filter(pk=objects.detail_change.pk).delete()
    with acting(asha):
        values = {"legal_name": "Acme Valves Private Limited", "country": "IN"}
        wanted = ChangeDetail(objects.supplier_key, "legal", values)
        change = change_detail(wanted, actor=asha, at=timezone.now())
    assert change is not None
    return [here("detail-change", change.key)]


# --- people and keys ----------------------------------------------------------------------------------------


def member_there(_people: People, objects: Objects) -> list[Page]:
    member = naming.member(objects)["member"]
    return [here("people-role", member), here("people-remove", member)]


def colleague_there(_people: People, objects: Objects) -> list[Page]:
    return [here("staff-deactivate", naming.colleague(objects)["person"])]


def secret_given(_people: People, objects: Objects) -> list[Page]:
    return [here("scim-secret-revoke", **naming.scim_secret(objects))]


# --- mails, and what is written to the ERP ------------------------------------------------------------------


def mail_unplaced(_people: People, _objects: Objects) -> list[Page]:
    mail = mails.arrive(mails.a_mail("About your order."))
    with acting(FEED):
        InboundMail.objects.filter(pk=mail.pk).update(state="unplaced")
    return [here("mail", mail.key)]


def _a_command(people: People, number: str) -> ErpCommand:
    return _taken_up(an_agreed_order(people["asha"], number))


def _taken_up(order: PurchaseOrder) -> ErpCommand:
    with acting(FEED):
        agreed = OutboxMessage.objects.filter(topic="erp", stream=order.stream).order_by("id")[0]
        return take_up_command(agreed)


def command_in_conflict(people: People, _objects: Objects) -> list[Page]:
    command = _a_command(people, "S-8")
    (line, *_others) = a_paper().lines
    theirs = [CurrentLine("L10", Decimal(80), Decimal("6.85"), line.delivery_on)]
    with acting(FEED):
        record_conflict(command, "Changed by R. Vega.", theirs, actor=FEED, at=MONDAY)
    return [here("integration-command", command.origin)]


def command_as_read(people: People, _objects: Objects) -> list[Page]:
    command = _a_command(people, "S-8")
    with acting(FEED):
        record_conflict(command, "Changed by R. Vega.", [], actor=FEED, at=MONDAY)
    return [here("integration-command", command.origin)]


def _agreed_by_rule(people: People) -> PurchaseOrder:
    an_active_policy(people, a_rule(absolute=5, inside=Inside.NOTIFY), name="Acting")
    order, asha = an_order("S-9"), people["asha"].actor
    day = fresh_line(10, "S-9").delivery_on
    later = AnswerPiece(Decimal(100), delivery_on=day + timedelta(days=3))
    command = AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (later,)),), rest_as_asked=True)
    with acting(asha):
        acknowledge_order(command, actor=asha, at=MONDAY)
    return order


def command_to_key(people: People, _objects: Objects) -> list[Page]:
    command = _taken_up(_agreed_by_rule(people))
    with acting(FEED):
        ErpCommand.objects.filter(pk=command.pk).update(state="to_key", missing=["delivery_on"])
    return [here("integration-command", command.origin)]


# --- what is tried with EVERYTHING=1 ------------------------------------------------------------------------


def rule_has_agreed(people: People, _objects: Objects) -> list[Page]:
    order = _agreed_by_rule(people)
    with acting(FEED):
        decision = ToleranceDecision.objects.get(order_key=order.key, line_key="L10")
    return [here("rule-decisions"), here("rule-decision-reopen", decision.key)]


def command_refused(people: People, _objects: Objects) -> list[Page]:
    command, ines, now = _a_command(people, "S-8"), people["ines"].actor, timezone.now()
    with acting(FEED):
        record_refusal(command, "Line 10: the period 2026-02 is closed.", actor=FEED, at=now)
    with acting(ines):
        groups = failure_groups(ines, at=now, since=now - timedelta(days=1))
    return [here("integration-failure-group", one.kind, one.mark) for one in groups]


def answer_begun(people: People, _objects: Objects) -> list[Page]:
    order, typed = an_order("S-10"), {"L10": [TypedPiece("accept", "90")]}
    for name in ("asha", "max"):
        actor = people[name].actor
        with acting(actor):
            save_draft_lines(order, typed, version=order.version, actor=actor, at=timezone.now())
    return [here("order", order.key)]


def message_unplaced(_people: People, objects: Objects) -> list[Page]:
    event = an_event(happened_at=MONDAY.isoformat(), notice="DN-99")
    raw = json.dumps({"id": "m-1", "events": [event]}).encode()
    message = objects.gateway_message
    with acting(FEED):
        GatewayMessage.objects.filter(pk=message.pk).update(raw=raw, size=len(raw))
    return [here("integration-gateway-message", message.key)]


def statement_with_a_table(people: People, _objects: Objects) -> list[Page]:
    table = [["Beleg", "Offen"], ["NONE-4", "5.00"]]
    read = a_statement(people["asha"], [an_item(2, "NONE-4", 5)], table=table, digest="2" * 64)
    return [here("statement-columns", read.key)]


def nobody_invited(_people: People, _objects: Objects) -> list[Page]:
    return [f"{here('onboarding-candidates')}?days=0"]


def terms_owed(people: People, objects: Objects) -> list[Page]:
    terms_wanted(people, objects)
    with acting(FEED):
        OnboardingRun.objects.filter(pk=objects.onboarding.pk).update(state="active")
        OnboardingExclusion.objects.filter(supplier=objects.supplier_id).delete()
    return [here("onboarding-terms-accepted", objects.template.code)]


def category_there(people: People, _objects: Objects) -> list[Page]:
    root = people["root"].actor
    with acting(root):
        write_category("valves", "Valves", actor=root, at=timezone.now())
    return [here("category-list")]


def dock_planned(people: People, _objects: Objects) -> list[Page]:
    rex = people["rex"].actor
    with acting(rex):
        write_plan(WritePlan("LEEDS", 2, 30, 20, 24), actor=rex, at=timezone.now())
    return [here("dock-plan", "LEEDS")]


def view_kept(people: People, _objects: Objects) -> list[Page]:
    for name in ("asha", "max"):
        with acting(people[name].actor):
            save_view("orders", "Mine", "q=S", actor=people[name].actor)
    return [f"{here('order-list')}?q=S"]


def address_asked(people: People, _objects: Objects) -> list[Page]:
    for name in ("asha", "max", "otto", "bea"):
        person = people[name]
        with acting(person.actor):
            ask_address_change(person.user, f"{name}@new.example", actor=person.actor, at=timezone.now())
    return [here("address-change")]


def identity_joined(people: People, objects: Objects) -> list[Page]:
    with acting(FEED):
        provider = IdentityProvider.objects.get(supplier_id=objects.supplier_id)
        SocialAccount.objects.create(user=people["arun"].user, provider=provider.key.hex, uid="arun-1")
    return [here("identity-provider", provider.key)]


def drift_ignored(people: People, objects: Objects) -> list[Page]:
    ines = people["ines"].actor
    with acting(ines):
        ignore_drift(objects.drift, "Known to both.", actor=ines, at=timezone.now())
    return [here("integration-drift", objects.drift.key)]


def steps_done(_people: People, objects: Objects) -> list[Page]:
    step = {"kind": "terms", "compulsory": False, "paying_waits": False, "wants": [objects.template.code]}
    with acting(FEED):
        OnboardingTemplate.objects.filter(pk=objects.template.pk).update(steps=[step], questions=[])
    return [here("getting-started")]


# Tried on every change.
STANDING_PAPERS: dict[str, Stage] = {
    "policy-approve": policy_asked,
    "policy-hand-back": policy_asked,
    "shipment-send": notice_packed,
    "receiving-post": goods_counted,
    "receiving-discard": goods_counted,
    "shipment-close": goods_missing,
    "changes-decide": change_wished,
    "change-revise": change_wished,
    "file-add": order_there,
    "offboarding-begin": still_there,
    "offboarding-reopen": gone,
    "onboarding-reassign": invited_anew,
    "onboarding-number": being_won,
    "onboarding-terms-own": terms_wanted,
    "detail-change-withdraw": change_of_its_own,
    "people-role": member_there,
    "people-remove": member_there,
    "staff-deactivate": colleague_there,
    "scim-secret-revoke": secret_given,
    "mail-place": mail_unplaced,
    **{f"integration-command-{verb}": command_in_conflict for verb in ("retry", "ask", "give-up")},
    "integration-command-keep": command_as_read,
    "integration-command-assign": command_to_key,
}
# With EVERYTHING=1: their papers take longer to make than what they write is worth, on every change.
STANDING_RARELY: dict[str, Stage] = {
    "shipment-discard": notice_packed,
    "mail-dismiss": mail_unplaced,
    "rule-decision-reopen": rule_has_agreed,
    "rule-decisions-seen": rule_has_agreed,
    "integration-failure-group-retry": command_refused,
    "answer-discard": answer_begun,
    "onboarding-candidates": nobody_invited,
    "onboarding-terms-ask": terms_owed,
    "integration-gateway-message-replay": message_unplaced,
    "statement-columns": statement_with_a_table,
    "category-retire": category_there,
    "dock-plan-forget": dock_planned,
    "view-forget": view_kept,
    "address-withdraw": address_asked,
    "identity-provider-part": identity_joined,
    "integration-drift-reopen": drift_ignored,
    "onboarding-hand-in": steps_done,
}
