"""For how long a link opens, and how often a mail goes. No database here."""

from datetime import timedelta

REGISTER = b"quayside.registration.1"
OPENS_FOR = timedelta(days=3)
MAIL_EVERY = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
REFUSED_KEPT_FOR = timedelta(days=365)
LONGEST_NAME, LONGEST_TAX_ID, LONGEST_WHY = 150, 60, 1000
MOST_SIMILAR = 10
# At these anybody can have an address: that two have the same says nothing.
ANYBODYS = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "gmx.de",
    }
    | {
        "gmx.net",
        "web.de",
        "t-online.de",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "163.com",
        "126.com",
    }
)


def mailbox_of(address: str) -> str:
    """The mailbox that an address leads to, for counting mails: what stands behind a plus is its reader's alone."""
    name, _at, domain = address.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def own_domain(address: str) -> str:
    """The domain of a mail address, where it is a company's own; else empty."""
    domain = address.rpartition("@")[2].lower()
    return "" if domain in ANYBODYS else domain
