"""What was written now, from what was there before."""

import pytest

from procurement.reading.automatic import is_automatic, is_bounce
from procurement.reading.markup import text_of_html
from procurement.reading.mime import parse_mail
from procurement.reading.newtext import split_new_text


@pytest.mark.parametrize(
    "history",
    [
        "On Mon, 2 Mar 2026 at 08:00, Bea Buyer <bea@b.example> wrote:\n> When?",
        "On Mon, 2 Mar 2026 at 08:00, Bea Buyer (Northgate)\n<bea@b.example> wrote:\n\n> When?",
        "Am 02.03.2026 um 08:00 schrieb Bea Buyer:\n> Wann?",
        "-----Original Message-----\nFrom: Bea\nSent: today\nSubject: x\n\nWhen?",
        "-----Ursprüngliche Nachricht-----\nVon: Bea\nGesendet: heute\nBetreff: x\n\nWann?",
        "From: Bea <bea@b.example>\nSent: Monday\nTo: Mark\nSubject: x\n\nWhen?",
        "Von: Bea\nGesendet: Montag\nAn: Mark\nBetreff: x\n\nWann?",
        "________________________________\nFrom: Bea\nSent: Monday\nTo: Mark\nSubject: x\n\nWhen?",
        "Begin forwarded message:\n\nFrom: Bea\nWhen?",
        "> When?",
    ],
)
def test_history_is_cut(history):
    new = split_new_text(f"Line 3: 12 March\n\n{history}\n")

    assert new.text == "Line 3: 12 March"
    assert "W" in new.history


@pytest.mark.parametrize(
    "signature",
    [
        "Best regards\nMark Oxley\nTel: 1",
        "Kind regards,\n\nMark",
        "-- \nMark",
        "Mit freundlichen Grüßen\n\nSabine Hofer\nVertrieb",
        "mfg hofer",
        "VG\nSabine",
        "Thanks\nMark",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Mark Oxley\nSales Manager\nTyneside Valves Ltd\nTel.: +44 191 555 0140",
    ],
)
def test_signatures_are_cut(signature):
    assert split_new_text(f"Line 3: 12 March\n\n{signature}\n", "Mark Oxley").text == "Line 3: 12 March"


def test_answers_between_quotations_know_what_they_answer():
    new = split_new_text("> Line 1?\n\nyes\n\n> Line 2?\n\n12 March\n\nRegards\nMark\n")

    assert new.text == "yes\n\n12 March"
    assert [passage.answers for passage in new.passages] == ["Line 1?", "Line 2?"]


def test_a_postscript_is_still_said():
    assert (
        split_new_text("Ok.\n\nRegards\nMark\n\nPS: line 3 is late.\n").text == "Ok.\n\nPS: line 3 is late."
    )


def test_disclaimers_and_banners_are_cut():
    text = "CAUTION: This email originated from outside.\n\nLine 3 ok.\n\nThis e-mail is confidential and intended for\nthe addressee. Delete by 1 April.\n"

    assert split_new_text(text).text == "Line 3 ok."


def test_html_is_read_as_seen():
    seen = text_of_html(
        "<p>Hi&nbsp;Bea,</p><p>Line 1: <s>3 April</s> 17 April<br>ok</p><blockquote>old<br>older</blockquote>"
    )

    assert seen.replace("\u00a0", " ") == "Hi Bea,\n\nLine 1: 17 April\nok\n\n> old\n> older"


def test_a_table_is_lines_of_cells():
    assert (
        text_of_html(
            "<table><tr><td>10</td><td><p>18 May</p></td></tr><tr><td>20</td><td>25\n May</td></tr></table>"
        )
        == "10\t18 May\n20\t25 May"
    )


def test_a_table_for_layout_is_none():
    assert (
        text_of_html("<table><tr><td><table><tr><td>a</td></tr></table></td><td>b</td></tr></table>")
        == "a\nb"
    )


def _mail(head, body):
    return parse_mail(f"{head}\n\n".encode() + body)


def test_charsets_lie():
    head = "Content-Type: text/plain; charset={}\nContent-Transfer-Encoding: 8bit"

    assert _mail(head.format("iso-8859-1"), "Stück".encode()).text.strip() == "Stück"
    assert _mail(head.format("utf-8"), "Stück €".encode("cp1252")).text.strip() == "Stück €"
    assert _mail(head.format("iso-8859-1"), "5 €".encode("cp1252")).text.strip() == "5 €"
    assert _mail(head.format("x-nonsense"), "Stück".encode()).text.strip() == "Stück"
    assert _mail(head.format("iso-8859-15"), "5 €".encode("iso-8859-15")).text.strip() == "5 €"


def test_flowed_text_is_joined():
    flowed = _mail(
        "Content-Type: text/plain; charset=utf-8; format=flowed",
        b"Line 3 will \ncome on 12 March.\n> old \n> text\n-- \nMark\n",
    )

    assert flowed.text.split("\n")[:3] == ["Line 3 will come on 12 March.", "> old text", "-- "]


@pytest.mark.parametrize(
    ("head", "automatic", "bounce"),
    [
        ("Auto-Submitted: auto-replied", True, False),
        ("Auto-Submitted: auto-generated", False, False),
        ("X-Autoreply: yes", True, False),
        ("Subject: Automatic reply: PO 1", True, False),
        ("Subject: Abwesenheitsnotiz: PO 1", True, False),
        ("Subject: Re: out of stock", False, False),
        ("From: MAILER-DAEMON@x.example\nSubject: Returned mail", False, True),
        ('Content-Type: multipart/report; report-type=delivery-status; boundary="b"', False, True),
    ],
)
def test_mails_nobody_wrote(head, automatic, bounce):
    one = _mail(head, b"Line 3: 12 March")

    assert (is_automatic(one), is_bounce(one)) == (automatic, bounce)
