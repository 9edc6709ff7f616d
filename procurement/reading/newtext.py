"""What the writer wrote this time: without history, signature, disclaimer and the banners of mail gateways."""

import re
from dataclasses import dataclass

ATTRIBUTION = re.compile(
    r"^\s*(?:(?:on|am|le|el|em|den)\b.{6,200}?(?:wrote|schrieb|a écrit|escribió|escreveu)\b.{0,120}:"
    r"|.{3,120}<[^<>\s]{3,80}@[^<>\s]{3,80}>\s*(?:wrote|schrieb|hat am .{4,40} geschrieben)\b.{0,60}:?"
    r"|(?:am|on) .{6,120}(?:hat|has) .{2,80} (?:geschrieben|written):)\s*$",
    re.IGNORECASE,
)
DIVIDER = re.compile(
    r"^\s*(?:[-_=*]{2,}\s*(?:original(?: message| appointment|-nachricht)?|urspr[üu]ngliche (?:nachricht|mail|e-mail)|originalnachricht"
    r"|forwarded (?:message|by)|weitergeleitete nachricht|reply message|antwort nachricht)\b.{0,80}?[-_=*]*"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail):|forwarded message:?)\s*$",
    re.IGNORECASE,
)
HEADER = re.compile(
    r"^[\s*>]*(from|von|de|sent|gesendet|date|datum|to|an|cc|subject|betreff|asunto|objet|para|enviado|reply-to)\s*:\*?\s*(\S.*)?$",
    re.IGNORECASE,
)
OUTLOOK_RULE = re.compile(r"^_{8,}\s*$")
SIGN_OFF = re.compile(
    r"^\s*+(?:(?:many |with |warm |warmest |kind(?:est)? |best |very best |all the best|yours |brgds|rgds|b\. ?rgds|kr|br|bg|b/r|best)?\s*+"
    r"(?:regards|wishes|greetings|sincerely|faithfully|truly|cheers|rgds|brgds|br|kr|bg|best|b/r|all the best)"
    r"(?: (?:from|aus) \w+(?: \w+)?)?"
    r"|(?:mit |viele |beste |liebe |sch[öo]ne |herzliche |freundliche |freundlichen |besten |vielen |herzlichen |lieben |sonnige |mit den besten |mit besten |mit freundlichen |mit freundlichem |mit herzlichen |mit lieben )*"
    r"(?:gr[üu](?:ß|ss|s)(?:en|e)?|gruessen|gruesse|gruss|gruß|empfehlungen)(?: (?:aus|vom|von) .{2,40})?"
    r"|mfg|m\.f\.g\.?|m ?f ?g|vg|v\.g\.|lg|gr|hochachtungsvoll|servus)(?!\w)\s*+[,.!]*+\s*+(?:[A-ZÄÖÜ][\w.äöüß-]{0,20}(?: [A-ZÄÖÜ][\w.äöüß-]{0,20}){0,2})?\s*+$",
    re.IGNORECASE,
)
THANKS = re.compile(
    r"^\s*(?:many thanks|thanks(?: (?:a lot|again|so much|and (?:kind |best )?regards|& regards|in advance))?|thank you(?: (?:very much|again|in advance))?|thx|tks|vielen dank(?: im voraus)?|besten dank|danke(?: (?:sch[öo]n|im voraus|vorab))?|dank(?:e)? und gru[ßs]+)\s*+[,.!]*+\s*+$",
    re.IGNORECASE,
)
NAME = re.compile(
    r"^\s*(?:i\. ?[av]\. |ppa\. |dr\. |dipl\.-\w+\.? )*[A-ZÄÖÜ][\w.'äöüß-]{0,25}(?: [A-ZÄÖÜ]?[\w.'äöüß-]{1,25}){0,3}\s*$"
)
MOBILE = re.compile(
    r"^\s*(?:sent from (?:my|an?|the|outlook|mail|yahoo|proton)\b.{0,60}|get outlook for .{0,40}|(?:von|mit) (?:meinem|meiner|outlook|unterwegs)\b.{0,40}(?:gesendet|gesandt|geschickt|verfasst).{0,30}"
    r"|gesendet (?:von|mit|aus|vom) .{2,60}|diese nachricht wurde von meinem .{2,60} gesendet.?|holen sie sich outlook .{0,30}|outlook f[üu]r (?:ios|android) .{0,40})\s*$",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"(?:^|\b)(?:tel|phone|fon|telefon|fax|mob|mobile|mobil|cell|direct|direkt|ph|t|m|f|e|d)\s*[.:]+\s*[+(]?\d|\+\d{1,3}[ ()/-]*\d{2}"
    r"|www\.|https?://|^\s*e?-?mail\s*:|\b(?:hrb|hra|amtsgericht|handelsregister|gesch[äa]ftsf[üu]hr(?:er|ung|erin)|ust-?id|ust\.?-?id|vat(?: reg)?(?: no)?|steuer-?nr|uid(?:-nr)?|iban|bic|registered (?:office|in)|company (?:no|number|reg)|sitz der gesellschaft|firmenbuch)\b",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    r"this (?:e-?mail|message|communication)[^.\n]{0,80}(?:confidential|privileged|intended)|(?:confidential|privileged)[^.\n]{0,80}(?:intended|recipient)|if you (?:are not the|have received this)[^.\n]{0,60}(?:recipient|e-?mail|error)"
    r"|diese (?:e-?mail|nachricht)[^.\n]{0,80}(?:vertraulich|ausschlie)|(?:vertrauliche|rechtlich gesch[üu]tzte)[^.\n]{0,60}informationen|nicht der (?:richtige|beabsichtigte) (?:adressat|empf[äa]nger)"
    r"|please consider the environment|think before (?:you )?print|bitte (?:denken|pr[üu]fen) sie[^.\n]{0,60}(?:umwelt|ausdruck)|denken sie an die umwelt"
    r"|our general (?:terms|conditions)|unsere allgemeinen|es gelten (?:unsere|die) (?:allgemeinen|agb)|virus[- ]free|avast|all (?:sales|orders|deliveries) (?:are )?subject to our|disclaimer:?",
    re.IGNORECASE,
)
BANNER = re.compile(
    r"^\W*(?:caution|warning|achtung|vorsicht|external(?: e-?mail| sender)?|extern(?:e e-?mail|er absender)?|\[ext(?:ern(?:al)?)?\])\b.{0,40}(?:external|extern|outside|links|originated|anh[äa]nge|absender|sender|au[ßs]erhalb|mail)",
    re.IGNORECASE,
)
POSTSCRIPT = re.compile(
    r"^\s*(?:p\.?\s?s\.?|n\.?b\.?|nachtrag|one more thing|ach ja)\b[ .:,-]", re.IGNORECASE
)


MOST_LINES = 1_200
LONGEST_LINE = 5_000
LONGEST_HEAD = 400  # of a line that begins history


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the new text, and the quoted lines it stands right below of, if it answers those."""

    start: int
    end: int
    answers: str = ""


@dataclass(frozen=True, slots=True)
class NewText:
    """The new text, the history below or between it, and which stretch answers what."""

    text: str
    history: str
    passages: tuple[Passage, ...]


def split_new_text(text: str, writer: str = "") -> NewText:
    """Part what was written now from what was there before; nothing of the history gets into the new text.

    `writer` is the name of the person who writes: a line of that name alone is a signature.
    """
    lines = [line[:LONGEST_LINE] for line in text.split("\n")[:MOST_LINES]]
    quoted = _quoted(lines)
    blocks: list[tuple[list[str], str]] = []
    above: list[str] = []
    block: list[str] = []
    history: list[str] = []
    for line, is_quoted in zip(lines, quoted, strict=True):
        if is_quoted:
            if any(one.strip() for one in block):
                blocks.append((block, "\n".join(above)))
                above = []
            block = []
            bare = re.sub(r"^[>\s|]+", "", line)
            above.append(bare)
            history.append(bare)
        else:
            block.append(line)
    if any(one.strip() for one in block):
        blocks.append((block, "\n".join(above)))
    passages: list[Passage] = []
    out = ""
    for block_lines, answers in blocks:
        written = "\n".join(line.rstrip() for line in _without_signature(block_lines, writer))
        written = re.sub(r"\n{3,}", "\n\n", written.strip("\n"))
        if not written.strip():
            continue
        out += "\n\n" if out else ""
        passages.append(Passage(len(out), len(out) + len(written), answers))
        out += written
    return NewText(out, "\n".join(history), tuple(passages))


def _quoted(lines: list[str]) -> list[bool]:
    """For each line, whether it is history."""
    count = len(lines)
    quoted = [
        line.lstrip().startswith(">") or bool(re.match(r"^\s{0,3}\|\s(?!.*\|)", line)) for line in lines
    ]
    more_below = [False] * (count + 1)
    for at in range(count - 1, -1, -1):
        more_below[at] = more_below[at + 1] or quoted[at]
    at = 0
    while at < count:
        if quoted[at]:
            at += 1
            continue
        if length := _attribution(lines, at, quoted):
            quoted[at : at + length] = [True] * length
            at += length
            if not more_below[at]:
                quoted[at:] = [True] * (count - at)
                break
            continue
        if _starts_history(lines, at):
            if more_below[at] and not _header_block(lines, at) and not _header_block(lines, at + 1):
                quoted[at] = True
                at += 1
                continue
            quoted[at:] = [True] * (count - at)
            break
        at += 1
    for at in range(1, count - 1):  # the end of a quoted line that the client broke and did not mark
        if not quoted[at] and quoted[at - 1] and quoted[at + 1] and 0 < len(lines[at].strip()) < 40:
            broken = lines[at - 1].lstrip().startswith(">") and len(lines[at - 1]) > 66
            quoted[at] = broken and lines[at - 1].rstrip()[-1:] not in ".?!:"
    return quoted


def _attribution(lines: list[str], at: int, quoted: list[bool]) -> int:
    """How many lines the sentence "on … wrote:" takes that begins here; 0 if none does."""
    if len(lines[at]) > LONGEST_HEAD:
        return 0
    if not re.match(
        r"^\s*(?:on|am|le|el|em|den)\b|.*(?:wrote|schrieb|geschrieben)\b.*:?\s*$", lines[at], re.IGNORECASE
    ):
        return 0
    joined = ""
    for length in range(1, 4):
        if at + length > len(lines) or quoted[at + length - 1] or not lines[at + length - 1].strip():
            return 0
        joined = f"{joined} {lines[at + length - 1].strip()}".strip()
        if len(joined) < 320 and ATTRIBUTION.match(joined):
            return length
    return 0


def _starts_history(lines: list[str], at: int) -> bool:
    if len(lines[at]) > LONGEST_HEAD:
        return False
    if DIVIDER.match(lines[at]) or _header_block(lines, at):
        return True
    if OUTLOOK_RULE.match(lines[at]):
        below = next((k for k in range(at + 1, min(at + 4, len(lines))) if lines[k].strip()), None)
        return below is not None and (_header_block(lines, below) or bool(ATTRIBUTION.match(lines[below])))
    return False


def _header_block(lines: list[str], at: int) -> bool:
    """Three different mail headers in the next lines, the first of them a sender or a time."""
    if at >= len(lines) or len(lines[at]) > LONGEST_HEAD:
        return False
    first = HEADER.match(lines[at])
    if not first or first.group(1).lower() not in ("from", "von", "de", "date", "datum", "sent", "gesendet"):
        return False
    names = {first.group(1).lower()}
    for line in lines[at + 1 : at + 7]:
        if found := HEADER.match(line):
            names.add(found.group(1).lower())
    return len(names) >= 3


def _without_signature(lines: list[str], writer: str) -> list[str]:
    """The lines of one block as far as its writer speaks; a postscript below the name is still said."""
    kept: list[str] = []
    signing = False
    last_said = _last_said(lines)
    for at, line in enumerate(lines):
        if signing and POSTSCRIPT.match(line):
            signing = False
        elif not signing and (_signs_off(lines, at, last_said) or _is_signed(lines[at], writer)):
            signing = True
        if MOBILE.match(line):
            continue
        if not signing:
            kept.append(line)
    return _without_disclaimer(_without_contact_lines(kept))


def _is_signed(line: str, writer: str) -> bool:
    """Whether the line is the writer's name, or begins a business card with it."""
    words, names = re.findall(r"[^\W\d_]+", line.lower()), re.findall(r"[^\W\d_]+", writer.lower())
    if not words or not names:
        return False
    if (
        len(words) <= 3
        and len(line.strip()) < 40
        and set(words) <= {*names, "i", "a", "v", "lg", "vg", "mfg", *(name[0] for name in names)}
    ):
        return words[0] in (*names, "lg", "vg", "mfg") or words[-1] in names
    return (
        len(names) > 1
        and words[: len(names)] == names
        and bool(re.match(r"[\s]*[|,/-]", line.strip()[len(" ".join(names)) :]))
    )


def _last_said(lines: list[str]) -> int:
    return next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), 0)


def _signs_off(lines: list[str], at: int, last: int) -> bool:
    line = lines[at]
    if line.rstrip() == "--" or line == "-- ":
        return True
    if not line.strip() or len(line) > 90:
        return False
    if SIGN_OFF.match(line):
        return True
    if THANKS.match(line) and last - at <= 14:
        below = next((one for one in lines[at + 1 :] if one.strip()), "")
        return not below or bool(NAME.match(below)) or bool(SIGN_OFF.match(below))
    return False


def _without_contact_lines(lines: list[str]) -> list[str]:
    """Cut a signature without a greeting: telephone numbers and registers at the end, and the names above them."""
    contacts = [at for at, line in enumerate(lines) if CONTACT.search(line) and len(line) < 160]
    if not contacts:
        return lines
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    cut = end
    at = end - 1
    while at >= 0:
        line = lines[at].strip()
        if not line and cut < end:
            if at > 0 and not (CONTACT.search(lines[at - 1]) or NAME.match(lines[at - 1])):
                break
        elif line and not (CONTACT.search(line) or (cut <= end and len(line) < 60 and _title(line))):
            break
        if line:
            cut = at
        at -= 1
    tail = lines[cut:end]
    return lines[:cut] if any(CONTACT.search(line) for line in tail) else lines


def _title(line: str) -> bool:
    """A line of a business card: a name, a title, a company, a street; no sentence and no list."""
    if (
        re.search(r"[?!:=\t]|\b(?:line|pos|order|po|bestellung|kw|pcs|stk|we|wir|ok)\b", line, re.IGNORECASE)
        or line[-1:] == "."
    ):
        return False
    return line[:1].isupper() or bool(re.match(r"^\d{4,5} [A-ZÄÖÜ]|^i\. ?[AV]\.", line))


def _without_disclaimer(lines: list[str]) -> list[str]:
    """Drop paragraphs that only lawyers and gateways write."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        else:
            paragraphs.append([])
    kept = [
        paragraph
        for paragraph in paragraphs
        if not (paragraph and (BANNER.search(paragraph[0]) or DISCLAIMER.search(" ".join(paragraph)[:2000])))
    ]
    return "\n\n".join("\n".join(paragraph) for paragraph in kept).split("\n")
