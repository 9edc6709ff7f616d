"""Who works at Northmoor Supply and at its suppliers. Passwords are made when the demo is loaded."""

from dataclasses import dataclass

from procurement.demo.partners import Partner
from suppliers.roles import CompanyRole, SupplierRole

LIAN_FENG = "Lian Feng Valve"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in: with a `company_role` on the buying side, or for suppliers by their names.

    Who has no account any more did what was done so far; since then the supplier has only mail.
    """

    name: str
    email: str
    language: str
    time_zone: str
    company_role: str = ""
    acts_for: tuple[str, ...] = ()
    role: str = SupplierRole.ORDERS
    has_account: bool = True


def _northmoor(name: str, role: str, *, german: bool = False) -> Person:
    first = name.split(maxsplit=1)[0].lower()
    zone = "Europe/Berlin" if german else "Europe/London"
    return Person(name, f"{first}@northmoor.example", "de" if german else "en", zone, company_role=role)


MEI = Person(
    "Mei Lin",
    "mei@lianfeng.example",
    "en",
    "Asia/Shanghai",
    acts_for=(LIAN_FENG,),
    role=SupplierRole.ADMINISTRATOR,
)
OMAR = _northmoor("Omar Haddad", CompanyRole.BUYER)
ANA = _northmoor("Ana Ferreira", CompanyRole.ACCOUNTS_PAYABLE)
KOFI = _northmoor("Kofi Mensah", CompanyRole.ADMINISTRATOR)
INES = _northmoor("Ines Duarte", CompanyRole.INTEGRATION_OWNER)
BRITTA = _northmoor("Britta Lorenz", CompanyRole.BUYER, german=True)
JOSH = _northmoor("Josh Whitaker", CompanyRole.BUYER)
PRIYA = _northmoor("Priya Raman", CompanyRole.PLANNER)
TOM = _northmoor("Tom Ackroyd", CompanyRole.RECEIVING)
HELEN = _northmoor("Helen Marsh", CompanyRole.MANAGER)

# One person for each role a visitor may try, in the order in which the demo lists them.
MAIN_ROLES = (
    ("supplier", MEI),
    ("buyer", OMAR),
    ("accounts_payable", ANA),
    ("administrator", KOFI),
    ("integration_owner", INES),
    ("receiving", TOM),
    ("manager", HELEN),
)

NORTHMOOR = (
    OMAR,
    BRITTA,
    JOSH,
    ANA,
    KOFI,
    INES,
    PRIYA,
    TOM,
    HELEN,
    _northmoor("Viktor Salo", CompanyRole.AUDITOR, german=True),
)

_NAMED_SUPPLIER_PEOPLE = (
    MEI,
    Person(
        "Chen Hao",
        "chen@lianfeng.example",
        "en",
        "Asia/Shanghai",
        acts_for=(LIAN_FENG,),
        role=SupplierRole.READ_ONLY,
    ),
    # An agent who sells for two houses with one sign-in.
    Person(
        "Jürgen Voss",
        "voss@vossvertretung.example",
        "de",
        "Europe/Berlin",
        acts_for=("Brandt Dichtungstechnik", "Halbers Pumpen"),
    ),
    Person(
        "Sabine Brandt",
        "sabine@brandtdichtungstechnik.example",
        "de",
        "Europe/Berlin",
        acts_for=("Brandt Dichtungstechnik",),
        role=SupplierRole.ADMINISTRATOR,
    ),
    Person(
        "Gesine Halbers",
        "gesine@halberspumpen.example",
        "de",
        "Europe/Berlin",
        acts_for=("Halbers Pumpen",),
        role=SupplierRole.ADMINISTRATOR,
    ),
    Person(
        "Ladislav Kučera",
        "kucera@ostravafittings.example",
        "en",
        "Europe/Prague",
        acts_for=("Ostrava Fittings",),
        role=SupplierRole.ADMINISTRATOR,
    ),
    Person(
        "Fiona Castellan",
        "fiona@castellanpumps.example",
        "en",
        "Europe/London",
        acts_for=("Castellan Pumps",),
        role=SupplierRole.ADMINISTRATOR,
    ),
)

# The order desks of the other suppliers, by country, in turn.
_DESKS = {
    "CN": ("Zhang Wei", "Liu Yang", "Wang Min"),
    "DE": ("Katrin Schäfer", "Uwe Hartmann", "Anja Peters", "Lukas Böhm", "Silke Neumann"),
    "GB": ("Gareth Pugh", "Emma Sutcliffe", "Callum Reid", "Rachel Obi", "Dan Fairbairn"),
    "NL": ("Sanne de Wit", "Joost Bakker"),
    "PL": ("Agnieszka Wrona", "Marek Zieliński"),
    "CZ": ("Petra Dvořáková", "Tomáš Beneš"),
    "IT": ("Giulia Ferrante", "Marco Riva", "Elena Conti"),
    "ES": ("Lucía Navarro", "Pablo Ortega"),
    "FR": ("Claire Morvan", "Hugo Perrin"),
    "SE": ("Elin Sandberg", "Oskar Nyman"),
    "AT": ("Johanna Gruber",),
    "US": ("Megan Doyle", "Luis Ortiz"),
    "IN": ("Anil Deshpande", "Kavitha Iyer"),
    "TW": ("Lin Chia-hao", "Huang Pei-ju"),
    "TR": ("Elif Demir", "Murat Aksoy"),
    "SA": ("Fahad Al-Otaibi",),
    "BR": ("Renata Azevedo",),
}
_LETTERS = str.maketrans("äöüßáíéóčřěšžýńłąęćś", "aousaieocreszynlaecs")


def all_people(partners: tuple[Partner, ...]) -> tuple[Person, ...]:
    """Everybody who can sign in: Northmoor's people and at least one person for each supplier."""
    named = {name for person in _NAMED_SUPPLIER_PEOPLE for name in person.acts_for}
    turns = dict.fromkeys(_DESKS, 0)
    desks: list[Person] = []
    for partner in partners:
        if partner.paper.name in named:
            continue
        country = partner.paper.country
        names = _DESKS[country]
        # Every third of the long tail: a small house that never signs in.
        is_small = partner.paper.segment == "long_tail" and len(desks) % 3 == 0
        desks.append(_desk(names[turns[country] % len(names)], partner, has_account=not is_small))
        turns[country] += 1
    return (*NORTHMOOR, *_NAMED_SUPPLIER_PEOPLE, *desks)


def _desk(name: str, partner: Partner, *, has_account: bool) -> Person:
    mailbox = name.lower().translate(_LETTERS).replace(" ", ".").replace("-", "")
    language = "de" if partner.paper.language == "de" else "en"
    return Person(
        name,
        f"{mailbox}@{partner.domain}",
        language,
        partner.paper.time_zone,
        acts_for=(partner.paper.name,),
        role=SupplierRole.ADMINISTRATOR,
        has_account=has_account,
    )
