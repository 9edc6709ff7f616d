"""Onboardings, chases and terms as programs are told of them."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from portal.kernel.rest.doors import ProgramRequest
from portal.kernel.rest.fields import Day, Moment, Word, page_of
from suppliers.onboarding.models import OnboardingChase, OnboardingRun
from suppliers.onboarding.queries import quiet_since, runs, sheets_of
from suppliers.onboarding.services import look_at_chase
from suppliers.onboarding.states import (
    OPEN,
    ChaseKind,
    InvitedHow,
    NotChased,
    RunState,
    StepKind,
    StepStanding,
)


class OnboardingStepTold(serializers.Serializer):
    """One step that is asked of a supplier, and how it stands."""

    kind = Word(choices=StepKind.choices)
    standing = Word(choices=StepStanding.choices)
    compulsory = serializers.BooleanField()
    paying_waits = serializers.BooleanField(help_text="Whether paying waits for it at this moment.")


class OnboardingTold(serializers.Serializer):
    """The onboarding of one supplier."""

    key = serializers.UUIDField()
    supplier = serializers.CharField(help_text="Its number.")
    state = Word(choices=RunState.choices)
    version = serializers.IntegerField(help_text="Moves with every change: send it with a decision.")
    how = Word(choices=InvitedHow.choices)
    invited_at = Moment()
    started_at = Moment(allow_null=True)
    handed_in_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    quiet_since = Moment(
        allow_null=True,
        help_text="Since when it neither went on nor was anything given. null: nobody is waited for.",
    )
    address = serializers.CharField(
        help_text="Where it was invited; empty where somebody acted for it already."
    )
    reminders = serializers.IntegerField()
    reminded_at = Moment(allow_null=True)
    reason = serializers.CharField()
    waits_at = Word(choices=StepKind.choices, allow_null=True, help_text="The first step that waits for it.")
    steps = OnboardingStepTold(many=True)


class SupplierNotInvited(serializers.Serializer):
    """Why one of them was not invited."""

    supplier = serializers.CharField(source="value")
    code = serializers.CharField()
    message = serializers.CharField()


class SuppliersInvited(serializers.Serializer):
    """What came of inviting: one that cannot be invited never sinks the others."""

    invited = serializers.ListField(child=serializers.CharField(), help_text="Numbers of suppliers.")
    not_invited = SupplierNotInvited(many=True)


class SupplierChased(serializers.Serializer):
    """What comes, or came, of one supplier."""

    supplier = serializers.CharField(help_text="Its number.")
    onboarding = serializers.UUIDField()
    mailed = serializers.BooleanField(help_text="Whether it is, or was, written to.")
    to = serializers.ListField(
        child=serializers.CharField(),
        help_text="The addresses, as long as nothing is sent; empty once it is.",
    )
    code = Word(choices=NotChased.choices, allow_null=True, help_text="Why it is not written to.")
    message = serializers.CharField(help_text="The same as a sentence; empty where it is.")


class ChaseTold(serializers.Serializer):
    """Suppliers that were marked: who is to be written to and why each other not; once it is done, what came of it."""

    key = serializers.UUIDField()
    what = Word(choices=ChaseKind.choices)
    state = Word(choices=[("marked", "marked"), ("under_way", "under way"), ("done", "done")])
    words = serializers.CharField()
    marked_at = Moment()
    sent_at = Moment(allow_null=True)
    done_at = Moment(allow_null=True)
    results = SupplierChased(many=True, help_text="Empty while it is under way.")


class TermsTold(serializers.Serializer):
    """Terms in force, and how many have accepted this version of them."""

    code = serializers.CharField()
    title = serializers.CharField()
    number = serializers.IntegerField(help_text="Which version of these terms it is.")
    since = Moment(source="made_at", help_text="Since when it is asked for.")
    from_on = Day(allow_null=True, help_text="From which day on it counts; null: since it is asked for.")
    asked = serializers.IntegerField(help_text="Of how many suppliers it is asked.")
    accepted = serializers.IntegerField(help_text="How many of these have accepted it.")


class TermsList(serializers.Serializer):
    """All terms in force."""

    results = TermsTold(many=True)


class AcceptanceTold(serializers.Serializer):
    """How a supplier stands with terms of which it is asked."""

    supplier = serializers.CharField(source="supplier.number")
    onboarding = serializers.UUIDField(source="key")
    accepted_at = Moment(allow_null=True, help_text="Null where the version in force is not accepted yet.")
    accepted_by = serializers.CharField(allow_null=True)
    accepted_number = serializers.IntegerField(
        allow_null=True, help_text="Which version it accepted last; null for none."
    )


OnboardingPage = page_of(OnboardingTold, "OnboardingPage")
AcceptancePage = page_of(AcceptanceTold, "AcceptancePage")


def runs_told(rows: Sequence[OnboardingRun], request: ProgramRequest) -> list[dict[str, Any]]:
    sheets = sheets_of(rows, request.at)
    names = (
        "key",
        "state",
        "version",
        "how",
        "invited_at",
        "started_at",
        "handed_in_at",
        "ended_at",
        "address",
        "reminders",
        "reminded_at",
        "reason",
    )
    quiet = quiet_since(rows)
    found = []
    for run in rows:
        sheet = sheets[run.pk]
        waits = sheet.paying
        said = {name: getattr(run, name) for name in names}
        said["supplier"] = run.supplier.number
        said["quiet_since"] = quiet[run.pk] if run.state in OPEN else None
        said["waits_at"] = next(iter(sheet.waiting), None)
        said["steps"] = [
            {
                "kind": one.kind,
                "standing": sheet.standing[one.kind],
                "compulsory": one.compulsory,
                "paying_waits": one.kind in waits,
            }
            for one in sheet.steps
        ]
        found.append(said)
    return list(OnboardingTold(found, many=True).data)


def chase_told(chase: OnboardingChase, request: ProgramRequest) -> dict[str, Any]:
    names = ("key", "what", "words", "marked_at", "sent_at", "done_at")
    said: dict[str, Any] = {name: getattr(chase, name) for name in names}
    results: list[tuple[OnboardingRun, tuple[str, ...], str]] = []
    if chase.sent_at is None:
        found = look_at_chase(chase, actor=request.actor, at=request.at)
        results = [(one.run, one.to, one.why) for one in found]
    elif chase.done_at is not None:
        rows = runs(request.actor).filter(pk__in=chase.told).order_by("supplier__name", "id")
        results = [(run, (), chase.told[str(run.pk)]) for run in rows]
    said["state"] = "done" if chase.done_at else "under_way" if chase.sent_at else "marked"
    said["results"] = [
        {
            "supplier": run.supplier.number,
            "onboarding": run.key,
            "mailed": not why,
            "to": () if why else to,
            "code": why or None,
            "message": str(NotChased(why).label) if why else "",
        }
        for run, to, why in results
    ]
    return dict(ChaseTold(said).data)
