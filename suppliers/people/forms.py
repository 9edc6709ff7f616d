"""What is filled in about people: an invitation, a role, how one joins, and a new address of one's own."""

from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kernel.errors import Invalid
from portal.kernel.scope import acting
from suppliers.forms import time_zones
from suppliers.models import Invitation
from suppliers.people.messages import InvitePerson, NewPerson
from suppliers.people.queries import KEEPER
from suppliers.people.services.inviting import LONGEST_NAME
from suppliers.roles import CompanyRole, SupplierRole


class RefusableForm(forms.Form):
    """A form that shows beside each field what the service would not take."""

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class InviteForm(RefusableForm):
    """Whom to invite, and to what."""

    supplier = forms.CharField(
        label=_("Supplier"),
        max_length=40,
        help_text=_("Its number in your ERP."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    address = forms.EmailField(
        label=_("Mail address"),
        help_text=_("The invitation goes there, and it is what the person signs in with."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("What the person does"), choices=SupplierRole.choices, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, of: str, **kwargs: Any) -> None:
        """`of` is `supplier` for one's own people, `suppliers` where the supplier is named, `staff` for our side."""
        super().__init__(data, **kwargs)
        if of != "suppliers":
            del self.fields["supplier"]
        if of == "staff":
            role: Any = self.fields["role"]
            role.choices = CompanyRole.choices

    def paper(self, supplier_id: int | None) -> InvitePerson:
        """Whom to invite, as the service takes it."""
        said = self.cleaned_data
        return InvitePerson(said["address"], said["role"], supplier_id, said["name"])


class RoleForm(RefusableForm):
    """What somebody does from now on."""

    role = forms.ChoiceField(
        label=_("What the person does"), choices=SupplierRole.choices, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, staff: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if staff:
            role: Any = self.fields["role"]
            role.choices = CompanyRole.choices


class JoinForm(RefusableForm):
    """How somebody who has no account yet accepts an invitation."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=LONGEST_NAME,
        help_text=_("Others read it beside what you do."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("A password"),
        strip=False,
        max_length=200,
        help_text=_("At least 12 characters. A sentence of your own is easy to keep and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, data: Any = None, *, invitation: Invitation) -> None:
        initial = {
            "name": invitation.name,
            "language": invitation.language,
            "time_zone": invitation.time_zone,
        }
        super().__init__(data, initial=initial)
        zone: Any = self.fields["time_zone"]
        known = time_zones()
        more = [] if invitation.time_zone in known else [str(ZoneInfo(invitation.time_zone))]
        zone.choices = [(one, one.replace("_", " ")) for one in [*known, *more]]

    def new_person(self) -> NewPerson:
        """Who joins, as the service takes it."""
        said = self.cleaned_data
        return NewPerson(said["name"], said["password"], said["language"], said["time_zone"])


class AddressForm(RefusableForm):
    """One's new mail address. Whoever asks shows the password once more."""

    address = forms.EmailField(
        label=_("New mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1000,
        help_text=_("Once more: an open desk must not be enough to take an account away."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: Any = None, *, user: Any) -> None:
        self.user = user
        super().__init__(data)

    def clean_password(self) -> str:
        """The password, which is this person's. Tried as seldom as at sign-in."""
        typed: str = self.cleaned_data["password"]
        with acting(KEEPER):  # behind a supplier's door nobody may read addresses
            is_theirs = get_adapter().reauthenticate(self.user, typed)
        if not is_theirs:
            raise get_adapter().validation_error("incorrect_password")
        return typed
