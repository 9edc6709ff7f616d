"""What a sentence speaks of: orders, lines, parts, quantities, days, prices, and numbers that are none of these."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from procurement.reading.context import MailContext, OpenLine
from procurement.reading.dates import Clock, Day, Later, find_days
from procurement.reading.descriptions import DescriptionIndex
from procurement.reading.folding import folded, word_pattern
from procurement.reading.numbers import NUMBER, WORDS, read_number
from procurement.reading.units import AMBIGUOUS, PATTERN, canonical_unit


class Sort(StrEnum):
    """Sorts of marks; the value stands for one in the patterns of the words tables, as `<D>`."""

    ORDER = "O"
    FOREIGN = "F"  # an order that is not open here
    LINE = "L"
    ALL = "A"
    GOODS = "G"  # "the order", "the goods": whatever is spoken of
    OTHERS = "X"  # every line not spoken of
    QUANTITY = "Q"
    NUMBER = "N"  # a number without a unit
    REST = "R"
    DAY = "D"
    PRICE = "P"
    PERCENT = "C"
    PART = "T"  # a part number that no open line has
    NOISE = "Z"


PLACEHOLDERS = {sort: chr(0xE001 + at) for at, sort in enumerate(Sort)}


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as written: its readings, likeliest first, and its unit if there is one. `share` is of the line."""

    readings: tuple[Decimal, ...] = ()
    unit: str = ""
    share: Decimal | None = None
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Money:
    """A price as written, for `per` units; None where the writer says no basis."""

    amount: Decimal
    per: Decimal | None


@dataclass(slots=True)
class Mark:
    """One thing spoken of, where it stands in the sentence, and which part it plays there."""

    sort: Sort
    start: int
    end: int
    day: Day | Later | None = None
    amount: Amount | None = None
    money: Money | None = None
    order: str = ""
    lines: tuple[OpenLine, ...] = ()
    numbers: tuple[str, ...] = ()  # of lines, as written
    part: str = ""
    percent: Decimal | None = None
    is_described: bool = False  # a line named by words of its description only
    is_plural: bool = False  # by its ending: more than the description names
    alike: tuple[OpenLine, ...] = ()  # the lines a word fits, where it fits several of an order
    roles: set[str] = field(default_factory=set)


def skeleton(text: str, marks: list[Mark]) -> str:
    """The text with each mark replaced by its placeholder, as long as before."""
    out = list(text)
    for mark in marks:
        out[mark.start : mark.end] = PLACEHOLDERS[mark.sort] * (mark.end - mark.start)
    return "".join(out)


ORDER_LABEL = r"(?:purchase[- ]?orders?|p\.?o\.?(?:s|'s)?|orders?|ord\.?|bestell(?:ung(?:en)?|nummer|nr\.?|-nr\.?)?|best\.?(?:-?nr\.?)?|auftr[aä]g(?:e|es|s)?|b/n)"
NUMBER_SIGN = r"(?:\s*(?:no\.?|nr\.?|number|num\.?|nummer|#|:|-))*\s*"
OWN_PAPER = re.compile(
    r"(?<!\w)(?:our (?:order|ref(?:erence)?\.?|so|sales order|job|order number)|(?:so(?=[ -]?(?:#|no\b|nr\b|\d{5}))|s/o|sales order|job|wo|ref|reference|order confirmation|order acknowledge?ment|invoice|inv|quote|quotation|delivery note|packing slip|awb|hawb|bol|b/l|bill of lading|pro|tracking|track & trace|consignment|waybill|container|docket|manifest|cmr|lr|grn|rma|ticket|case(?= ?(?:#|no\b))|claim|vat|tax|account|konto|rechnung(?:s-?nr)?|re(?=[ -]?nr)|ls|lieferschein|ab(?=[ -]?(?:nr|no)\b|[ -]\d{5})|unsere? (?:auftrags?-?(?:nr|nummer)|ab|referenz|vorgangsnummer|auftrag)|auftragsbest[aä]tigung|auftrags-?(?:nr|nummer)|vorgang|sendungs(?:nummer|nr)?|angebot|trackingnummer|kunden-?(?:nr|nummer)|ust-?id(?:-?nr)?|frachtbrief|charge|batch(?= ?(?:#|no\b|nr))|lot(?= ?(?:#|no\b|nr))|serial)\b)"
    r"\.?(?:(?:(?:[ -]?(?:no|nr|number|num|nummer|code|id|is|lautet|ist|reg)\b\.?)+[ ]?[#:]?|[ ]?#)[ ]?(?=[\w/ -]{0,4}\d)[a-z]{0,4}[-/ ]?\d[\w/-]*"
    r"|[ ]?:?[ ]?[a-z]{0,4}[-/]?\d[\w/-]{3,})(?:[ -]\d[\w/-]*){0,4}"
    r"|(?<!\w)(?:zip|plz|hall|halle|stand|booth|room|ext|extension|durchwahl|dw|suite)\.? ?\d[\w-]*"
)
NOISE = re.compile(
    r"[\w.+-]{1,60}@[\w.-]{1,80}|https?://\S{1,200}|www\.\S{1,120}"
    r"|(?<!\w)(?:tel|phone|fon|telefon|fax|mobil|mobile|cell|ph|handy|call|unter|dial|ruf\w*)\.?(?: me| mich| us| uns| on| at| unter|:|\.)*[ ]?\+?\(?\d[\d ()/.-]{5,20}\d"
    r"|\+\d{1,3}[ ()/.-]{0,3}\d[\d ()/.-]{5,20}\d"
    r"|(?<![\w.])\d{3}-\d{3}-\d{4}(?!\w)|(?<!\w)\(\d{3}\) ?\d{3}-\d{4}(?!\w)|(?<![\w.])0\d{2,4}[ /-]\d[\d ]{4,12}(?!\w)|(?<!\w)555-\d{4}(?!\w)"
    r"|(?<!\w)[a-z]{2}\d{2}(?: ?[\da-z]{4}){3,7}(?: ?[\da-z]{1,4})?(?!\w)|(?<!\w)(?:gb|de|at|fr|ie|nl)[ ]?u?\d{3}[ ]?\d{3,4}[ ]?\d{2,3}(?!\w)"
    r"|(?<!\w)(?:between|from|zwischen|von) \d{1,2}(?:[:.]\d\d)? ?(?:am|pm|uhr)? ?(?:and|to|und|bis|-) ?\d{1,2}(?:[:.]\d\d)? ?(?:am|pm|uhr|h|o'clock)(?!\w)|(?<!\w)\d{1,2} ?- ?\d{1,2} ?(?:am|pm|uhr)(?!\w)"
    r"|(?<!\w)1z[\da-z]{16}(?!\w)|(?<!\w)\d{1,2}[:.]\d{2} ?(?:uhr|h\b|am\b|pm\b|hrs)|(?<!\w)\d{1,2}:\d{2}(?!\w)|(?<!\w)\d{1,2} ?(?:uhr|pm|h)(?!\w)|(?<!\w)(?:1[0-2]|0?[1-9]) ?am(?!\w)(?! (?:\d|mo|di|mi|do|fr|sa|so|de[nmr]|heut|morg|anfang|ende|ersten))"
    r"|(?<!\w)(?:din|iso|en|astm|dn|pn|rev\.?|revision|type|typ|class|grade|grad|schedule|sch|size|gr[oö][sß]e|series|model|modell|version|rohs|incoterms?|ral|hall|kap\.?|page|seite|step|gate|tor|dock|bay|shift|schicht|truck|lkw|machine|maschine|linie|halle|werk|plant) ?\.?#?\d[\w./-]*"
    r"|(?<![\w.,])\d+(?:[.,]\d+)?(?: ?x ?\d+(?:[.,]\d+)?){1,3}(?: ?(?:mm|cm|m|in|ft))?(?!\w)"
    r"|(?<![\w.,])\d+(?:[.,]\d+)?[ -]?(?:mm|cm|inch(?:es)?|in\.|\"|bar|psi|volts?|v|kv|kw(?! ?\d)|watts?|w|hz|hp|rpm|nm|mah|ah|°c?|grad|mpa|mm2|qmm|sqmm|my|µm|oz|lbs?|gal|years?|jahre?n?|hours?|stunden?|std\.?|minuten?|min\.?|mins|minutes?|cents?|ct\.?|times|mal|people|leute|mann|shifts?|schichten|machines?|maschinen|trucks?|lkws?|[-]?fach)(?!\w)(?!-\w)"
    r"|(?<![\w.,])\d{1,3}(?: ?(?:-|to|bis|or|oder) ?\d{1,3})? ?(?:(?:working|business|arbeits|werk)?[ -]?(?:days?|tagen?|tage)|weeks?|wochen?|wks?|months?|monate?n?)(?!\w)"
    r"|(?<!\w)(?:d-|a-|ch-)\d{4,5}(?!\w)|(?<![\w.,])\d+ ?(?:lots|lieferungen|deliveries|shipments|teillieferungen|batches|losen|losem?|customers|kunden|orders|bestellungen|lines|positionen|items|artikel(?=n)|drops|instalments|steps|consignments)(?!\w)"
    r"|(?<!\w)(?:net|netto) \d{1,3}(?!\w)|(?<!\w)q[1-4](?!\w)|(?<!\w)24/7(?!\w)|(?<!\w)\d+(?:st|nd|rd|th)(?!\w)"
)  # fmt: skip
# Days that have a name of their own: something closes on them.
# A counted word without its noun: "ten on the 30th, eight a week later".
BARE_WORD = re.compile(
    rf"(?<![\w-])(?:{'|'.join(word for word, count in WORDS.items() if 1 < count < 100)})(?= (?:on|by|at the end|in (?:week|stock|early|mid)|next|now|the week|a week|a fortnight|to follow|left|tomorrow|today|will|can|am|zum|ende|anfang|mitte|kommen|gehen|folgen|die woche|eine woche|in kw|morgen|heute|sofort|gleich|sind)(?!\w)|[,;])(?!,? (?:or|to|oder|bis|and|und) (?:two|three|four|five|six|seven|eight|nine|ten|zwei|drei|vier|fünf|sechs))"
)
# "50 % of the drums … and the balance 50 %"; not of a price.
SHARE = re.compile(
    r"(?<![\w.,])(?:(?P<rest>(?:the )?(?:balance|remaining|rest|other|restlichen?|übrigen?|anderen)(?: of)? )\d{1,2} ?%|(?P<n>\d{1,2}) ?%(?= (?:of (?:the|your|this|our|these)|der|des|vom|von den) (?!price|value|invoice|amount|order value|cost|preise?s?|rechnung|betrag|auftragswert|summe)))"
)
TOLERANCE = re.compile(
    r"(?:\+ ?/ ?-|±|plus ?/? ?(?:oder |or )?minus) ?\d{1,2}(?:[.,]\d)? ?(?:%|prozent|percent)"
)
HOLIDAY = re.compile(
    word_pattern(
        r"good friday", r"easter (?:sunday|monday)", r"whit (?:sunday|monday)", r"(?:shrove|pancake) tuesday", r"(?:ash) wednesday", r"maundy thursday", r"bank holiday \w+day", r"may day", r"boxing day", r"(?:christmas|new year'?s|st\.? patrick'?s) (?:day|eve)", r"black friday",
    )
)  # fmt: skip
LINE_LABEL = r"(?:lines?|ln|li|line ?items?|items?|itm|pos(?:ition(?:en|s)?|itionen)?|pos\.-?nr|posit|zeilen?|posten|bestellposition(?:en)?|artikelposition)"
LIST_AND = r"\s*(?:,\s*(?:and|und)|\bu\b\.?|,|&|\+|/|and|und|sowie|u\.|or|plus|as well as)\s*"
LINE = re.compile(
    rf"(?<![\w-]){LINE_LABEL}\.?\s*+(?:(?:no|nos|nr|number|numbers|nummer)\b\.?\s*+)?(?:[#:]\s*+)?(?P<list>0*\d{{1,5}})(?!\d)(?![,.]\d)"
)
NEXT_LINE = re.compile(
    rf"{LIST_AND}(?:{LINE_LABEL}\.?\s*)?#?(?P<n>0*\d{{1,5}})(?![\w.,/:-]\d)(?!\s*(?:{PATTERN}|%|x\b|/)(?!\w))(?!\w)"
)
THROUGH_LINE = re.compile(r"\s*(?:-|to|through|thru|bis)\s*(?P<n>0*\d{1,5})(?![\w.,/:-]\d)(?!\w)(?!\.)")
HASH_LINE = re.compile(r"(?<![\w#])#\s?(?P<list>0*\d{1,3})(?![\w.,/-]\d)(?!\w)")
# "10, 20 and 40 are fine": numbers of lines without the word, if more than one and all known.
BARE_LINES = re.compile(
    r"(?<![\w.,/-])(?P<list>\d{1,5})(?=(?:(?:(?:, ?| and | & | und )\d{1,5}){1,8},? (?:is |are |all |sind |alle )?(?:good|ok|okay|fine|confirmed|passt|passen|best[aä]tigt|i\.o)|(?:(?: and | & | und | ?\+ ?| u\. ?)\d{1,5}){1,8} (?:both |beide |all |alle )?(?:kommen|gehen|folgen|werden|will|ship|go|follow|come|are|sind) ))"
)
LEADING_LINE = re.compile(
    r"^[\s*-]*(?P<list>0*\d{1,5})(?=\s*(?:[:)=>|]|-[ >]|- |\.\s+(?=\D)|\.?\)|\s+(?:ok|okay|confirmed|best[aä]tigt|passt)\b))(?![:.]\d)"
)
LEADING_NUMBER = re.compile(r"^[\s*-]*(?P<list>0*\d{1,5})(?=[\s:.)=>|-])")
ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "last": -1,
    "erste": 0,
    "zweite": 1,
    "dritte": 2,
    "vierte": 3,
    "letzte": -1,
}
ORDINAL = re.compile(
    rf"(?<!\w)(?:the |die |der )?(?P<o>{'|'.join(ORDINALS)})[nr]? (?:two |beiden )?(?:lines?|items?|position(?:en)?|zeilen?|artikel)(?! ?\d)(?!\w)"
)
OTHERS = re.compile(
    word_pattern(
        r"every ?thing else", r"all(?: of)? (?:the )?(?:others?|rest|remaining)(?: (?:ones|lines|items|positions|parts|goods))?", r"the other(?: (?:two|three|four|five|ones|lines|items|positions|parts|products|\d))+", r"(?:the )?(?:remaining|other) (?:two |three |four |\d )?(?:lines|items|positions|products|articles)",
        r"(?:the )?rest of (?:the |this |your )?(?:order|po|lines|items|purchase order|stuff|goods|list|material)", r"(?:the |all )?other(?: line| item)", r"the others", r"others", r"otherwise(?: (?:all|everything|the order|the po))?", r"all else", r"every other line",
        r"alles (?:andere|übrige|weitere|sonstige)", r"(?:alle |die )?(?:anderen|übrigen|restlichen|weiteren|sonstigen|verbleibenden|andern)(?: (?:beiden|zwei|drei|vier|\d))?(?: (?:positionen|artikel|zeilen|teile|pos\.?|posten))", r"die (?:anderen|übrigen|restlichen|weiteren)(?: (?:beiden|zwei|drei))?(?! \d)", r"(?:der |den )?rest der (?:bestellung|positionen|ware|order)", r"rest vom auftrag", r"(?:ansonsten|sonst|im übrigen)(?: (?:alles|ist alles|passt alles|bleibt alles|alle positionen))?", r"andere positionen", r"übrige positionen", r"restliche positionen", r"alle anderen",
    )
)  # fmt: skip
ALL = re.compile(
    word_pattern(
        r"all(?: of)?(?: (?:the|our|your|these|those|order|\d|two|three|four|five))* (?:lines|items|positions|goods|parts|pieces|material|products|quantities|line items|orders|pos|dates|of it|of them)", r"every ?thing(?: on (?:the |this |your )?(?:order|po))?", r"(?:the )?(?:whole|complete|entire|full) (?:order|lot|po|purchase order|delivery|shipment|thing|quantity)(?! <)", r"in full", r"the lot", r"both(?: (?:lines|items|orders|pos|positions|parts|products|of them))?", r"all (?:three|four|five|two|\d)(?: (?:lines|items|orders|positions))?", r"every (?:line|item)", r"order (?:in )?complete(?:ly)?",
        r"all", r"alle(?: \d| drei| vier| zwei| fünf)? (?:positionen|artikel|teile|pos\.?|posten|zeilen|bestellungen|termine|mengen)", r"alle(?: drei| vier| zwei)", r"alles", r"(?:die |der |den |das )?(?:ganze|komplette|gesamte|vollständige)[nrs]? (?:bestellung|auftrag|lieferung|menge|ware|order)", r"beide(?:n)?(?: (?:positionen|bestellungen|artikel|aufträge|pos\.?))?", r"sämtliche (?:positionen|artikel)", r"gesamtlieferung", r"jede position", r"komplett(?:lieferung)?",
    )
)  # fmt: skip
BARE_ALL = frozenset({"all", "alles", "komplett", "in full", "alle"})
GOODS = re.compile(
    word_pattern(
        r"(?:the|your|this|our|that|above|an?(?! (?:new|next|future|further))|above mentioned|subject|abovementioned)(?: \w+)? (?:purchase )?(?:order|po)(?! (?:confirmation|book|number|no|qty|quantity|value|date))", r"(?:the |your |these )?(?:goods|material|parts|pieces)", r"po", r"order(?= (?:confirmed|is|will|ok|accepted|as|received and confirmed|<))", r"it", r"they",        r"(?:die|ihre|der|ihrer|diese|obige|o\.g\.|dieser|unten stehende|genannte|oben genannte|vorliegende)[rn]? (?:bestellung|order|lieferung|ware|teile|sendung)", r"(?:der|den|ihren|dem|ihr|diesen|ihrem) (?:auftrag|artikel)", r"ware", r"bestellung(?= (?:bestätigt|wird|ist|geht|passt|ok))",
    )
)  # fmt: skip
REST = re.compile(
    word_pattern(
        r"(?:what|whatever)(?:'s| is| remains)(?: still)? (?:left|missing|outstanding|over|open)", r"was (?:noch |dann noch |jetzt noch )?(?:offen|übrig|fehlt|fehlend|aussteht|fehlt noch)(?: ist| bleibt)?",
        r"(?:the )?missing(?= \d| (?:ones|quantity|qty|pieces|pcs|units)\b| (?:will|follow|come|ship|go|is|are)\b|\W*$)", r"(?:the |our |your |any )?(?:rest|bal\.?(?= |$)|balance|remainder|remaining(?: (?:quantity|qty|amount|pieces|pcs|ones|units|goods|part|lot))?|outstanding (?:quantity|qty)|residual|leftover)(?: of (?:them|it|these|those|the quantity|the qty|the lot))?(?: quantity| qty)?", r"(?:the )?(?:other|second|remaining) half", r"the (?:final|last)(?= \d)", r"the other(?= (?:<|\d))", r"the others", r"other(?= \d)",
        r"(?<!wegen\s)(?<!aufgrund\s)(?:der|den|die|dem|des|ein|und)? ?(?:rest(?:menge|lieferung|stück|posten|liche[rnms]?|l\.?(?= \d)|s)?|verbleibende[rn]?|fehlende[rn]?|übrige[rn]?)", r"(?:die )?(?:andere|zweite|restliche) hälfte", r"(?:die )?ander(?:e)?n(?= \d)", r"die übrigen", r"die letzten(?= \d)", r"die fehlenden",
    )
)  # fmt: skip
DOZEN = re.compile(word_pattern(r"(?:an?|one|the other|another|ein|das andere) (?:dozen|dutzend)"))
OTHER_HALF = re.compile(
    word_pattern(
        r"(?:the )?(?:other|second|remaining) half",
        r"(?:die |der )?(?:andere|zweite|restliche|übrige)n? hälfte",
    )
)
HALF = re.compile(
    word_pattern(
        r"(?:the )?(?:first )?half(?: of)?(?: (?:the|it|them|this))?(?: (?:quantity|qty|lot|order))?",
        r"(?:die |der |eine )?(?:erste )?hälfte",
        r"50 ?%(?= (?:of|now|der|sofort|on|am))",
    )
)
CURRENCY = r"(?:€|£|\$|us\$|₹|inr|eur(?:o)?|usd|gbp|chf|pounds?|dollars?)"
PRICE_NUMBER = r"(?:\d{1,3}(?:[.,' ]\d{3}){1,9}(?:[.,]\d{1,4})?|\d{1,7}(?:[.,]\d{1,5})?)"
BASIS = rf"(?P<basis>\s?(?:/|per|je|pro|for|à|p\.|a |each|ea\b|apiece|%o|‰|%(?=\W|$)|das|die|der)\s?(?:(?P<count>100|1[.,' ]?000|10|hundred|thousand|hundert|tausend|c|m)(?![\w.,]\d)(?!\w))?\s?(?P<unit>(?:{PATTERN}|each|un)(?!\w))?)?"
PRICE = re.compile(
    rf"(?<![\w.,])(?:(?P<c1>{CURRENCY}|rs\.?)\s?(?P<n1>{PRICE_NUMBER})|(?P<n2>{PRICE_NUMBER})\s?(?:{CURRENCY})(?!\w)|(?P<n3>\d{{1,5}}),-(?= |$)){BASIS}"
)
BARE_PRICE = re.compile(rf"(?<![\w.,])(?P<n1>\d{{1,6}}[.,]\d{{2,4}})(?P<n2>)(?P<n3>)(?![\w]|[.,/]\d){BASIS}")
PRICE_WORD = re.compile(
    r"@ ?(?=\d)|(?<!\w)at (?=\d{1,5}[.,]\d\d(?!\d))|(?<=\d[.,]\d\d) (?:each|a ?piece|per|das stück|je stück)(?!\w)|"
    + word_pattern(
        r"(?:unit |net |new )?prices?",
        r"priced(?: at)?",
        r"costs?",
        r"(?:stück|einzel|netto)?preis(?:e|es)?",
        r"kostet",
        r"ep",
    )
)
PERCENT = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,2}(?:[.,]\d{1,2})?)[ -]?(?:%|percent|per cent|pct|prozent|v\.h\.)(?!\w)"
)
QUANTITY = re.compile(rf"(?P<n>{NUMBER})(?P<gap>[ -]?)(?P<unit>(?:{PATTERN})\.?(?!\w))")
GLUED_QUANTITY = re.compile(
    rf"(?<![\w.,/-])(?P<n>\d{{1,9}}(?:[.,]\d{{1,3}})*)(?P<gap>)(?P<unit>(?:{PATTERN})\.?(?!\w))"
)
WORDY_QUANTITY = re.compile(
    rf"(?<!\w)(?P<n>{'|'.join(sorted(WORDS, key=len, reverse=True))})(?P<gap> )(?P<unit>(?:{PATTERN})(?!\w)(?! (?:of|on|in) (?:the )?(?:problem|week|month)))"
)
COUNTED_WORD = re.compile(
    rf"(?<!\w)(?P<n>{'|'.join(word for word, value in WORDS.items() if value > 1)}) (?:of the |der |von den )?$"
)
LABELLED_QUANTITY = re.compile(
    rf"(?<!\w)(?:qty|quantity|menge|anzahl|st[uü]e?ckzahl|amount)\.?(?: is| ist| of| von| now| neu| available| verf[uü]gbar| confirmed| best[aä]tigt)*\s?[:=]?\s?(?P<n>{NUMBER})(?P<unit>)"
)
BARE_NUMBER = re.compile(NUMBER)
ROUGHLY = re.compile(
    word_pattern(r"approx(?:\.|imately)?", r"about", r"around", r"ca\.?", r"circa", r"etwa", r"rund")
)
PART = re.compile(
    r"(?<![\w@/-])(?=[\w./-]{0,80}\d)(?=[\d./-]{0,80}[A-Za-z]|\d{2,80}-\d)[A-Z0-9][A-Za-z0-9]*(?:[-/.][A-Za-z0-9]+)*(?![\w@-])"
)
LOOKS_LIKE_SIZE = re.compile(
    r"(?i)^(?:m\d+(?:x\d+)?|dn\d+|pn\d+|\d+(?:x\d+)+|\d+[a-z]{1,2}|kw\d+|cw\d+|wk\d+|q\d|\d+/\d+|[a-z]\d|ip\d\d|\d+(?:st|nd|rd|th)|h\d{1,2})$"
)


class Spotter:
    """Finds the marks of a sentence for one mail's context; patterns that depend on the orders are made once."""

    def __init__(self, context: MailContext) -> None:
        self.context = context
        self.clock = Clock(context.today, context.month_first)
        self.descriptions = DescriptionIndex(context.lines)
        self.leads = False  # the lines of this mail begin with the numbers of order lines
        self.units = {canonical_unit(line.unit) for line in context.lines}
        self.line_numbers = {line.number for line in context.lines}

    @cached_property
    def order_patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        """Each order's number as it may be written."""
        return [(order.number, re.compile(_order_pattern(order.number))) for order in self.context.orders]

    @cached_property
    def part_patterns(self) -> list[tuple[tuple[OpenLine, ...], re.Pattern[str]]]:
        """Each part number with the lines that have it, the longest first."""
        lines_of: dict[str, list[OpenLine]] = {}
        for line in self.context.lines:
            for code in {folded(line.item), folded(line.supplier_part)} - {""}:
                lines_of.setdefault(code, []).append(line)
        codes = sorted(lines_of, key=len, reverse=True)
        return [(tuple(lines_of[code]), re.compile(_part_pattern(code))) for code in codes if len(code) > 2]

    def spot(self, original: str, text: str) -> list[Mark]:
        """The marks of one sentence (`text` is its folded form) from left to right, none overlapping another."""
        page = _Page(text)
        self._spot_orders(text, page)
        self._spot_parts(text, page)
        for match in OWN_PAPER.finditer(text):
            page.claim(Mark(Sort.NOISE, *match.span()))
        self._spot_labelled_orders(text, page)
        for start, end, lines in self.descriptions.phrases(text):
            page.claim(Mark(Sort.LINE, start, end, lines=lines, is_described=True))
        self._spot_lines(text, page)
        for start, end, lines in self.descriptions.numbered(text):
            page.claim(Mark(Sort.LINE, start, end, lines=lines, is_described=True))
        for match in HOLIDAY.finditer(text):
            page.claim(Mark(Sort.NOISE, *match.span()))
        for match in TOLERANCE.finditer(text):
            page.claim(Mark(Sort.NOISE, *match.span()))
        for match in SHARE.finditer(text):
            if match["rest"]:
                page.claim(Mark(Sort.REST, *match.span()))
            else:
                page.claim(Mark(Sort.QUANTITY, *match.span(), amount=Amount(share=Decimal(match["n"]) / 100)))
        for match in PRICE.finditer(page.masked(text)):  # with its currency: "2.10" is no day
            self._claim_price(match, page)
        masked = page.masked(text)
        for found in find_days(masked, self.clock):
            roles = {"roughly"} if ROUGHLY.search(text[found.start : found.end]) else set()
            page.claim(Mark(Sort.DAY, found.start, found.end, day=found.value, roles=roles))
        self._spot_prices(page.masked(text), page)
        self._spot_quantities(page.masked(text), page)
        for match in PART.finditer(original):
            if not LOOKS_LIKE_SIZE.match(match.group(0)) and len(match.group(0)) > 3:
                page.claim(Mark(Sort.PART, *match.span(), part=match.group(0)))
        for match in NOISE.finditer(text):
            page.claim(Mark(Sort.NOISE, *match.span()))
        for pattern, sort in ((OTHERS, Sort.OTHERS), (ALL, Sort.ALL)):
            for match in pattern.finditer(text):
                names_orders = re.search(r"orders|bestellungen|aufträge|pos$", match.group(0)) is not None
                bare = (
                    "otherwise"
                    if match.group(0) in ("sonst", "ansonsten", "otherwise")
                    else "both"
                    if match.group(0) in ("both", "beide", "beiden")
                    else match.group(0) in BARE_ALL and "bare"
                )
                last = match.group(0).split()[-1]
                named = int(last) if last.isdigit() else WORDS.get(last, 0)
                amount = Amount((Decimal(named),)) if named and sort is Sort.OTHERS else None
                page.claim(
                    Mark(
                        sort, *match.span(), amount=amount, order="*" if names_orders else "", part=bare or ""
                    )
                )
        for match in DOZEN.finditer(text):
            is_rest = "other" in match.group(0) or "ander" in match.group(0)
            page.claim(Mark(Sort.QUANTITY, *match.span(), amount=Amount((Decimal(12),), is_rest=is_rest)))
        for match in OTHER_HALF.finditer(text):
            page.claim(Mark(Sort.REST, *match.span()))
        for match in HALF.finditer(text):
            page.claim(Mark(Sort.QUANTITY, *match.span(), amount=Amount(share=Decimal("0.5"))))
        for match in REST.finditer(text):
            start = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
            page.claim(Mark(Sort.REST, start, match.end()))
        for match in BARE_WORD.finditer(page.masked(text)):
            page.claim(Mark(Sort.NUMBER, *match.span(), amount=Amount((Decimal(WORDS[match.group(0)]),))))
        for match in BARE_NUMBER.finditer(page.masked(text)):
            self._claim_amount(match, Sort.NUMBER, "", page)
        for start, end, lines, alike in self.descriptions.words(text):
            is_plural = bool(alike) and self.descriptions.is_plural(text[start:end])
            page.claim(
                Mark(Sort.LINE, start, end, lines=lines, is_described=True, alike=alike, is_plural=is_plural)
            )
            if counted := COUNTED_WORD.search(text[:start]):  # "two pumps"
                page.claim(
                    Mark(
                        Sort.NUMBER,
                        counted.start("n"),
                        counted.end("n"),
                        amount=Amount((Decimal(WORDS[counted["n"]]),)),
                    )
                )
        for match in GOODS.finditer(text):
            page.claim(Mark(Sort.GOODS, *match.span()))
        return _joined_rest(text, page.sorted())

    def _spot_orders(self, text: str, page: "_Page") -> None:
        for number, pattern in self.order_patterns:
            for match in pattern.finditer(text):
                page.claim(Mark(Sort.ORDER, *match.span(), order=number))

    def _spot_labelled_orders(self, text: str, page: "_Page") -> None:
        """`PO …1001` is the order that ends so; a labelled number that no open order has is somebody else's."""
        for match in re.finditer(
            rf"(?<![\w]){ORDER_LABEL}{NUMBER_SIGN}[.*x…]{{0,4}}(?P<n>[a-z]{{0,3}}[-/]?\d[\d/-]{{2,17}}\d|\d{{3,18}})(?!\w)(?![.,]\d)",
            text,
        ):
            owner = self._order_ending(match["n"])
            digits = re.sub(r"\D", "", match["n"])
            if owner:
                page.claim(Mark(Sort.ORDER, *match.span(), order=owner))
            elif len(digits) >= 4:
                page.claim(Mark(Sort.FOREIGN, *match.span()))
        for match in re.finditer(
            r"(?:^[\s*-]*|(?<=zu )|(?<=re )|(?<=re: )|(?<=on )|(?<=for )|(?<=f[uü]r )|(?<=und )|(?<=and )|(?<=, )|(?<=bei )|(?<=\.\.))(?P<n>[\d-]{4,9})(?=\s*[:,)=]|\s+(?:is|are|ist|sind|ok|pos|line|item|lines|will|geht|kommt|wird)\b|\s+-)(?![.,:]\d)",
            text,
        ):
            owner = self._order_ending(match["n"])
            if owner and match["n"].lstrip("0") not in self.line_numbers:
                page.claim(Mark(Sort.ORDER, match.start("n"), match.end("n"), order=owner))
        for match in re.finditer(
            r"(?<![\w.,/-])0\d{3,6}(?!\w)(?![.,/:]\d)", text
        ):  # a quantity has no leading zero
            owner = self._order_ending(match.group(0))
            if owner and match.group(0).lstrip("0") not in self.line_numbers:
                page.claim(Mark(Sort.ORDER, *match.span(), order=owner))
        for match in re.finditer(r"(?<![\w.,/-])4[57]\d{8}(?!\w)", text):  # an order number of the same make
            page.claim(Mark(Sort.FOREIGN, *match.span()))
        shapes = {re.sub(r"\d", "9", folded(order.number)) for order in self.context.orders}
        for match in re.finditer(r"(?<![\w.,/-])[a-z]{1,4}-?\d[\d-]{3,12}(?!\w)", text):
            if re.sub(r"\d", "9", match.group(0)) in shapes:
                page.claim(Mark(Sort.FOREIGN, *match.span()))

    def _order_ending(self, written: str) -> str:
        tail = re.sub(r"[^a-z0-9]", "", written)
        if len(re.sub(r"\D", "", tail)) < 3:
            return ""
        owners = [
            order.number
            for order in self.context.orders
            if re.sub(r"[^a-z0-9]", "", folded(order.number)).endswith(tail)
        ]
        return owners[0] if len(owners) == 1 else ""

    def _spot_parts(self, text: str, page: "_Page") -> None:
        for lines, pattern in self.part_patterns:
            for match in pattern.finditer(text):
                page.claim(Mark(Sort.LINE, *match.span(), lines=lines, part=match.group(0)))

    def _spot_lines(self, text: str, page: "_Page") -> None:
        for pattern in (LINE, HASH_LINE, *((BARE_LINES,) if len(self.line_numbers) > 1 else ())):
            for match in pattern.finditer(text):
                self._claim_lines(text, match, page)
        if leading := (LEADING_NUMBER if self.leads else LEADING_LINE).match(text):
            self._claim_lines(text, leading, page, only_known=True)
        if listed := re.match(r"^\s*\d{1,2}[.)] ", text):
            page.claim(Mark(Sort.NOISE, *listed.span()))  # the number of a list
        for match in ORDINAL.finditer(text):
            page.claim(Mark(Sort.LINE, *match.span(), numbers=(f"@{ORDINALS[match['o']]}",)))

    def _claim_lines(
        self, text: str, match: re.Match[str], page: "_Page", *, only_known: bool = False
    ) -> None:
        first = match["list"].lstrip("0") or "0"
        if only_known and first not in self.line_numbers:
            return
        numbers, end = [first], match.end()
        while following := NEXT_LINE.match(text, end):
            number = following["n"].lstrip("0") or "0"
            if number not in self.line_numbers or _is_dated(text, following.end()):
                break
            numbers.append(number)
            end = following.end()
        if len(numbers) == 1 and (through := THROUGH_LINE.match(text, end)):
            last = through["n"].lstrip("0") or "0"
            if (
                last in self.line_numbers
                and first in self.line_numbers
                and int(last) > int(first)
                and not _is_dated(text, through.end())
            ):
                known = sorted((number for number in self.line_numbers if number.isdigit()), key=int)
                numbers = [number for number in known if int(first) <= int(number) <= int(last)]
                end = through.end()
        page.claim(Mark(Sort.LINE, match.start(), end, numbers=tuple(dict.fromkeys(numbers))))

    def _spot_prices(self, text: str, page: "_Page") -> None:
        if PRICE_WORD.search(text):
            for match in BARE_PRICE.finditer(text):
                self._claim_price(match, page)
        for match in PERCENT.finditer(text):
            readings = read_number(match["n"], decimal_comma=self.context.decimal_comma)
            if readings:
                page.claim(Mark(Sort.PERCENT, *match.span(), percent=readings[0]))

    def _claim_price(self, match: re.Match[str], page: "_Page") -> None:
        written = match["n1"] or match["n2"] or match["n3"]
        readings = read_number(written, decimal_comma=self.context.decimal_comma)
        if not readings:
            return
        per: Decimal | None = None
        basis, count, unit = (match["basis"] or "").strip(), match["count"] or "", match["unit"] or ""
        end = match.end()
        if count in ("100", "hundred", "hundert", "c") or (basis == "%" and not count):
            per = Decimal(100)
        elif (
            re.sub(r"\D", "", count) == "1000"
            or count in ("thousand", "tausend")
            or basis in ("%o", "‰")
            or (count == "m" and "M" not in self.units)
        ):
            per = Decimal(1000)
        elif count == "10":
            per = Decimal(10)
        elif unit or basis in ("each", "ea", "apiece") or (count == "m" and "M" in self.units):
            per = Decimal(1)
        elif basis:
            end = match.start("basis")
        value = readings[0]
        if len(readings) > 1 and re.search(
            r"[.,]\d{3}$", written
        ):  # 1.250 € in either locale: only the order can tell
            value = readings[0]
        page.claim(Mark(Sort.PRICE, match.start(), end, money=Money(value, per)))

    def _spot_quantities(self, text: str, page: "_Page") -> None:
        for pattern in (QUANTITY, GLUED_QUANTITY, WORDY_QUANTITY):
            for match in pattern.finditer(text):
                unit = match["unit"].rstrip(".")
                code = canonical_unit(unit)
                is_word = match["n"] in WORDS
                if re.match(
                    r"-[^\W\d_]", text[match.end() :]
                ):  # "in 6-m bars": what it is like, not how much
                    page.claim(Mark(Sort.NOISE, *match.span()))
                    continue
                if unit in AMBIGUOUS and code not in self.units:
                    continue
                if len(unit) == 1 and code not in self.units:
                    page.claim(Mark(Sort.NOISE, *match.span()))
                    continue
                if (
                    is_word
                    and match["n"] in ("a", "an", "one", "ein", "eine", "einer", "einem", "einen")
                    and code not in self.units
                ):
                    continue
                self._claim_amount(match, Sort.QUANTITY, unit, page)
        for match in LABELLED_QUANTITY.finditer(text):
            self._claim_amount(match, Sort.QUANTITY, "", page)

    def _claim_amount(self, match: re.Match[str], sort: Sort, unit: str, page: "_Page") -> None:
        written = match.groupdict().get("n") or match.group(0)
        readings = read_number(written, decimal_comma=self.context.decimal_comma)
        if readings:
            page.claim(Mark(sort, *match.span(), amount=Amount(tuple(readings), unit)))


class _Page:
    """The claims on one sentence: the first to claim a place has it."""

    def __init__(self, text: str) -> None:
        self.taken = bytearray(len(text))
        self.marks: list[Mark] = []

    def claim(self, mark: Mark) -> None:
        if mark.end > mark.start and not any(self.taken[mark.start : mark.end]):
            self.taken[mark.start : mark.end] = b"\x01" * (mark.end - mark.start)
            self.marks.append(mark)

    def masked(self, text: str) -> str:
        """The text with what is taken made unreadable."""
        return "".join("\x1f" if taken else char for char, taken in zip(text, self.taken, strict=True))

    def sorted(self) -> list[Mark]:
        return sorted(self.marks, key=lambda mark: mark.start)


def _joined_rest(text: str, marks: list[Mark]) -> list[Mark]:
    """`the remaining 250 pcs` is one quantity, and it is the rest."""
    out: list[Mark] = []
    for mark in marks:
        before = out[-1] if out else None
        if (
            before
            and before.sort is Sort.REST
            and mark.amount
            and mark.amount.readings
            and re.fullmatch(r"[ (]{0,2}(?:of )?", text[before.end : mark.start])
        ):
            amount = Amount(mark.amount.readings, mark.amount.unit, is_rest=True)
            out[-1] = Mark(Sort.QUANTITY, before.start, mark.end, amount=amount)
        elif (
            before
            and mark.sort is Sort.REST
            and before.sort is Sort.QUANTITY
            and before.amount
            and re.fullmatch(r"[ (]{0,2}", text[before.end : mark.start])
            and not before.amount.is_rest
            and re.search(r"rest$|balance|remaining", text[mark.start : mark.end])
            and not text[mark.end : mark.end + 1].strip()
        ):
            out[-1] = Mark(
                Sort.QUANTITY,
                before.start,
                mark.end,
                amount=Amount(before.amount.readings, before.amount.unit, is_rest=True),
            )
        else:
            out.append(mark)
    return out


def _is_dated(text: str, at: int) -> bool:
    """Whether what follows a number makes it a day: `12 March`, `12th`, `12.3.`."""
    return bool(
        re.match(
            r"(?:st|nd|rd|th)\b|\. ?(?:\d|jan|feb|m[aä]r|apr|mai|jun|jul|aug|sep|okt|nov|dez)|[/-]\d| ?(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[kc]t|nov|de[cz])",
            text[at : at + 8],
        )
    )


def _order_pattern(number: str) -> str:
    runs: list[str] = re.findall(r"[a-z]+|\d+", folded(number))
    joined = r"[-\s/._]?".join(
        _spaced(run) if run.isdigit() and len(run) > 8 else re.escape(run) for run in runs
    )
    label = rf"(?:{ORDER_LABEL}{NUMBER_SIGN})?"
    digits = [run for run in runs if run.isdigit()]
    if len(runs) > 1 and not runs[0].isdigit() and len("".join(digits)) >= 4:
        without_prefix = r"[-\s/._]?".join(re.escape(run) for run in runs[1:])
        return rf"(?<![\w-]){label}(?:{joined}|{without_prefix})(?![\w])(?!-\d)(?![.,]\d)"
    return rf"(?<![\w.,/-]){label}{joined}(?![\w])(?!-\d)(?![.,]\d)"


def _spaced(digits: str) -> str:
    """A long number may be written in groups."""
    return " ?".join(digits)


def _part_pattern(code: str) -> str:
    runs: list[str] = re.findall(r"[^\W\d_]+|\d+|[^\w\s./_-]", code)
    return (
        r"(?<![\w])(?<!\w-)"
        + r"[-\s./_]?".join(re.escape(run) for run in runs)
        + r"(?![\w])(?!-\w)(?![.,]\d)"
    )
