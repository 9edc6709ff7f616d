"""Units of measure as people write them, and which of them mean the same."""

import re

# The first word is the code we compare with (UN/ECE Recommendation 20 names the others); the rest are its spellings.
UNITS: dict[str, tuple[str, ...]] = {
    "EA": (
        "ea", "each", "pc", "pcs", "pce", "pces", "pcs.", "piece", "pieces", "unit", "units", "off", "nos", "no's", "h87", "c62",
        "st", "stk", "stck", "stück", "stücke", "stueck", "stuck", "stücken", "ud", "uds", "unidades", "unidad", "un", "pièces", "pièce", "pieza", "piezas", "peças", "peça", "pza", "pzas",
    ),
    "M": ("m", "mtr", "mtrs", "mtr.", "meter", "meters", "metre", "metres", "metern", "lfm", "lm", "lfdm", "metros", "mètres"),
    "FT": ("ft", "feet", "foot"),
    "KG": ("kg", "kgs", "kgm", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"),
    "G": ("gr", "gram", "grams", "gramm"),
    "T": ("t", "to", "tne", "tonne", "tonnes", "tons", "ton", "tonnen"),
    "L": ("l", "ltr", "ltrs", "lt", "liter", "liters", "litre", "litres", "litern"),
    "SET": ("set", "sets", "satz", "sätze", "sätzen", "sz", "kits", "kit", "garnitur", "garnituren", "juegos"),
    "PR": ("pr", "pair", "pairs", "prs", "paar", "paare"),
    "ROL": ("rol", "roll", "rolls", "rolle", "rollen", "rl", "rll", "ro", "rollos", "rouleaux"),
    "BX": ("bx", "box", "boxes", "schachtel", "schachteln"),
    "CT": ("ct", "ctn", "ctns", "carton", "cartons", "karton", "kartons", "ktn"),
    "PK": ("pk", "pack", "packs", "pkg", "pkt", "packet", "packets", "paket", "pakete", "packung", "packungen", "ve", "ves"),
    "PF": ("pal", "pallet", "pallets", "palette", "paletten", "plt", "plts", "skid", "skids"),
    "BG": ("bag", "bags", "sack", "säcke", "beutel"),
    "DR": ("drum", "drums", "fass", "fässer"),
    "CA": ("can", "cans", "dose", "dosen", "kanister", "canister", "canisters", "tin", "tins"),
    "CL": ("coil", "coils", "bund", "ring", "ringe"),
    "RD": ("reel", "reels", "trommel", "trommeln", "spule", "spulen", "spools", "spool"),
    "CR": ("cartridge", "cartridges", "kartusche", "kartuschen"),
    "SH": ("sheet", "sheets", "tafel", "tafeln", "platte", "platten"),
    "BA": ("bar", "bars", "stange", "stangen", "length", "lengths"),
    "DZ": ("dz", "doz", "dozen", "dutzend"),
}  # fmt: skip
CODES = {
    spelling.rstrip("."): code for code, spellings in UNITS.items() for spelling in (code.lower(), *spellings)
}
# Words that are units only where the order's own unit says so: everyday words otherwise.
PACKING = frozenset({"BX", "CT", "PK", "PF", "BG", "DR", "CA", "RD", "CL"})
AMBIGUOUS = frozenset({"can", "bar", "bars", "ring", "off", "un", "ton", "to", "st", "t", "ro", "each"})
PATTERN = "|".join(
    sorted(
        (re.escape(one) for one in CODES if one not in ("can", "off", "un", "each", "to", "h87", "c62")),
        key=len,
        reverse=True,
    )
)


def canonical_unit(written: str) -> str:
    """One code for all spellings of a unit; an unknown word in capitals."""
    word = written.strip().rstrip(".").lower()
    return CODES.get(word, word.upper())


def is_same_unit(one: str, other: str) -> bool:
    """Whether two spellings mean the same unit."""
    return canonical_unit(one) == canonical_unit(other)
