"""The life of a provider, and why somebody does not come in through one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class ProviderKind(models.TextChoices):
    """Which protocol it speaks."""

    OIDC = "oidc", _("OpenID Connect")
    SAML = "saml", _("SAML 2.0")


class ProviderState(models.TextChoices):
    """People come in through one that is on, and through no other."""

    WRITTEN = "written", _("Not in use yet")
    ON = "on", _("In use")
    OFF = "off", _("Switched off")


PROVIDER_LIFECYCLE = Lifecycle(
    "identity provider",
    Transition(
        "switch_on",
        frozenset({ProviderState.WRITTEN, ProviderState.OFF}),
        ProviderState.ON,
        "identity_provider.enabled",
        Permission.SIGN_IN_SETUP,
        internal=True,
    ),
    Transition(
        "switch_off",
        frozenset({ProviderState.ON}),
        ProviderState.OFF,
        "identity_provider.disabled",
        Permission.SIGN_IN_SETUP,
        internal=True,
    ),
    initial=ProviderState.WRITTEN,
)


class Why(models.TextChoices):
    """Why somebody did not come in: a word for the log, and the sentence of the page."""

    CANCELLED = "cancelled", _("You did not finish signing in at your company’s page. Nothing has happened.")
    STATE = "state", _("This took too long, or was begun in another window. Begin anew.")
    PROVIDER = "provider", _("Your company’s sign-in answered that it cannot sign you in at present.")
    UNREACHABLE = (
        "unreachable",
        _("Your company’s sign-in cannot be reached at present. Try again in a while."),
    )
    SIGNATURE = "signature", _("What came back was not signed by your company’s sign-in.")
    ISSUER = "issuer", _("What came back is from another sign-in than the one that was asked.")
    AUDIENCE = "audience", _("What came back was meant for another application, not for this portal.")
    DESTINATION = "destination", _("What came back was meant for another address, not for this portal.")
    TIME = "time", _("What came back is too old, or from the future: the clocks of both sides differ.")
    REPLAY = "replay", _("What came back was used before. Begin anew.")
    UNREADABLE = "unreadable", _("What came back cannot be read.")
    OFF = "off", _("This way to sign in is switched off.")
    NO_ADDRESS = "no_address", _("Your company’s sign-in did not say a mail address that it has verified.")
    DOMAIN = "domain", _("Your mail address is of a domain that does not sign in this way.")
    UNKNOWN = "unknown", _("Nobody here has your mail address yet.")
    OTHER_SIDE = "other_side", _("Your account here is not one that signs in this way.")
    OTHER_IDENTITY = "other_identity", _("The account of this mail address belongs to another identity.")
    CLOSED = "closed", _("Your account here is closed.")
    NO_GROUP = "no_group", _("You are in none of the groups that may come in here.")
    LAST_ADMINISTRATOR = "last_admin", _("By your groups you would administer no more, and nobody else does.")


# What to do about it where “begin anew, or ask for help” is not all there is to say.
WAYS_OUT = {
    Why.NO_ADDRESS: _(
        "Ask your company’s IT to hand out a verified address (claim email with email_verified)."
    ),
    Why.UNKNOWN: _("Ask the administrator of this portal, or of your company here, for an invitation."),
    Why.NO_GROUP: _(
        "Ask your company’s IT to put you into a group for this portal; your administrator knows which."
    ),
    Why.OTHER_IDENTITY: _(
        "Ask the administrator of this portal to part the account from the former identity."
    ),
    Why.CLOSED: _("Ask the administrator of this portal to open it again."),
    Why.LAST_ADMINISTRATOR: _("Sign in with your password, and make somebody else an administrator first."),
    Why.AUDIENCE: _(
        "Ask your company’s IT to compare the client id (or entity id) with what this portal uses."
    ),
    Why.TIME: _("If it goes on, ask your company’s IT to look at the clock of its sign-in."),
}
