"""Who approves what, and up to how much people accept alone."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.web import see_other
from procurement.payables.forms import LimitForm, RuleForm
from procurement.payables.presenters.rules import limit_rows, rule_rows
from procurement.payables.queries.approvals import limits_written, rules_written
from procurement.payables.services.rules import drop_limit, end_rule, write_limit, write_rule
from suppliers.roles import Permission

RULES = "procurement/payables/rules.html"


def _show(
    request: DoorRequest, *, rule: RuleForm | None = None, limit: LimitForm | None = None, status: int = 200
) -> HttpResponse:
    may_write = request.actor.may(Permission.INVOICE_SETUP)
    context = {
        "rules": rule_rows(rules_written(), timezone.localdate(request.at)),
        "limits": limit_rows(limits_written()),
        "may_write": may_write,
        "rule_form": (rule or RuleForm(prefix="rule")) if may_write else None,
        "limit_form": (limit or LimitForm(prefix="limit")) if may_write else None,
        "failed": rule or limit,
    }
    return render(request, RULES, context, status=status)


@door(Permission.SUPPLIER_VIEW, methods=["GET", "POST"])
def approval_rules(request: DoorRequest) -> HttpResponse:
    """Who approves what; a new rule is written here."""
    if request.method != "POST":
        return _show(request)
    form = RuleForm(request.POST, prefix="rule")
    if form.is_valid():
        try:
            with transaction.atomic():
                write_rule(form.command(), actor=request.actor, at=request.at)
        except Invalid as refused:
            form.add_problems(refused)
        else:
            messages.success(request, _("The rule is written. It speaks of what is asked from now on."))
            return see_other("approval-rules")
    return _show(request, rule=form, status=422)


@door(Permission.INVOICE_SETUP, methods=["POST"])
def approval_rule_end(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Let a rule hold no more."""
    end_rule(key, actor=request.actor, at=request.at)
    messages.success(request, _("The rule has ended."))
    return see_other("approval-rules")


@door(Permission.INVOICE_SETUP, methods=["POST"])
def approval_limit(request: DoorRequest) -> HttpResponse:
    """Say up to how much somebody accepts alone."""
    form = LimitForm(request.POST, prefix="limit")
    if form.is_valid():
        try:
            with transaction.atomic():
                write_limit(form.command(), actor=request.actor, at=request.at)
        except Invalid as refused:
            form.add_problems(refused)
        else:
            messages.success(request, _("The limit is written."))
            return see_other("approval-rules")
    return _show(request, limit=form, status=422)


@door(Permission.INVOICE_SETUP, methods=["POST"])
def approval_limit_drop(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a limit back."""
    drop_limit(key, actor=request.actor, at=request.at)
    messages.success(request, _("The limit is gone."))
    return see_other("approval-rules")
