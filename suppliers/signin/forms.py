"""The questions for a factor, as allauth asks them, and what is typed about rules, removals and acting for others."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from portal.kernel.actors import Side
from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from suppliers.models import Supplier
from suppliers.roles import CompanyRole, SupplierRole
from suppliers.signin.policies import LONGEST_GRACE, Demand
from suppliers.signin.queries import DOORKEEPER
from suppliers.signin.services import note_factor_shown

# Not allauth's own word: in German it would be that of a code such as iso-9001.
A_CODE = _("Six digits of your app, or a recovery code")


class _Told:
    """A code that is typed. A recovery code works once: at that moment its person is told."""

    def clean_code(self) -> str:
        """The code, which is right."""
        asked: Any = self  # one of allauth's forms, which this stands before
        code: str = super().clean_code()  # type: ignore[misc]
        with acting(DOORKEEPER):
            note_factor_shown(asked.user, asked.authenticator.type, at=timezone.now())
        return code


def show(form: Any) -> None:
    """A factor was shown and found right: let it count."""
    form.save()


def _trust() -> forms.BooleanField | None:
    days = settings.TRUSTED_DEVICE_FOR.days
    label = ngettext_lazy(
        "Do not ask on this device for %(days)d day", "Do not ask on this device for %(days)d days", "days"
    )
    return forms.BooleanField(label=label % {"days": days}, required=False) if days else None


class CodeForm(_Told, AuthenticateForm):
    """The second step at sign-in: a code of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = A_CODE
        self.fields["code"].widget.attrs.pop("placeholder", None)
        if field := _trust():
            self.fields["trust"] = field


class PasskeyForm(AuthenticateWebAuthnForm):
    """The second step at sign-in: a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := _trust():
            self.fields["trust"] = field


class CodeAgainForm(_Told, ReauthenticateForm):
    """Once more, by somebody signed in: a code of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = A_CODE
        self.fields["code"].widget.attrs |= {"inputmode": "text", "autofocus": True}


class AskForPasswordForm(ResetPasswordForm):
    """A lost password. The same happens for every address, known or not, in the same time: a worker looks it up."""

    def clean_email(self) -> str:
        """The address as it was typed; nobody is looked up for it here."""
        self.users: list[Any] = []
        return str(self.cleaned_data["email"]).lower()


class FactorRulesForm(forms.Form):
    """One tick and one number for each role, of ours and of the suppliers'."""

    def __init__(self, data: Any = None, *, demands: list[Demand]) -> None:
        super().__init__(data)
        self.demands = demands
        for one in demands:
            role = role_name(one.side, one.role)
            self.fields[f"{one.side}-{one.role}"] = forms.BooleanField(
                label=_("%(role)s: needs a second factor") % {"role": role},
                required=False,
                initial=one.demanded,
            )
            self.fields[f"{one.side}-{one.role}-days"] = forms.IntegerField(
                label=_("%(role)s: days of grace") % {"role": role},
                initial=one.grace_days,
                min_value=0,
                max_value=LONGEST_GRACE,
            )

    def rows(self) -> list[dict[str, Any]]:
        """The form as a table: side, role, tick, days."""
        return [
            {
                "side": one.side,
                "role": role_name(one.side, one.role),
                "demanded": self[f"{one.side}-{one.role}"],
                "days": self[f"{one.side}-{one.role}-days"],
            }
            for one in self.demands
        ]

    def wanted(self) -> list[Demand]:
        """What was typed, for every role."""
        return [
            Demand(
                one.side,
                one.role,
                self.cleaned_data[f"{one.side}-{one.role}"],
                self.cleaned_data[f"{one.side}-{one.role}-days"],
            )
            for one in self.demands
        ]


def role_name(side: str, role: str) -> str:
    """What a role is called."""
    return str((CompanyRole if side == Side.COMPANY else SupplierRole)(role).label)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), strip=True
    )

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)


class StandInForm(ReasonForm):
    """For which supplier one acts in somebody's place, and why."""

    supplier = forms.ModelChoiceField(
        label=_("For"), queryset=Supplier.objects.none(), to_field_name="number", empty_label=None
    )
    field_order = ("supplier", "reason")

    def __init__(self, data: Any = None, *, suppliers: list[Supplier]) -> None:
        super().__init__(data)
        chooser: Any = self.fields["supplier"]
        chooser.queryset = Supplier.objects.filter(pk__in=[one.pk for one in suppliers]).order_by(
            "name", "id"
        )
