"""Every fact on an order's timeline has a sentence."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.kernel.audit.models import AuditEvent
from procurement.workbench.presenters import SENTENCES, entry_of, lines_text, shown_value

ROOT = Path(__file__).parents[3]
PLACES = [
    "procurement/orders/services",
    "procurement/orders/states.py",
    "procurement/acknowledgments/services",
    "procurement/clocks/services/running.py",
    "procurement/clocks/services/sweeping.py",
    "procurement/changes/services",
    "procurement/changes/states.py",
    "procurement/shipments/services/send.py",
    "procurement/receipts/services/booking.py",
    "procurement/receipts/services/posting.py",
    "procurement/bills/services.py",
    "procurement/invoices/services",
    "procurement/threads/services.py",
    "procurement/links/services.py",
    "procurement/notifications/services",
    "procurement/tolerances/services.py",
    "procurement/mailroom/services/drafting.py",
    "procurement/mailroom/states.py",
    "procurement/erp/states.py",
    "procurement/erp/deciding.py",
    "procurement/erp/reconciliation/services.py",
    "portal/kernel/outbox/services.py",
]
KIND = re.compile(r"(order|change|clock|thread|erp|outbox|link|notice)\.[a-z_]+[a-z]|mail\.draft_[a-z]+")
NOT_FACTS = {
    "order.promise_agreed",
    "order.promise_forgotten",
    "change.negotiate",
    "notice.mail",
}  # what the ERP is told; its command writes its own facts


def terms(*pieces):
    """Terms as a fact keeps them."""
    names = ("quantity", "delivery_on", "price")
    told = [{**dict(zip(names, piece, strict=True)), "price_per": "1"} for piece in pieces]
    return {"pieces": told, "ship_to": "", "cancel": False}


MAILED = {"kind": "order_new", "kinds": ["order_new", "message"], "to": "mei@lianfeng.example", "mail": "1"}
LINK = {"link": "1", "to": "jan@lianfeng.example", "purpose": "answer"}
EXAMPLES = {
    "notice.sent": (MAILED, "Mail to mei@lianfeng.example: New orders, Messages about an order"),
    "notice.failed": (
        MAILED | {"reason": "550 no such user"},
        "The mail to mei@lianfeng.example did not arrive: 550 no such user",
    ),
    "notice.unreachable": (
        {"number": "1", "revision": 1},
        "Nobody of the supplier can be written to: no person with rights, and no mail address",
    ),
    "order.shipment_sent": (
        {
            "notice": "2b7e4a60-0f0c-4a53-9d0c-3a1f7b8f1c11",
            "number": "DN-1",
            "issue": 2,
            "delivery_on": "2026-04-01",
            "lines": [],
            "count": 2,
        },
        "Ship notice DN-1 corrected: 2 lines leave, expected 1 Apr 2026",
    ),
    "order.shipment_cancelled": (
        {
            "notice": "2b7e4a60-0f0c-4a53-9d0c-3a1f7b8f1c11",
            "number": "DN-1",
            "issue": 1,
            "delivery_on": "2026-04-01",
            "lines": [],
            "count": 2,
        },
        "Ship notice DN-1 taken back",
    ),
    "order.goods_counted": (
        {
            "sheet": "2b7e4a60-0f0c-4a53-9d0c-3a1f7b8f1c11",
            "number": "DN-1",
            "why": "",
            "lines": [{"line": 10, "good": "44", "damaged": "4", "missing": "0", "unit": "pcs"}],
            "count": 1,
        },
        "Counted at the dock, otherwise than announced: line 10",
    ),
    "order.count_reversed": (
        {
            "sheet": "2b7e4a60-0f0c-4a53-9d0c-3a1f7b8f1c11",
            "number": "DN-1",
            "why": "The wrong pallet.",
            "lines": [{"line": 10, "good": "44", "damaged": "4", "missing": "0", "unit": "pcs"}],
            "count": 1,
        },
        "A count of the dock was taken back: The wrong pallet.",
    ),
    "order.invoice_sent": (
        {
            "invoice": "2b7e4a60-0f0c-4a53-9d0c-3a1f7b8f1c11",
            "number": "INV-1",
            "kind": "invoice",
            "issue": 2,
            "total": "489.09",
            "currency": "EUR",
            "lines": [],
            "count": 1,
        },
        "Invoice INV-1 corrected, 489.09 EUR",
    ),
    "order.invoice_ended": (
        {"number": "INV-1", "kind": "invoice", "what": "rejected", "reason": "3 % over."},
        "Invoice INV-1 sent back. “3 % over.”",
    ),
    "order.seen": ({"number": "1", "revision": 3}, "Revision 3 seen by the supplier"),
    "order.unread": ({"number": "1", "revision": 1}, "Told that its programs have not read it"),
    "order.unseen": ({"number": "1", "revision": 1}, "Nobody of the supplier has seen it for too long"),
    "link.opened": (LINK, "The link of the mail to jan@lianfeng.example was opened"),
    "link.forwarded": (
        LINK | {"by": "mei@lianfeng.example"},
        "mei@lianfeng.example forwarded the order to jan@lianfeng.example",
    ),
    "link.asked_again": (LINK, "A new link for jan@lianfeng.example was asked for"),
    "link.refused": (LINK, "jan@lianfeng.example says that this is not for them; their link has ended"),
    "link.revoked": (LINK, "The link of jan@lianfeng.example was ended"),
    "order.received": ({"number": "1", "revision": 1, "lines": 18}, "Order received, 18 lines"),
    "order.revised": (
        {
            "revision": 3,
            "reopened": [30],
            "echoed": [],
            "changes": [
                {
                    "line": "30",
                    "field": "delivery_on",
                    "old": "2026-04-08",
                    "new": "2026-04-01",
                    "did": "reopened",
                }
            ],
        },
        "Revision 3 asks anew: line 30 (delivery 8 Apr 2026 → 1 Apr 2026)",
    ),
    "order.cancelled": ({"from": "issued", "to": "cancelled"}, "Order cancelled by the buyer"),
    "order.closed": ({"from": "issued", "to": "closed"}, "Order closed"),
    "order.reopened": ({"from": "closed", "to": "issued"}, "Order opened again"),
    "order.goods_received": (
        {"lines": [{"line": 10, "received": "400", "unit": "pcs"}], "line_count": 1},
        "400 pcs of line 10 received so far",
    ),
    "order.receipts_booked": (
        {
            "receipts": [
                {"line": 20, "quantity": "60", "reference": "4711", "reversed": False},
                {"line": 10, "quantity": "40", "reference": "4711", "reversed": False},
            ],
            "count": 2,
        },
        "Delivery note 4711 booked: lines 10, 20",
    ),
    "order.invoices_told": (
        {
            "invoices": [
                {"invoice": "A-1", "kind": "invoice", "state": "partly_paid"},
                {"invoice": "C-2", "kind": "credit_note", "state": "approved"},
            ],
            "count": 6,
        },
        "Invoice A-1: partly paid; Credit note C-2: approved; 4 more",
    ),
    "order.acknowledged": (
        {"revision": 2, "on_behalf": False, "as_asked": [10, 20], "waiting": [{"line": 30}], "refused": [40]},
        "Revision 2 answered: 2 lines as asked, line 30 otherwise, line 40 refused",
    ),
    "order.answer_withdrawn": ({"acknowledgment": "…", "lines": [30]}, "Answer taken back: line 30"),
    "order.answer_accepted": (
        {"agreed": [30], "refused": [], "disputed": [], "waiting": [], "reason": "", "pieces": 1},
        "Accepted as answered: line 30",
    ),
    "order.answer_declined": (
        {
            "agreed": [],
            "refused": [],
            "disputed": [30, 40],
            "waiting": [],
            "reason": "Too late.",
            "pieces": 2,
        },
        "Not accepted: lines 30, 40. “Too late.”",
    ),
    "thread.message_sent": ({"message": 1}, "Message sent"),
    "thread.note_written": ({"message": 1}, "Internal note written"),
    "thread.file_added": ({"name": "plan.xlsx"}, "File added: plan.xlsx"),
    "change.proposed": (
        {
            "lines": [10],
            "kinds": ["date"],
            "unit": "pcs",
            "why": "Capacity",
            "note": "The saw is broken.",
            "old": terms(("100", "2026-04-01", "6.85")),
            "new": terms(("100", "2026-04-15", "6.85")),
        },
        "Change asked for, line 10: delivery 1 Apr 2026 → 15 Apr 2026. Capacity “The saw is broken.”",
    ),
    "change.edited": (
        {
            "lines": [10],
            "kinds": ["quantity"],
            "unit": "pcs",
            "old": terms(("100", "2026-04-01", "6.85")),
            "new": terms(("80", "2026-04-01", "6.85")),
        },
        "Wish put anew, line 10: quantity 100 pcs → 80 pcs",
    ),
    "change.countered": (
        {
            "lines": [10],
            "kinds": ["split", "price"],
            "old": terms(("100", "2026-04-01", "6.85")),
            "new": terms(("60", "2026-04-01", "7"), ("40", "2026-04-15", "7")),
        },
        (
            "Counter-proposal, line 10: deliveries 100 · 1 Apr 2026 → 60 · 1 Apr 2026 + 40 · 15 Apr 2026; "
            "price 6.85 → 7.00"
        ),
    ),
    "change.accepted": (
        {
            "lines": [10],
            "kinds": ["cancel"],
            "old": terms(("100", "2026-04-01", "6.85")),
            "new": {"pieces": [], "ship_to": "", "cancel": True},
        },
        "Change agreed, line 10: cancel 100 · 1 Apr 2026 → nothing",
    ),
    "change.retained": (
        {"lines": [10], "kinds": ["date"]},
        "The change stands here alone, the ERP is not told, line 10: date",
    ),
    "change.declined": (
        {"lines": [10], "kinds": ["price"], "why": "", "note": "Fixed until June."},
        "Change declined, line 10: price. “Fixed until June.”",
    ),
    "change.withdrawn": ({"lines": [10], "kinds": ["ship_to"]}, "Wish taken back, line 10: ship-to"),
    "change.expired": ({"lines": [10], "kinds": ["date"]}, "Nobody answered in time, line 10: date"),
    "change.superseded": ({"lines": [10], "kinds": ["date", "price"]}, "Overtaken, line 10: date, price"),
    "change.confirmed": ({"lines": [10], "kinds": ["date"]}, "The change is in the ERP, line 10: date"),
    "clock.step_reached": (
        {"action": "remind", "overdue": False, "due_at": "2026-03-06T12:00:00+00:00"},
        "Reminder sent: the answer is due 6 Mar 2026, 12:00",
    ),
    "clock.overdue": ({"overdue": True}, "The answer is overdue"),
    "clock.due_moved": (
        {"old": "2026-03-06T12:00:00+00:00", "new": "2026-03-09T17:00:00+00:00", "reason": "Holi."},
        "Answer due 6 Mar 2026, 12:00 → 9 Mar 2026, 17:00. “Holi.”",
    ),
    "erp.command_sent": ({"lines": [10]}, "Sent to the ERP: line 10"),
    "erp.command_confirmed": ({"lines": [10, 20]}, "In the ERP: lines 10, 20"),
    "erp.command_conflicted": ({"lines": [10]}, "The ERP holds something else: line 10"),
    "erp.command_refused": ({"lines": [10]}, "The ERP did not take it: line 10"),
    "erp.command_unknown": ({"lines": [10]}, "Nobody knows yet whether the ERP took it: line 10"),
    "erp.command_retried": ({"lines": [10]}, "Sent to the ERP once more: line 10"),
    "erp.command_superseded": ({"lines": [10]}, "Replaced by a newer agreement: line 10"),
    "erp.command_given_up": ({"lines": [10], "reason": "x"}, "Not written to the ERP: line 10"),
    "erp.command_handed_over": ({"lines": [10]}, "To key into the ERP by hand: line 10"),
    "erp.command_asked_again": ({"lines": [10]}, "Not written, the supplier is asked: line 10"),
    "erp.command_yielded": ({"lines": [10]}, "The ERP’s values are kept: line 10"),
    "erp.command_assigned": ({"lines": [10], "to": "Bea Buyer"}, "To be keyed in by Bea Buyer: line 10"),
    "order.agreed_by_rule": (
        {"order": "1", "policy": "Promises 2026", "lines": [10, 20], "line_count": 2, "rules": [1, 3]},
        "Agreed by rule: lines 10, 20 (Promises 2026, rules 1, 3)",
    ),
    "mail.draft_offered": (
        {"draft": "1", "kind": "answer", "sender": "Mei Chen", "lines": [10]},
        "Read in a mail of Mei Chen, waits for a press: line 10",
    ),
    "mail.draft_confirmed": (
        {"draft": "1", "kind": "change", "sender": "Mei Chen", "lines": [10], "on_behalf": True},
        "Taken from the mail of Mei Chen: line 10",
    ),
    "mail.draft_corrected": (
        {"draft": "1", "kind": "answer", "sender": "Mei Chen", "lines": [10]},
        "Draft from the mail of Mei Chen taken over for correction: line 10",
    ),
    "mail.draft_discarded": (
        {"draft": "1", "kind": "answer", "sender": "Mei Chen", "lines": [10], "reason": "By phone."},
        "Draft from the mail of Mei Chen discarded: line 10. “By phone.”",
    ),
    "mail.draft_superseded": (
        {"draft": "1", "kind": "sheet", "sender": "Mei Chen", "lines": []},
        "Draft from the mail of Mei Chen overtaken",
    ),
    "order.asked_again": ({"lines": [10], "words": "80?"}, "Asked again: line 10. “80?”"),
    "erp.drift_repaired": (
        {"repair": "take_erp", "kind": "fields"},
        "Read from the ERP again after comparing both sides",
    ),
    "outbox.replayed": ({"message": "1", "topic": "erp"}, "Message delivered once more"),
    "outbox.skipped": ({"message": "1", "topic": "erp", "reason": "x"}, "Message given up"),
}


def recorded_kinds():
    """Every kind of fact that the services of an order's papers can write, read off their source."""
    found: set[str] = set()
    for place in PLACES:
        path = ROOT / place
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            words = [
                node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
            ]
            found |= {word for word in words if isinstance(word, str) and KIND.fullmatch(word)}
            if "order.answer_" in words:  # f"order.answer_{'accepted' if … else 'declined'}"
                found |= {"order.answer_accepted", "order.answer_declined"}
    return found - NOT_FACTS


def event(kind, facts, **changed):
    values = {
        "actor_label": "Omar Haddad",
        "actor_side": "company",
        "channel": "portal",
        "at": datetime.now(UTC),
    }
    return AuditEvent(kind=kind, stream="order:1", facts=facts, **{**values, **changed})


def test_every_kind_that_is_recorded_has_a_sentence_and_no_sentence_is_idle():
    assert recorded_kinds() == set(SENTENCES)
    assert set(EXAMPLES) == set(SENTENCES)


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_each_sentence(kind):
    facts, text = EXAMPLES[kind]

    assert entry_of(event(kind, facts)).text == text


def test_who_did_it_and_how_stands_under_it():
    assert entry_of(event("order.closed", {})).note == "Omar Haddad"
    assert entry_of(event("order.closed", {}, channel="mail")).note == "Omar Haddad, by mail"
    assert entry_of(event("order.closed", {}, actor_side="system", channel="erp")).note == "from their ERP"
    assert entry_of(event("order.closed", {}, actor_user_id=7), reader_id=7).note == "you"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            {"revision": 2, "reopened": [], "echoed": [10], "changes": []},
            "Revision 2 says what was agreed: line 10",
        ),
        (
            {"revision": 2, "reopened": [], "echoed": [], "changes": []},
            "Revision 2 changed nothing you agreed",
        ),
        (
            {"revision": 2, "reopened": [], "echoed": [], "changes": [{"line": "20", "did": "cancelled"}]},
            "Revision 2 cancels line 20",
        ),
        (
            {"revision": 2, "reopened": list(range(10, 90, 10)), "changes": []},
            "Revision 2 asks anew: 8 lines",
        ),
    ],
)
def test_what_a_revision_did(facts, text):
    assert entry_of(event("order.revised", facts)).text == text


def test_values_of_a_revision_are_shown_as_people_write_them():
    assert shown_value("quantity", "1200") == "1,200"
    assert shown_value("price", "250 per 100") == "250.00 / 100"
    assert (
        shown_value("deliveries", "60 on 2026-04-01 + 40 on 2026-04-09")
        == "60 · 1 Apr 2026 + 40 · 9 Apr 2026"
    )
    assert shown_value("note", "by hand") == "by hand"
    assert lines_text([10]) == "line 10"


@pytest.mark.parametrize(
    ("kind", "note"), [("erp.command_sent", ""), ("erp.command_confirmed", "from the ERP")]
)
def test_what_went_to_the_erp_did_not_come_from_it(kind, note):
    told = event(kind, {"lines": [10]}, actor_side="system", channel="erp")

    assert entry_of(told, side="company").note == note


def test_that_nobody_could_be_told_is_said_in_plain_words():
    facts = {"kind": "order_new", "to": "", "reason": "nobody"}
    text = "Nobody could be told: New orders. No person with rights, and no mail address."

    assert entry_of(event("notice.failed", facts)).text == text
