"""Rows cast from moulds: every word escaped, every shape printed once."""

from django.test import RequestFactory
from django.utils.safestring import mark_safe

from portal.kernel.mould import Moulds, cast


def test_a_mould_escapes_every_word():
    assert cast("<b>\ue000name\ue001</b>", {"name": "<i>"}) == "<b>&lt;i&gt;</b>"


def test_markup_of_ours_and_numbers_stay_what_they_are():
    words = {"day": mark_safe("<time>4 May</time>"), "lines": 3}

    assert cast("\ue000day\ue001, \ue000lines\ue001", words) == "<time>4 May</time>, 3"


def test_rows_of_one_shape_differ_in_their_words_alone(tmp_path, settings):
    (tmp_path / "row.html").write_text("{% if shape %}late {% endif %}{{ m.name }}{{ unit }}")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    moulds = Moulds("row.html", {"unit": " pcs"}, RequestFactory().get("/"))

    rows = [moulds.row(shape, {"name": name}) for shape, name in ((True, "a"), (False, "b"), (True, "<c>"))]

    assert rows == ["late a pcs", "b pcs", "late &lt;c&gt; pcs"]
