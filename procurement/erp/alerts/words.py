"""What a person reads of an alert: one sentence that says what is wrong, one that says what can be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.security.catalogue import CATALOGUE
from portal.kernel.templatetags.portal_ui import figure, moment_text
from procurement.erp.ports import Feed
from procurement.erp.presenters import feed_word, reason_text


@dataclass(frozen=True, slots=True)
class Said:
    """An alert in the reader's language."""

    title: str
    text: str
    way_out: str


def said(cause: str, subject: str, facts: Mapping[str, Any]) -> Said:
    """An alert in words; one that a newer version of the portal raised is told by its name."""
    if cause not in _TITLES:
        return Said(cause, subject, "")
    told = {
        "since": _moment(facts.get("since")),
        "at": _moment(facts.get("at")),
        "by": facts.get("by", ""),
        "reason": reason_text(facts.get("reason", "")),
        "subject": subject,
        "who": facts.get("who") or _("nobody in particular"),
        "feed": feed_word(subject) if subject in set(Feed) else "",
        "count": figure(int(facts.get("count", 0))),
        "seconds": figure(abs(int(facts.get("seconds", 0)))),
    }
    title, text, way_out = _TITLES[cause](facts)
    return Said(title % told, text % told, way_out % told)


def _moment(text: str | None) -> str:
    return moment_text(datetime.fromisoformat(text)) if text else ""


def _paused(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("The connection to the ERP is paused"),
        _("%(by)s paused it at %(since)s: %(reason)s"),
        _("Resume it on the page of the connection. Everything that waits goes then, in order."),
    )


def _unreachable(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("The ERP does not answer"),
        _("It has been left alone since %(since)s. %(reason)s"),
        _("See whether the ERP and the way to it are up. It is asked again by itself, and nothing is lost."),
    )


def _refused(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("The ERP does not let the portal in"),
        _("Its key or password has been refused since %(since)s. %(reason)s"),
        _("Renew it in the settings of the portal (ERP_URL) and restart web, workers and scheduler."),
    )


def _expire(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("The key to the ERP ends soon"),
        _("It is good until %(at)s."),
        _("Renew it before; until then everything goes on."),
    )


def _clock(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    text = (
        _("The ERP's clock is %(seconds)s seconds ahead of ours.")
        if int(facts.get("seconds", 0)) > 0
        else _("The ERP's clock is %(seconds)s seconds behind ours.")
    )
    return (
        _("The clocks differ"),
        text,
        _(
            "Let both machines take their time from the same source (NTP). What changes is found by its time stamp."
        ),
    )


def _changed(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("The ERP is not what it was"),
        _("Different there since %(since)s: %(count)s."),
        _("See what is new on the page of the connection, and whether writing still goes as it should."),
    )


def _warnings(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("Something in the ERP is not as the portal needs it"),
        _("Found when it was last looked at: %(count)s."),
        _("The page of the connection says what."),
    )


def _reads_late(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("Reading is behind: %(feed)s"),
        _("This feed has not got through since %(since)s. %(reason)s"),
        _("It is tried again by itself. Mend what the reason says."),
    )


def _writes_late(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Writing is behind"),
        ngettext(
            "%(count)s message to the ERP waits, the oldest since %(since)s.",
            "%(count)s messages to the ERP wait, the oldest since %(since)s.",
            count,
        ),
        _("See whether workers run, and what the monitor says about the oldest."),
    )


def _parked(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Messages to the ERP are parked"),
        ngettext(
            "%(count)s message was given up after many attempts, the oldest is from %(since)s.",
            "%(count)s messages were given up after many attempts, the oldest is from %(since)s.",
            count,
        ),
        _("Nothing behind them on the same order goes out until somebody tries them again or gives them up."),
    )


def _failures(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Many writes need a person"),
        ngettext(
            "%(count)s write is refused, in conflict or unknown, the oldest from %(since)s.",
            "%(count)s writes are refused, in conflict or unknown, the oldest from %(since)s.",
            count,
        ),
        _("The monitor groups them by reason: one cause is often behind many."),
    )


def _drift(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Both sides do not say the same"),
        ngettext(
            "%(count)s record differs between the ERP and the portal, found at %(since)s.",
            "%(count)s records differ between the ERP and the portal, the first found at %(since)s.",
            count,
        ),
        _("The page of the comparison shows both values and a repair for each."),
    )


def _comparison_failed(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("Both sides could not be compared"),
        _("The comparison ended at %(since)s without having got through. %(reason)s"),
        _("Mend what the reason says and compare again; until then nobody knows whether something differs."),
    )


def _mailbox_unreadable(_facts: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        _("A mailbox cannot be read: %(subject)s"),
        _("No mail has come in from it since %(since)s. %(reason)s"),
        _("It is tried again by itself, and nothing is lost. Mend what the reason says."),
    )


def _mails_parked(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Mails could not be sorted"),
        ngettext(
            "%(count)s mail that came in was given up after many attempts, the oldest is from %(since)s.",
            "%(count)s mails that came in were given up after many attempts, the oldest is from %(since)s.",
            count,
        ),
        _("They are kept. Replay their messages in the outbox once the cause is mended."),
    )


def _gateway_events_wait(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("What carriers told was not taken"),
        ngettext(
            "%(count)s event waits for a person, the oldest is from %(since)s.",
            "%(count)s events wait for a person, the oldest is from %(since)s.",
            count,
        ),
        _("Say on the page of the gateways which shipments they are about, or dismiss them."),
    )


def _gateway_messages_parked(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    count = int(facts.get("count", 0))
    return (
        _("Messages of gateways could not be dealt with"),
        ngettext(
            "%(count)s message was given up after many attempts, the oldest is from %(since)s.",
            "%(count)s messages were given up after many attempts, the oldest is from %(since)s.",
            count,
        ),
        _("They are kept. Replay their messages in the outbox once the cause is mended."),
    )


def _security(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    known = CATALOGUE.get(str(facts.get("kind", "")))
    meaning = str(known.meaning) if known else str(facts.get("kind", ""))
    often = ngettext(
        "Once, at %(since)s. It concerns %(who)s.",
        "%(count)s times, last at %(since)s. It concerns %(who)s.",
        int(facts.get("count", 0)),
    )
    return (
        _("Too many security events of one kind"),
        meaning.replace("%", "%%") + " " + often,
        _("Look at them on the page of security events: who, from where, and whether it goes on."),
    )


_TITLES = {
    "security": _security,
    "paused": _paused,
    "unreachable": _unreachable,
    "credentials_refused": _refused,
    "credentials_expire": _expire,
    "clock": _clock,
    "changed": _changed,
    "warnings": _warnings,
    "reads_late": _reads_late,
    "writes_late": _writes_late,
    "parked": _parked,
    "failures": _failures,
    "drift": _drift,
    "comparison_failed": _comparison_failed,
    "mailbox_unreadable": _mailbox_unreadable,
    "mails_parked": _mails_parked,
    "gateway_events_wait": _gateway_events_wait,
    "gateway_messages_parked": _gateway_messages_parked,
}
