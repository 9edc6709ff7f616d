"""Northmoor Supply's companies and sites, and the sixty invented suppliers it buys from."""

import re
import unicodedata
from dataclasses import dataclass

from procurement.catalogue.messages import CompanyPaper, SitePaper
from procurement.demo.numbers import own_gln
from suppliers.messages import SupplierPaper, SupplierSitePaper

COMPANIES = (
    CompanyPaper("NMUK", "Northmoor Supply Ltd", "GBP", "GB", "Europe/London"),
    CompanyPaper("NMDE", "Northmoor Supply GmbH", "EUR", "DE", "Europe/Berlin"),
)

SITES = (
    SitePaper(
        "LEEDS", "NMUK", "Leeds DC", "Canal Wharf 14", "LS10 1AB", "Leeds", "GB", "Europe/London", own_gln(1)
    ),
    SitePaper(
        "HULL",
        "NMUK",
        "Hull marine store",
        "Albert Dock 3",
        "HU1 2DX",
        "Hull",
        "GB",
        "Europe/London",
        own_gln(2),
    ),
    SitePaper(
        "HAMBURG",
        "NMDE",
        "Hamburg DC",
        "Am Kornspeicher 22",
        "21107",
        "Hamburg",
        "DE",
        "Europe/Berlin",
        own_gln(3),
    ),
    SitePaper(
        "ROTTERDAM",
        "NMDE",
        "Rotterdam hub",
        "Kadeweg 8",
        "3089 JK",
        "Rotterdam",
        "NL",
        "Europe/Amsterdam",
        own_gln(4),
    ),
    SitePaper(
        "POZNAN",
        "NMDE",
        "Poznań cross-dock",
        "ul. Spichrzowa 5",
        "61-315",
        "Poznań",
        "PL",
        "Europe/Warsaw",
        own_gln(5),
    ),
)


@dataclass(frozen=True, slots=True)
class Partner:
    """A supplier of the demo company, with what it sells and where it ships from."""

    paper: SupplierPaper
    sites: tuple[SupplierSitePaper, ...]
    groups: tuple[str, ...]
    incoterm: str
    incoterm_place: str
    payment_terms: str

    @property
    def number(self) -> str:
        """The vendor number in the ERP."""
        return self.paper.number

    @property
    def domain(self) -> str:
        """The supplier's invented mail domain."""
        return self.paper.email.split("@")[1]


@dataclass(frozen=True, slots=True)
class _Country:
    language: str
    time_zone: str
    currency: str
    transit_days: int
    incoterm: str


_COUNTRIES = {
    "CN": _Country("zh-hans", "Asia/Shanghai", "EUR", 32, "FCA"),
    "DE": _Country("de", "Europe/Berlin", "EUR", 2, "DAP"),
    "GB": _Country("en", "Europe/London", "GBP", 1, "DAP"),
    "NL": _Country("en", "Europe/Amsterdam", "EUR", 2, "DAP"),
    "PL": _Country("en", "Europe/Warsaw", "EUR", 3, "DAP"),
    "CZ": _Country("en", "Europe/Prague", "EUR", 3, "DAP"),
    "IT": _Country("en", "Europe/Rome", "EUR", 4, "FCA"),
    "ES": _Country("es", "Europe/Madrid", "EUR", 5, "DAP"),
    "FR": _Country("fr", "Europe/Paris", "EUR", 3, "DAP"),
    "SE": _Country("en", "Europe/Stockholm", "EUR", 4, "DAP"),
    "AT": _Country("de", "Europe/Vienna", "EUR", 3, "DAP"),
    "US": _Country("en", "America/Chicago", "USD", 18, "FCA"),
    "IN": _Country("en", "Asia/Kolkata", "USD", 28, "FOB"),
    "TW": _Country("en", "Asia/Taipei", "USD", 34, "FOB"),
    "TR": _Country("en", "Europe/Istanbul", "EUR", 8, "FCA"),
    "SA": _Country("en", "Asia/Riyadh", "USD", 21, "FOB"),
    "BR": _Country("pt-br", "America/Sao_Paulo", "USD", 26, "FOB"),
}

_TERMS = {"strategic": "60 days net", "core": "45 days net", "long_tail": "30 days net"}
# Who gives a discount for being paid early; Northmoor takes it.
_WITH_DISCOUNT = {
    "Lian Feng Valve": "2/14 net 60",
    "Ostrava Fittings": "2/14 net 60",
    "Halbers Pumpen": "3/10 net 45",
}

# name | country | city | street | segment | groups it sells
_SUPPLIERS = """
Lian Feng Valve|CN|Wenzhou|Binhai Road 88|strategic|valves
Brandt Dichtungstechnik|DE|Bielefeld|Am Lohbach 17|strategic|seals
Ostrava Fittings|CZ|Ostrava|Hutní 41|strategic|fittings valves
Castellan Pumps|GB|Kendal|Fell Side 2|strategic|pumps
Nordkugel Wälzlager|DE|Schweinfurt|Kugelweg 5|strategic|bearings
Colnebrook Fixings|GB|Huddersfield|Colne Mill Lane 30|strategic|fasteners
Halbers Pumpen|DE|Frankenthal|Rheinallee 112|core|pumps
Kvarnholm Filter|SE|Västerås|Verkstadsgatan 9|core|filters
Verweij & Dekker Kabel|NL|Delft|Rotterdamseweg 203|core|cable
Ferrante Raccordi|IT|Brescia|Via dell'Artigianato 61|core|fittings
Sierra Guantes|ES|Zaragoza|Calle del Telar 18|core|safety
Atelier Morvan Outillage|FR|Thiers|Rue des Couteliers 7|core|tools
Chandra Precision Bearings|IN|Pune|MIDC Plot 44, Bhosari|core|bearings
Tai Heng Fastener|TW|Kaohsiung|Benzhou Road 120|core|fasteners
Bosfor Hortum|TR|Bursa|Nilüfer Caddesi 55|core|hoses
Wisła Cable Works|PL|Bydgoszcz|ul. Kablowa 3|core|cable
Great Prairie Abrasives|US|Davenport|Mill Street 410|core|abrasives
Alpenland Schmierstoffe|AT|Linz|Hafenstraße 77|core|chemicals
Red Dune Industrial|SA|Dammam|Second Industrial City, Street 12|core|hoses fittings
Harrow & Finch Tools|GB|Sheffield|Cutlers Row 12|core|tools
Moravia Bearings|CZ|Zlín|Továrenská 8|core|bearings power
Emsland Antriebstechnik|DE|Lingen|Kanalstraße 29|core|power
Serra Azul Luvas|BR|Joinville|Rua das Oficinas 310|core|safety
Lu Yuan Safety|CN|Qingdao|Haier Avenue East 6|core|safety
Adlerhorst Werkzeuge|DE|Remscheid|Feilenhauerstraße 3|long_tail|tools
Blackwater Gaskets|GB|Maldon|Quay Street 4|long_tail|seals
Bellavista Guarnizioni|IT|Bergamo|Via Serio 22|long_tail|seals
Brno Spojka|CZ|Brno|Křenová 60|long_tail|power
Lochend Lubricants|GB|Inverness|Longman Drive 18|long_tail|chemicals
Cedar Rapids Fluid Power|US|Cedar Rapids|Ellis Boulevard 95|long_tail|hoses
Drahtwerk Siegtal|DE|Siegen|Hüttenweg 14|long_tail|fasteners
Delta Klep|NL|Dordrecht|Merwedekade 31|long_tail|valves
Wensum Packaging|GB|Norwich|Riverside Works 9|long_tail|packaging
Ebro Válvulas|ES|Logroño|Polígono La Portalada 27|long_tail|valves
Filtration du Lac|FR|Annecy|Avenue du Semnoz 15|long_tail|filters
Fjällberga Verktyg|SE|Eskilstuna|Smidesvägen 2|long_tail|tools
Gdynia Marine Stores|PL|Gdynia|ul. Portowa 16|long_tail|hoses safety
Wrekin Electrical|GB|Telford|Forge Road 44|long_tail|electrical
Haas & Wendel Elektro|DE|Fürth|Lampenweg 8|long_tail|electrical
Hopewell Wipes|GB|Wigan|Canal Bank 1|long_tail|packaging
Isar Klebstoffe|DE|Landshut|Isarufer 33|long_tail|chemicals
Jade River Seals|CN|Ningbo|Jiangnan Road 271|long_tail|seals
Kaveri Castings|IN|Coimbatore|Avinashi Road 508|long_tail|fittings
Lago Utensili|IT|Lecco|Via Resegone 10|long_tail|tools
Ludwigsen Kabelverschraubungen|DE|Flensburg|Fördestraße 6|long_tail|electrical
Marmara Civata|TR|Gebze|Organize Sanayi 14|long_tail|fasteners
Maumee Bearing Supply|US|Toledo|Maumee Avenue 220|long_tail|bearings
Noord-Holland Touw|NL|Alkmaar|Helderseweg 5|long_tail|packaging
Orchard Safety Wear|GB|Hereford|Cider Mill Yard 3|long_tail|safety
Polder Filtertechniek|NL|Lelystad|Zuiderzeelaan 88|long_tail|filters
Quarry Bank Chains|GB|Dudley|Anchor Lane 21|long_tail|power
Rhône Électrique|FR|Valence|Rue du Barrage 40|long_tail|electrical
Śląsk Abrasives|PL|Gliwice|ul. Szlifierska 11|long_tail|abrasives
Suzhou Bright Tubing|CN|Suzhou|Xinghu Street 166|long_tail|hoses
Tessin Pompe|IT|Varese|Via Olona 19|long_tail|pumps
Taichung Sharp Tools|TW|Taichung|Gongye 27th Road 12|long_tail|tools abrasives
Umbria Nastri|IT|Terni|Via delle Acciaierie 4|long_tail|packaging
Vltava Hydraulika|CZ|Plzeň|Borská 25|long_tail|hoses filters
Weserland Schrauben|DE|Minden|Schiffmühlenweg 2|long_tail|fasteners
York Bench & Vice|GB|York|Foss Islands 7|long_tail|tools
""".strip().splitlines()

# Some suppliers also ship from a stock nearer to the customer.
_SECOND_SITES = {
    "Lian Feng Valve": ("RTM", "Rotterdam stock", "Waalhaven Zuid 19", "3089 JH", "Rotterdam", "NL", 2),
    "Tai Heng Fastener": ("FXT", "Felixstowe stock", "Trinity Avenue 6", "IP11 3SX", "Felixstowe", "GB", 2),
    "Chandra Precision Bearings": ("ANR", "Antwerp stock", "Noorderlaan 141", "2030", "Antwerpen", "BE", 3),
    "Great Prairie Abrasives": ("LGG", "Liège stock", "Rue de l'Aéroport 8", "4460", "Liège", "BE", 3),
    "Colnebrook Fixings": ("HAM", "Hamburg stock", "Peutestraße 51", "20539", "Hamburg", "DE", 1),
    "Brandt Dichtungstechnik": ("WRO", "Wrocław plant", "ul. Fabryczna 30", "53-609", "Wrocław", "PL", 3),
}

_ZONES = {"Red Dune Industrial": "Asia/Riyadh", "Maumee Bearing Supply": "America/New_York"}
_BLOCKED = frozenset({"Tessin Pompe"})


def all_partners() -> tuple[Partner, ...]:
    """The sixty suppliers, in the order of their vendor numbers."""
    return tuple(_partner(100_010 + 10 * place, row) for place, row in enumerate(_SUPPLIERS))


def mail_domain(name: str) -> str:
    """The invented domain of a company: its name in plain letters under .example, which belongs to nobody."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("Ł", "L").replace("ł", "l"))
    letters = re.sub(r"[^a-z]", "", plain.encode("ascii", "ignore").decode().lower())
    return f"{letters}.example"


def _partner(number: int, row: str) -> Partner:
    name, country, city, street, segment, groups = row.split("|")
    land = _COUNTRIES[country]
    supplier = SupplierPaper(
        number=f"{number}",
        name=name,
        country=country,
        currency=land.currency,
        language=land.language,
        time_zone=_ZONES.get(name, land.time_zone),
        segment=segment,
        email=f"orders@{'lianfeng.example' if name == 'Lian Feng Valve' else mail_domain(name)}",
        blocked=name in _BLOCKED,
    )
    plant = SupplierSitePaper(
        supplier.number, "MAIN", f"{city} plant", street, "", city, country, land.transit_days
    )
    second = _SECOND_SITES.get(name)
    sites = (plant, SupplierSitePaper(supplier.number, *second)) if second else (plant,)
    place = city if land.incoterm in {"FCA", "FOB"} else "Northmoor site"
    terms = _WITH_DISCOUNT.get(name, _TERMS[segment])
    return Partner(supplier, sites, tuple(groups.split()), land.incoterm, place, terms)
