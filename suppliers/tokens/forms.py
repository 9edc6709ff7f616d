"""What is said about a new token."""

import uuid
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid
from suppliers.models import Supplier
from suppliers.roles import ONLY_OURS, PERSONAL_SCOPES, Permission, TokenScope
from suppliers.tokens.queries import suppliers_for_tokens


class TokenForm(forms.Form):
    """Which program, whose orders, what it may do. `once` lets a form that is sent twice make one token."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Which program uses it, and where: you will look for this name when it must end."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    supplier = forms.ModelChoiceField(
        label=_("Whose orders"),
        queryset=Supplier.objects.none(),
        to_field_name="number",
        required=False,
        empty_label=_("All suppliers (our own integration)"),
    )
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=[one for one in TokenScope.choices if one[0] not in PERSONAL_SCOPES],
        initial=TokenScope.READ,
        widget=forms.RadioSelect,
        help_text=_("Answering orders takes a token of one supplier."),
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data, initial={"once": uuid.uuid4()})
        if actor.is_supplier:
            del self.fields["supplier"]
            scopes: Any = self.fields["scope"]
            scopes.help_text = ""
            scopes.choices = [one for one in scopes.choices if one[0] not in ONLY_OURS]
        else:
            chooser: Any = self.fields["supplier"]
            chooser.queryset = suppliers_for_tokens(actor)
            if not actor.may(Permission.TRAIL_VIEW):
                ours: Any = self.fields["scope"]
                ours.choices = [one for one in ours.choices if one[0] != TokenScope.TRAIL]

    def add_problems(self, refusal: Invalid) -> None:
        """Show what the service would not take beside its field."""
        for problem in refusal.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not refusal.problems:
            self.add_error(None, refusal.message)


class OwnTokenForm(forms.Form):
    """Which program acts in one's name. `once` lets a form that is sent twice make one token."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Which program uses it, and where: you will look for this name when it must end."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1000,
        help_text=_("Once more: whoever holds this token acts in your name until it ends."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data: Any = None, *, user: Any) -> None:
        self.user = user
        super().__init__(data, initial={"once": uuid.uuid4()})

    def clean_password(self) -> str:
        """The password, which is this person's. Tried as seldom as at sign-in."""
        typed: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, typed):
            raise get_adapter().validation_error("incorrect_password")
        return typed
