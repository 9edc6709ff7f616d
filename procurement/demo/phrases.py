"""What people in the demo write: notes on orders and answers, reasons, and messages."""

ORDER_NOTES = (
    "Please deliver to Dock 4, mornings only.",
    "Mark every pallet with our order number.",
    "Certificates 3.1 to EN 10204 with the goods, please.",
    "No partial deliveries without prior agreement.",
    "For the spring shutdown at Humber Works: the date matters.",
    "Use euro pallets, no more than 1.60 m high.",
    "Consignment stock: label each bag with item number and GTIN.",
)
LINE_NOTES = (
    "Replaces the version with the red handle.",
    "Same batch for the whole quantity, please.",
    "Pack in bags of 25.",
    "Test certificate with each piece.",
    "Top up for the shutdown stock.",
)

Phrases = dict[str, tuple[str, ...]]

# How suppliers explain themselves, in the language they like to write.
LATE: Phrases = {
    "CN": (
        "Castings arrive at the end of the month. We test two days, then ship.",
        "铸件月底到货，测试两天后发货。",
    ),
    "DE": (
        "Rohmaterial trifft eine Woche später ein als zugesagt.",
        "Our press is down until Thursday, sorry.",
    ),
    "IT": ("Il forno è fermo per manutenzione, spediamo la settimana dopo.", "Plating takes a week longer."),
    "ES": ("El proveedor de piel nos confirma una semana de retraso.",),
    "FR": ("L’outillage revient de l’affûtage avec du retard.",),
    "PL": ("Miedź dotrze kilka dni później, przepraszamy.", "Copper is late by a few days."),
    "CZ": ("Odlitky dorazí až příští týden.", "The foundry is a week behind."),
    "BR": ("O couro chega com uma semana de atraso.",),
    "TR": ("Booked on the next vessel, the earlier one is full.",),
    "": ("The earlier vessel is full; we have space on the next one.", "We can make it the week after."),
}
SPLIT: Phrases = {
    "CN": ("What is in stock goes at once, the rest follows by sea.", "库存先发，其余随后海运。"),
    "DE": ("Teillieferung ab Lager, der Rest nach der nächsten Fertigung.",),
    "": ("Part from stock now, the rest after the next run.",),
}
PRICE: Phrases = {
    "DE": ("Legierungszuschlag nach neuer Preisliste.",),
    "IT": ("Nuovo listino dal primo del mese.",),
    "": ("Our new price list is in force; the nickel surcharge went up.",),
}
SHORT: Phrases = {
    "": (
        "Stock is short; the balance has no date yet.",
        "We can send the first lot, the rest is on backorder.",
    )
}
SUBSTITUTE: Phrases = {"": ("Same dimensions and material, new handle. Drawing on request.",)}
REFUSED: Phrases = {
    "DE": ("Artikel ausgelaufen, letzte Charge verkauft.",),
    "": ("We stopped making this size; the last batch is sold.", "Below our minimum lot for this alloy."),
}
SEVERAL: Phrases = {"": ("Two lines move, the others as you asked. Call me if the dates hurt.",)}
CARRIED_OVER = "Agreed by mail before we went live."
ON_BEHALF = "Told us by phone."
THANKS = ("", "", "", "Thank you for the order.", "Confirmed.", "All from stock.")

DECLINED = (
    "The customer’s shutdown cannot move: we need the original date.",
    "Your price list was fixed until the end of the quarter.",
    "Please send at least half on the original date.",
    "Our stock runs out before then. What would an air shipment cost?",
)
ACCEPTED = ("", "", "Fine, stock covers it.", "Agreed with planning.")
QUESTIONS = (
    "Can this line come a week earlier? The Hull store is low.",
    "Please confirm the certificates are included.",
    "If not all is possible, tell me what you can send first.",
    "Is the new handle the same height?",
)
REMINDERS = (
    "Your answer to this order is due. Can you confirm today?",
    "We still wait for your dates; planning needs them.",
)
WHERE_IS_IT = (
    "This was due and has not arrived. Where is it?",
    "Leeds has nothing booked in for this. Has it left?",
)
REPLIES = (
    "Half of it can go on Friday, the rest as promised.",
    "Yes, with every delivery.",
    "I am asking production and will write tomorrow.",
)
INTERNAL = (
    "Third late date from them this quarter.",
    "Planning has eleven days of cover at Leeds.",
    "Second source quotes four weeks, 6 % dearer.",
)


def in_words_of(country: str, phrases: Phrases) -> tuple[str, ...]:
    """The phrases a supplier of that country would use."""
    return phrases.get(country) or phrases[""]
