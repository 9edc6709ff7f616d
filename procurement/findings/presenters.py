"""Findings in words, each beside what it speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.findings.policies import Finding, Grade


@dataclass(frozen=True, slots=True)
class Said:
    """One finding as a page tells it."""

    tone: str
    glyph: str
    word: str
    text: str


LOOKS = {Grade.STOP: ("stop", "stop"), Grade.WARN: ("wait", "alert"), Grade.HINT: ("quiet", "none")}


def said(finding: Finding) -> Said:
    """A finding with its looks: what must be mended, what to think about, what is good to know."""
    words = {Grade.STOP: _("To mend"), Grade.WARN: _("Think"), Grade.HINT: _("Hint")}
    return Said(*LOOKS[finding.grade], words[finding.grade], finding.message)


def bad(text: str) -> Said:
    """What cannot be read in a field."""
    return Said("stop", "stop", _("To mend"), text)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks say, each beside what it speaks of: fields of the head, and lines by position."""

    fields: Mapping[str, Sequence[Said]]
    lines: Mapping[int, Sequence[Said]]
    counts: Mapping[Grade, int]

    @property
    def stops(self) -> int:
        return self.counts.get(Grade.STOP, 0)

    @property
    def warnings(self) -> int:
        return self.counts.get(Grade.WARN, 0)

    @property
    def summary(self) -> Said:
        """How it stands in one sentence."""
        if self.stops:
            text = ngettext(
                "One thing is to be mended before it can be sent.",
                "%(n)d things are to be mended before it can be sent.",
                self.stops,
            )
            return Said("wait", "wait", "", text % {"n": self.stops})
        if self.warnings:
            text = ngettext(
                "It can be sent; one thing to think about first.",
                "It can be sent; %(n)d things to think about first.",
                self.warnings,
            )
            return Said("wait", "alert", "", text % {"n": self.warnings})
        return Said("done", "full", "", _("It can be sent."))
