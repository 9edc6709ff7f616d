"""Mails nobody wrote: automatic answers (RFC 3834) and reports that a mail was not delivered (RFC 3464)."""

import re

from procurement.reading.mime import IncomingMail

AUTO_SUBJECT = re.compile(
    r"^\s*(?:automatic(?:al)? (?:reply|response)|auto(?:matic)?[- ]?(?:reply|response|antwort)|automatische (?:antwort|r[üu]ckmeldung)"
    r"|out of (?:the )?office|abwesenheits(?:notiz|nachricht|assistent|meldung)|abwesend|abwesenheit|autoreply"
    r"|r[ée]ponse automatique|respuesta autom[áa]tica|resposta autom[áa]tica)\b",
    re.IGNORECASE,
)
# An automatic answer that forgot to say so: short, and speaks of nothing but the absence.
ABSENT = re.compile(
    r"\b(?:i am|i'm|i will be|currently) (?:currently )?(?:out of (?:the )?office|on (?:annual )?(?:leave|vacation|holiday))"
    r"|\bout of (?:the )?office (?:until|from|till|with)|thank you for your (?:e-?mail|message)\. i am (?:currently )?(?:out|away)"
    r"|\bich bin (?:derzeit |zur zeit |momentan |ab \S{1,12} |bis \S{1,12} |vom .{1,40})?(?:nicht (?:im (?:haus|b[üu]ro)|erreichbar)|abwesend|au[ßs]er haus|im urlaub)"
    r"|\b(?:wird|werden) nicht (?:weitergeleitet|gelesen)|\bthis is an automat(?:ed|ic) (?:reply|response)",
    re.IGNORECASE,
)
BOUNCE_SENDER = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon|mdaemon)@", re.IGNORECASE)
BOUNCE_SUBJECT = re.compile(
    r"^\s*(?:undeliver(?:able|ed)|(?:mail )?delivery (?:status notification|failure|has failed|failed)|returned mail|failure notice"
    r"|mail delivery (?:failed|system|subsystem)|unzustellbar|nicht zustellbar|message (?:undeliverable|delivery failure)"
    r"|delivery incomplete|zustellung fehlgeschlagen|fehler bei der zustellung)",
    re.IGNORECASE,
)


def is_bounce(mail: IncomingMail) -> bool:
    """Whether a machine says that our mail did not arrive."""
    if mail.content_type == "multipart/report" and mail.report_type == "delivery-status":
        return True
    if "x-failed-recipients" in mail.headers or mail.headers.get("return-path", "").strip() == "<>":
        return bool(BOUNCE_SUBJECT.search(mail.subject) or BOUNCE_SENDER.search(mail.sender))
    return bool(BOUNCE_SENDER.search(mail.sender)) or bool(
        BOUNCE_SUBJECT.search(mail.subject) and "daemon" in mail.sender
    )


def is_automatic(mail: IncomingMail) -> bool:
    """Whether a machine answered for a person; such an answer never commits anybody.

    `auto-generated` alone does not say so: order systems send real confirmations that way.
    """
    submitted = mail.headers.get("auto-submitted", "").strip().lower()
    if (
        submitted.startswith("auto-replied")
        or "x-autoreply" in mail.headers
        or "x-autorespond" in mail.headers
    ):
        return True
    if mail.headers.get("x-auto-response-suppress") and AUTO_SUBJECT.search(mail.subject):
        return True
    if mail.headers.get("precedence", "").strip().lower() in ("auto_reply", "auto-reply"):
        return True
    if AUTO_SUBJECT.search(mail.subject):
        return True
    return len(mail.text) < 1500 and bool(ABSENT.search(mail.text[:600]))
