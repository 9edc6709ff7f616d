"""What kind of mail this is, before anybody looks at what it says: a machine's, a mailing list's, our own."""

import re

from procurement.mailroom.messages import Opened
from procurement.mailroom.states import Why

MOST_HOPS = 60  # a mail that passed so many hosts goes in circles

# What automatic answers are called in the six languages of the portal; the reader's own patterns know more of two.
AWAY = re.compile(
    r"^\s*(?:(?:re|aw|sv|tr|rv|res|fwd?|wg|ant|antw)\s*:\s*)*\W*"
    r"(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|on (?:annual )?leave\b|away from (?:the )?office"
    r"|automatische (?:antwort|r[üu]ckmeldung)|abwesen(?:d|heit)|nicht im (?:b[üu]ro|haus)\b|(?:betriebs)?urlaub\b"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausente (?:de|del)\b|ausencia\b|vacaciones\b"
    r"|r[ée]ponse automatique|absen(?:t|te|ce) (?:du|de)\b|absence\b|en cong[ée]s?\b|hors du bureau"
    r"|resposta autom[áa]tica|fora do escrit[óo]rio|aus[êe]ncia\b|de f[ée]rias\b"
    r"|自动(?:回复|答复|回覆)|自動(?:回覆|回復)|外出|不在办公室|休假)",
    re.IGNORECASE,
)


def machine_why(mail: Opened, *, own_address: str, is_signed: bool) -> str:
    """Why nobody wrote this mail to us; empty where somebody may have.

    `is_signed` says that it came to a reply address of ours: then what a machine sends in bulk may still be a
    supplier's order confirmation.
    """
    if len(mail.headers.get("received", ())) > MOST_HOPS:
        return Why.LOOP
    if own_address and mail.sender == own_address.lower():
        return Why.OWN_MAIL
    if mail.report_type and mail.report_type != "delivery-status":
        return Why.RECEIPT
    if mail.is_bounce:
        return "" if any(failure.is_final for failure in mail.failures) else Why.DELAYED
    if _is_answered_by_a_machine(mail):
        return Why.AUTO_REPLY
    return "" if is_signed or not _is_bulk(mail) else Why.LIST


def _is_answered_by_a_machine(mail: Opened) -> bool:
    submitted = mail.header("auto-submitted").partition(";")[0].strip().lower()
    # "auto-generated" alone does not say so: order systems send real confirmations that way.
    if submitted not in ("", "no", "auto-generated"):
        return True
    return mail.is_automatic or bool(AWAY.match(mail.subject))


def may_be_answered(mail: Opened) -> bool:
    """Whether a machine may answer this mail (RFC 3834, 2): only what a person wrote to us alone."""
    if mail.header("auto-submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return False
    if mail.header("return-path").replace(" ", "") == "<>" or "x-auto-response-suppress" in mail.headers:
        return False
    return not _is_bulk(mail)


def _is_bulk(mail: Opened) -> bool:
    if any(name in mail.headers for name in ("list-id", "list-post", "mailing-list")):
        return True
    return mail.header("precedence").strip().lower() in ("bulk", "list", "junk")


# --- what it is about ---------------------------------------------------------------------------------------

NUMBER = re.compile(r"[^\W_][\w./-]{1,58}[^\W_]", re.UNICODE)
MOST_NUMBERS = 400


def possible_numbers(*texts: str) -> list[str]:
    """What could be an order's number in these texts, in their order: words with a digit, whole and by their parts."""
    found: dict[str, None] = {}
    for text in texts:
        for word in NUMBER.findall(text[:40_000]):
            if not any(char.isdigit() for char in word):
                continue
            for one in (word, word.upper(), *re.split(r"[/._-]", word)):
                if len(one) >= 3 and any(char.isdigit() for char in one):
                    found.setdefault(one)
            if len(found) >= MOST_NUMBERS:
                return list(found)[:MOST_NUMBERS]
    return list(found)
