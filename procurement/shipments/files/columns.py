"""The columns of a sheet of ship notices, and the words by which other people's files call them.

Note [Other people's columns]: a supplier's own program has names of its own for them. Those that are known, in English
and in German, are taken; a name that is not, or two columns of one meaning, is asked for, never guessed.
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from procurement.sheets.columns import ASKED, CHOICE, DAY, KEY, NUMBER, PROMISE, Column
from procurement.sheets.foreign import Asked, Recognised, known_names
from procurement.shipments.states import PackageKind

COLUMNS = (
    Column("order_key", _("Order key"), KEY),
    Column("line_key", _("Line key"), KEY),
    Column("order", _("Order"), ASKED),
    Column("line", _("Line"), ASKED, width=7),
    Column("item", _("Item"), ASKED, width=18),
    Column("part", _("Your part number"), ASKED, width=18),
    Column("description", _("Description"), ASKED, width=30),
    Column("place", _("Goes to"), ASKED, width=18),
    Column("open", _("Open quantity"), ASKED, NUMBER, 10),
    Column("unit", _("Unit"), ASKED, width=6),
    Column("quantity", _("Quantity shipped"), PROMISE, NUMBER, 10),
    Column("number", _("Ship notice number"), PROMISE, width=16),
    Column("ship_on", _("Ship date"), PROMISE, DAY, 13),
    Column("delivery_on", _("Delivery date"), PROMISE, DAY, 13),
    Column("carrier", _("Carrier"), PROMISE),
    Column("tracking", _("Tracking number"), PROMISE, width=18),
    Column("package", _("Package no."), PROMISE, width=11),
    Column("package_kind", _("Package kind"), PROMISE, CHOICE, 12),
    Column("parent", _("Stands on package"), PROMISE, width=11),
    Column("sscc", _("SSCC"), PROMISE, width=22),
    Column("lot", _("Lot"), PROMISE, width=12),
    Column("serials", _("Serial numbers"), PROMISE, width=18),
    Column("expires_on", _("Expires on"), PROMISE, DAY, 13),
    Column("gross_kg", _("Gross weight, kg"), PROMISE, NUMBER, 10),
)
BY_NAME = {column.name: column for column in COLUMNS}
KINDS = dict(PackageKind.choices)

# What is read of a file, and so can be told to stand in a column of it.
READ = (
    "order",
    "line",
    "item",
    "quantity",
    "number",
    "ship_on",
    "delivery_on",
    "carrier",
    "tracking",
    "package",
    "package_kind",
    "parent",
    "sscc",
    "lot",
    "serials",
    "expires_on",
    "gross_kg",
)
KEYS = ("order_key", "line_key")
ASKED_FOR = Asked(BY_NAME, READ, ("order", "quantity"))

# Names of columns in English and German, as other programs have them; blanks, case and punctuation do not count.
SYNONYMS: Mapping[str, Sequence[str]] = {
    "order": (
        *("order no", "order number", "order nr", "po", "po no", "po number", "purchase order"),
        *("purchase order no", "purchase order number", "customer order", "customer order no", "customer po"),
        *("Bestellung", "Bestellnummer", "Bestell-Nr", "Bestellnr", "Kundenbestellung"),
        *("Kundenbestellnummer", "Ihre Bestellung", "Ihre Bestellnummer"),
    ),
    "line": (
        *(
            "order line",
            "line no",
            "line number",
            "line nr",
            "po line",
            "position",
            "pos",
            "pos no",
            "line item",
        ),
        *("order position", "Bestellposition", "Bestellpos", "Positionsnummer", "Pos-Nr", "Zeile"),
    ),
    "item": (
        *(
            "item no",
            "item number",
            "article",
            "article no",
            "article number",
            "material",
            "material no",
            "sku",
        ),
        *(
            "part",
            "part no",
            "part number",
            "gtin",
            "ean",
            "product",
            "Artikel",
            "Artikelnummer",
            "Artikel-Nr",
        ),
        *("Artikelnr", "Material", "Materialnummer", "Teilenummer", "Ware"),
    ),
    "quantity": (
        *(
            "qty",
            "quantity",
            "shipped",
            "shipped qty",
            "qty shipped",
            "shipped quantity",
            "delivered quantity",
        ),
        *("delivery quantity", "despatched quantity", "pieces", "pcs"),
        *("Menge", "Liefermenge", "gelieferte Menge", "Versandmenge", "Stück", "Stückzahl", "Anzahl"),
    ),
    "number": (
        *(
            "asn",
            "asn no",
            "asn number",
            "ship notice",
            "ship notice no",
            "delivery note",
            "delivery note no",
        ),
        *("delivery note number", "despatch advice", "despatch advice no", "packing slip", "packing slip no"),
        *("delivery no", "delivery number", "shipment", "shipment no", "shipment number"),
        *("Lieferschein", "Lieferscheinnummer", "Lieferschein-Nr", "Lieferscheinnr", "LS-Nr", "Lieferung"),
        *("Liefernummer", "Lieferavis", "Avis", "Avisnummer", "Sendung", "Sendungsnr"),
    ),
    "ship_on": (
        *(
            "ship date",
            "shipping date",
            "shipped on",
            "despatch date",
            "dispatch date",
            "departure",
            "leaves on",
        ),
        *("Versanddatum", "Versandtag", "Versand am", "Abgang", "Abgangsdatum", "Warenausgang", "Ladedatum"),
    ),
    "delivery_on": (
        *("delivery date", "arrival", "arrival date", "arrives on", "eta", "expected delivery", "due date"),
        *("Lieferdatum", "Liefertermin", "Liefertag", "Ankunft", "Ankunftsdatum", "Eintreffdatum"),
    ),
    "carrier": (
        *("forwarder", "freight forwarder", "haulier", "shipper", "transport", "shipping company"),
        *("Spediteur", "Spedition", "Frachtführer", "Transporteur", "Paketdienst", "Versanddienst"),
    ),
    "tracking": (
        *("tracking", "tracking no", "tracking number", "consignment no", "waybill", "awb", "parcel number"),
        *("Sendungsnummer", "Sendungsverfolgung", "Paketnummer Dienst", "Trackingnummer", "Frachtbrief"),
    ),
    "package": (
        *(
            "package",
            "package no",
            "package number",
            "package id",
            "carton",
            "carton no",
            "carton number",
            "box",
        ),
        *("box no", "parcel", "parcel no", "colli", "handling unit", "hu"),
        *("Packstück", "Packstücknummer", "Packstück-Nr", "Karton", "Kartonnummer", "Karton-Nr", "Kolli"),
        *("Paket", "Paketnummer", "Paket-Nr"),
    ),
    "package_kind": (
        *("package type", "packaging", "packaging type", "kind of package", "load carrier"),
        *("Packstückart", "Packmittel", "Verpackung", "Verpackungsart", "Ladungsträger"),
    ),
    "parent": (
        *("pallet", "pallet no", "pallet number", "pallet id", "parent", "parent package", "on pallet"),
        *("Palette", "Palettennummer", "Paletten-Nr", "auf Palette", "steht auf"),
    ),
    "sscc": ("sscc18", "sscc no", "sscc number", "nve", "NVE-Nummer", "NVE/SSCC", "SSCC/NVE", "SSCC-Nummer"),
    "lot": (
        *("lot no", "lot number", "batch", "batch no", "batch number", "Charge", "Chargennummer"),
        *("Chargen-Nr", "Los", "Losnummer"),
    ),
    "serials": (
        *("serial", "serial no", "serial number", "serials", "sn", "Seriennummer", "Seriennummern"),
        *("Serien-Nr", "Fabriknummer"),
    ),
    "expires_on": (
        *("expiry", "expiry date", "expiration date", "best before", "use by", "bbd", "exp", "exp date"),
        *("MHD", "Mindesthaltbarkeit", "Mindesthaltbarkeitsdatum", "Verfall", "Verfalldatum", "Ablaufdatum"),
    ),
    "gross_kg": (
        *("weight", "gross weight", "weight kg", "gross weight kg", "kg", "gross kg"),
        *("Gewicht", "Bruttogewicht", "Gewicht kg", "Bruttogewicht kg", "Brutto kg"),
    ),
}


def known_to_us() -> dict[str, str]:
    """What any column may be called, as it is compared, and which of ours it then is."""
    return known_names(COLUMNS, SYNONYMS)


def is_clear(found: Recognised) -> bool:
    """Whether the columns say of which lines how much goes, and nothing twice."""
    places = found.places
    names_lines = "order" in places and ("line" in places or "item" in places)
    return (names_lines or set(KEYS) <= set(places)) and "quantity" in places and not found.twice
