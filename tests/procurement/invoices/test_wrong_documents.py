"""Electronic invoices that are well-formed and say nonsense: what is missing, twice, elsewhere, or no figure at all.

The damage of bytes (tests/procurement/einvoices/test_hostile.py) ends at the parser for the most part; this goes on
behind it: rules, linking to order lines, and what would be written down.
"""

import copy
import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from procurement.einvoices import parsing
from procurement.einvoices.reading import understood
from procurement.einvoices.writing import write_cii, write_ubl
from procurement.invoices.policies.linking import Candidate, link
from procurement.invoices.policies.placing import place
from tests.builders.einvoices import everything
from tests.thoroughly import EVERYTHING

TREES = [etree.fromstring(write_ubl(everything())), etree.fromstring(write_cii(everything()))]
LINES = [
    Candidate(
        name=f"k|L{number}",
        order="4500012345",
        company="NM",
        key=f"L{number}",
        number=number,
        part="6204-2RS",
        description="Bearing 6204",
        price=Decimal("10.00"),
        open=Decimal(40),
    )
    for number in (10, 20)
]
WORDS = [
    *("", " ", "0", "-0", "-1", "NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1E-400", "1e99999999999"),
    *("9" * 40, "0." + "0" * 40 + "1", "1,000.00", "1.000,00", "0x10", "٤٢", "¼", "١٢.٥", "1_000"),
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "20261301",
        "-2026-04-09",
        "2026-04-09T00:00:00Z",
    ),
    *("EUR", "XXX", "XTS", "eur", "C62", "S", "AE", "380", "381", "384", "386", "VAT", "true"),
    *(
        "%(number)s",
        "%s",
        "{0}",
        "=1+1",
        "<b>",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{NO-BREAK SPACE}7",
        "x" * 5_000,
    ),
]

steps = st.lists(
    st.tuples(
        st.sampled_from(["word", "attribute", "drop", "twice", "elsewhere"]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.sampled_from(WORDS),
    ),
    min_size=1,
    max_size=5,
)


def damaged(tree: Any, damage: list[tuple[str, int, int, str]]) -> bytes:
    """The document after these steps, each at a place of it."""
    root = copy.deepcopy(tree)
    for step, at, other, word in damage:
        places = [one for one in root.iter(etree.Element) if one is not root]
        if not places:
            break
        one, elsewhere = places[at % len(places)], places[other % len(places)]
        if step == "word":
            one.text = word
        elif step == "attribute":
            one.set(("unitCode", "currencyID", "schemeID", "format")[other % 4], word)
        elif step == "drop":
            one.getparent().remove(one)
        elif step == "twice":
            one.addnext(copy.deepcopy(one))
        elif one not in elsewhere.iterancestors() and one is not elsewhere:
            elsewhere.append(one)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


@settings(max_examples=600 if EVERYTHING else 50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TREES), steps)
def test_whatever_a_document_says_it_is_read_linked_and_placed_or_refused(tree, damage):
    try:
        told = json.loads(json.dumps(parsing.parsed(damaged(tree, damage))))
    except parsing.NotRead:
        return

    reading = understood(told)
    assert reading.invoice is not None
    linked = link(reading.invoice, LINES)
    placed = place(reading.invoice, linked, {"C62": "pcs"})

    assert all(one.message for one in [*reading.problems, *placed.left, *placed.stops])
    assert len(placed.lines) + len(placed.stops) == len(reading.invoice.lines)
    figures = [each for one in placed.lines for each in (one.quantity, one.unit_price)]
    assert all(one.is_finite() and one >= 0 for one in figures)
