"""What is filled in about a provider, and the address by which somebody looks for the way in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from portal.kernel.typed import WholeField
from suppliers.models import Supplier
from suppliers.people.forms import RefusableForm
from suppliers.people.queries import supplier_named
from suppliers.roles import CompanyRole
from suppliers.sso.messages import WriteProvider
from suppliers.sso.models import IdentityProvider
from suppliers.sso.queries import keepers_of
from suppliers.sso.saml import read_metadata
from suppliers.sso.states import ProviderKind

MOST_ROWS = 60
QUIET = {"autocomplete": "off", "spellcheck": "false"}
OF_OIDC = ("client_id", "secret", "scopes")
OF_SAML = ("metadata", "sign_in_url", "certificate")
KEPT = (
    "name",
    "issuer",
    "sign_in_url",
    "certificate",
    "client_id",
    "scopes",
    "groups_claim",
    "factor_words",
    "proves_addresses",
    "makes_people",
    "only_way",
)
OF_OURS = ("groups_claim", "makes_people", "keepers")


class ProviderForm(RefusableForm):
    """One provider: what it is, whom it speaks for, and what counts of what it says."""

    supplier = forms.CharField(
        label=_("Supplier"),
        required=False,
        max_length=40,
        help_text=_(
            "Its number in your ERP; empty for our own company. A supplier’s provider lets in people who act for that "
            "supplier and nobody else."
        ),
        widget=forms.TextInput(attrs=QUIET),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        help_text=_("Stands on the button."),
        widget=forms.TextInput(attrs=QUIET),
    )
    metadata = forms.CharField(
        label=_("Metadata"),
        required=False,
        max_length=200_000,
        help_text=_("The XML the provider shows. With it the next three may stay empty."),
        widget=forms.Textarea(attrs={"rows": 4, **QUIET}),
    )
    issuer = forms.CharField(label=_("Issuer"), max_length=500, widget=forms.TextInput(attrs=QUIET))
    sign_in_url = forms.CharField(
        label=_("Sign-in address"),
        required=False,
        max_length=500,
        help_text=_("Where people are sent (binding HTTP-Redirect)."),
        widget=forms.TextInput(attrs=QUIET),
    )
    certificate = forms.CharField(
        label=_("Signing certificate"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, **QUIET}),
    )
    client_id = forms.CharField(label=_("Client id"), max_length=200, widget=forms.TextInput(attrs=QUIET))
    secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=500,
        help_text=_("Kept sealed and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    scopes = forms.CharField(
        label=_("Further scopes"),
        required=False,
        max_length=200,
        help_text=_("Some providers tell groups only where the scope groups is asked for."),
        widget=forms.TextInput(attrs=QUIET),
    )
    domains = forms.CharField(
        label=_("Mail domains"),
        max_length=5_000,
        help_text=_(
            "One a line. It speaks for addresses of these domains alone: make sure that they are theirs."
        ),
        widget=forms.Textarea(attrs={"rows": 2, **QUIET}),
    )
    proves_addresses = forms.BooleanField(
        label=_("Its addresses count as verified"),
        required=False,
        help_text=_(
            "Where it never says email_verified, and gives addresses only out of the company’s own list."
        ),
    )
    factor_words = forms.CharField(
        label=_("Words that tell of a second factor"),
        required=False,
        max_length=500,
        help_text=_(
            "Of amr or acr, or the authentication context: mfa, for example. Where one comes, nobody is asked for "
            "ours at sign-in. Empty: ours is asked for. Bank details always ask for ours."
        ),
        widget=forms.TextInput(attrs=QUIET),
    )
    groups_claim = forms.CharField(
        label=_("Claim with the groups"), required=False, max_length=200, widget=forms.TextInput(attrs=QUIET)
    )
    makes_people = forms.BooleanField(
        label=_("Make an account for whoever comes for the first time"),
        required=False,
        help_text=_("Of one of its domains and in one of the groups."),
    )
    only_way = forms.BooleanField(
        label=_("No other way in for its domains"),
        required=False,
        help_text=_("Passwords and passkeys of these people open nothing any more."),
    )
    keepers = forms.CharField(
        label=_("Who keeps a password"),
        required=False,
        max_length=2_000,
        help_text=_("Mail addresses of administrators, one a line, for the day it does not answer."),
        widget=forms.Textarea(attrs={"rows": 2, **QUIET}),
    )

    version = WholeField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        kind: str,
        provider: IdentityProvider | None = None,
        actor: Actor,
    ) -> None:
        super().__init__(data, initial=_initial(provider) if provider else {"groups_claim": "groups"})
        self.kind = kind
        for name in OF_SAML if kind == ProviderKind.OIDC else OF_OIDC:
            del self.fields[name]
        self.actor = actor
        if provider is not None:
            del self.fields["supplier"]
            if provider.supplier_id is not None:
                for name in OF_OURS:
                    del self.fields[name]
        if kind == ProviderKind.SAML:
            self.fields["issuer"].label = _("Entity id")
            self.fields["issuer"].required = False
        else:
            self.fields["issuer"].help_text = _("Its address with https, as its discovery document says it.")
        if provider is not None and provider.secret and "secret" in self.fields:
            self.fields["secret"].help_text = _("Kept sealed. Leave it empty, and it stays as it is.")
        self.rows = 0
        if provider is None or provider.supplier_id is None:
            self._add_groups(provider.groups if provider else [])

    def _add_groups(self, groups: list[list[str]]) -> None:
        known = [*groups, *[["", ""]] * 3][:MOST_ROWS]
        self.rows = len(known)
        for number, (group, role) in enumerate(known, 1):
            self.fields[f"group-{number}"] = forms.CharField(
                label=_("Group %(number)d") % {"number": number},
                required=False,
                max_length=200,
                initial=group,
                widget=forms.TextInput(attrs=QUIET),
            )
            self.fields[f"role-{number}"] = forms.ChoiceField(
                label=_("Role of group %(number)d") % {"number": number},
                required=False,
                choices=[("", "–"), *CompanyRole.choices],
                initial=role,
            )

    def plain(self) -> list[Any]:
        """The fields without those of the groups."""
        return [
            self[name]
            for name in self.fields
            if name != "version" and not name.startswith(("group-", "role-"))
        ]

    def looked_at(self, version: int) -> None:
        """What was typed is shown again beside a newer version: saved once more, it is written over that one."""
        self.data = {**self.data.dict(), "version": str(version)}  # type: ignore[attr-defined]  # it was sent

    def pairs(self) -> list[dict[str, Any]]:
        """The groups as rows: of which group, which role."""
        return [
            {"group": self[f"group-{number}"], "role": self[f"role-{number}"]}
            for number in range(1, self.rows + 1)
        ]

    def clean_supplier(self) -> Supplier | None:
        """Whose it is, by number."""
        number = self.cleaned_data["supplier"].strip()
        found = supplier_named(number, actor=self.actor) if number else None
        if number and found is None:
            raise forms.ValidationError(_("There is no such supplier."))
        return found

    def clean(self) -> dict[str, Any]:
        """What was read out of metadata stands where nothing was typed, or what was there before was left standing."""
        said: dict[str, Any] = super().clean() or {}
        if text := said.get("metadata"):
            try:
                read = read_metadata(text)
            except ValueError:
                self.add_error(
                    "metadata", _("This is no metadata of a SAML provider with address and certificate.")
                )
            else:
                said |= {name: value for name, value in read.items() if not self._is_typed(name)}
        return said

    def _is_typed(self, name: str) -> bool:
        typed, before = (
            "".join(str(one or "").split()) for one in (self.data.get(name), self.initial.get(name))
        )
        return bool(typed) and typed != before  # browsers send other ends of lines than were kept

    def said(self) -> WriteProvider:
        """What was typed, as the service takes it."""
        said = self.cleaned_data
        pairs = [(said[f"group-{n}"].strip(), said[f"role-{n}"]) for n in range(1, self.rows + 1)]
        return WriteProvider(
            name=said["name"].strip(),
            issuer=said["issuer"].strip(),
            client_id=said.get("client_id", "").strip(),
            secret=said.get("secret", ""),
            sign_in_url=said.get("sign_in_url", "").strip(),
            certificate=said.get("certificate", ""),
            scopes=" ".join(said.get("scopes", "").split()),
            domains=_words(said["domains"]),
            groups_claim=said.get("groups_claim", "").strip(),
            groups=tuple(pair for pair in pairs if any(pair)),
            factor_words=" ".join(said["factor_words"].replace(",", " ").split()),
            proves_addresses=said["proves_addresses"],
            makes_people=said.get("makes_people", False),
            only_way=said["only_way"],
            keepers=_words(said.get("keepers", "")),
        )


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.lower().lstrip("@") for one in text.replace(",", " ").split()))


def _initial(provider: IdentityProvider) -> dict[str, Any]:
    return {name: getattr(provider, name) for name in (*KEPT, "version")} | {
        "domains": "\n".join(sorted(one.domain for one in provider.domains.all())),
        "keepers": "\n".join(one.email for one in keepers_of(provider)),
    }


class WayForm(forms.Form):
    """The address of somebody who does not know where his or her company signs in."""

    email = forms.EmailField(
        label=_("Your work mail"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )
