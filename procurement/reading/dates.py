"""Days as people write them: both orders, weekdays, weeks, parts of months, and how long from now.

A rule has a name, a pattern and a function; the first rule in the table that fits a place takes it. Days are dates of
the writer's own calendar. A day without a year has two readings: the next such day after the mail, for plans, and the
last before it, for what has happened.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from procurement.reading.answer import Precision
from procurement.reading.folding import word_pattern
from procurement.reading.numbers import WORDS as NUMBER_WORDS
from procurement.reading.words import LANGUAGES

# A day without a year that would be further away than this was meant as a day of the past.
FURTHEST_PLAN = timedelta(days=290)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was named; `span` for parts of months and other stretches; `past` is its reading as a day gone by."""

    day: date
    precision: Precision = Precision.DAY
    span: tuple[date, date] | None = None
    past: date | None = None
    rule: str = ""
    is_yearless: bool = False
    is_ambiguous: bool = False
    is_now: bool = False

    def holds(self, day: date) -> bool:
        """Whether this is that day, or the week that holds it."""
        if self.precision is Precision.WEEK:
            return self.day <= day <= self.day + timedelta(days=6)
        if self.span:
            return self.span[0] <= day <= self.span[1]
        return self.day == day


@dataclass(frozen=True, slots=True)
class Later:
    """So many days after something said before, or after the day that was asked for. Negative is earlier."""

    days: int
    from_requested: bool = False
    rule: str = "later"


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day, or a stretch of time after another day, and where it stands."""

    start: int
    end: int
    value: Day | Later


@dataclass(frozen=True, slots=True)
class Clock:
    """The day of the mail, and which number of 3/4 is the month."""

    today: date
    month_first: bool = False


MONTHS = {name: number for words in LANGUAGES.values() for name, number in words.months.items()}
WEEKDAYS = {name: number for words in LANGUAGES.values() for name, number in words.weekdays.items()}
_UMLAUT = {"ä": "(?:ä|ae|a)", "ö": "(?:ö|oe|o)", "ü": "(?:ü|ue|u)"}


def _any_of(names: list[str]) -> str:
    joined = "|".join(sorted((re.escape(name) for name in names), key=len, reverse=True))
    for umlaut, written in _UMLAUT.items():
        joined = joined.replace(umlaut, written)
    return f"(?:{joined})"


MONTH = _any_of(list(MONTHS))
LONG_DAYS = [name for name in WEEKDAYS if len(name) > 2]
WEEKDAY = _any_of(LONG_DAYS)
ANY_WEEKDAY = _any_of(list(WEEKDAYS))
YEAR = r"(?:20\d\d|'?\d\d(?![\d.,:]))"
NUMBER = r"(?:\d{1,3}|" + _any_of(list(NUMBER_WORDS)) + r"|an?|ne|a couple of|ein paar)"
D, M = r"(?P<d>0?[1-9]|[12]\d|3[01])", r"(?P<m>0?[1-9]|1[0-2])"
TH = r"(?:\s?(?:st|nd|rd|th)\b|\.)?"
BEFORE, AFTER = r"(?<![\w.,/:$€£-])(?<![$€£] )", r"(?![\w/])(?![.,:-]\d)"
UNTIL = r"(?: ?(?:-|to|bis|until|/|and|und) ?)"

Reader = Callable[[re.Match[str], Clock], Day | Later | None]


def _month(name: str) -> int:
    plain = name.replace("ae", "ä") if name.startswith(("maer", "jaen")) else name
    if plain in MONTHS:
        return MONTHS[plain]
    return {"marz": 3, "mar": 3, "janner": 1}.get(plain, 0)


def _weekday(name: str) -> int:
    return WEEKDAYS[name]


def _count(word: str) -> int:
    if word.isdigit():
        return int(word)
    return {"a": 1, "an": 1, "ne": 1, "a couple of": 2}.get(word, NUMBER_WORDS.get(word, 0))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(written: str) -> int:
    year = int(written.strip("'"))
    return year + 2000 if year < 100 else year


def _of(written: str | None, month: int, day: int, clock: Clock, rule: str) -> Day | None:
    """The day of a month, in the year that was written or the nearest that is meant."""
    if not 1 <= month <= 12:
        return None
    if written:
        found = _date(_year(written), month, day)
        return Day(found, past=found, rule=rule) if found else None
    years = (clock.today.year - 1, clock.today.year, clock.today.year + 1)
    days = [found for year in years if (found := _date(year, month, day))]
    future = next((found for found in days if found >= clock.today), None)
    past = next((found for found in reversed(days) if found <= clock.today), None)
    if future is None:
        return None
    return Day(future, past=past, rule=rule, is_yearless=True)


def _numeric(match: re.Match[str], clock: Clock, rule: str, *, month_first: bool) -> Day | None:
    first, second = int(match["a"]), int(match["b"])
    day, month = (second, first) if month_first else (first, second)
    if month > 12 and day <= 12:
        day, month = month, day
    return _of(match["y"], month, day, clock, rule)


def _week(match: re.Match[str], clock: Clock) -> Day | None:
    number = int(match["w"])
    written = match.groupdict().get("y")
    if not 1 <= number <= 53:
        return None
    year = _year(written) if written else clock.today.isocalendar().year
    monday = _monday(year, number)
    if monday is None:
        return None
    past = monday
    if not written and monday + WEEK <= clock.today:
        past, monday = monday, _monday(year + 1, number) or monday
    weekday = match.groupdict().get("wd")
    if weekday:
        return Day(
            monday + _weekday(weekday) * DAY,
            past=past + _weekday(weekday) * DAY,
            rule="day of a week",
            is_yearless=not written,
        )
    return Day(monday, Precision.WEEK, (monday, monday + 6 * DAY), past, "week", is_yearless=not written)


def _monday(year: int, week: int) -> date | None:
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:
        return None


def _this_monday(clock: Clock) -> date:
    return clock.today - clock.today.weekday() * DAY


def _relative_week(ahead: int) -> Reader:
    def read(match: re.Match[str], clock: Clock) -> Day | None:
        monday = _this_monday(clock) + ahead * WEEK
        weekday = match.groupdict().get("wd")
        if weekday:
            day = monday + _weekday(weekday) * DAY
            return Day(day, past=day, rule="day of a coming week")
        return Day(monday, Precision.WEEK, (monday, monday + 6 * DAY), monday, "coming week")

    return read


def _days_from_now(days: int, *, is_now: bool = False) -> Reader:
    def read(match: re.Match[str], clock: Clock) -> Day:
        day = clock.today + days * DAY
        return Day(day, past=day, rule="today" if days == 0 else "from today", is_now=is_now)

    return read


def _coming(match: re.Match[str], clock: Clock) -> Day:
    """A bare weekday: the next one after the mail's day, or the last one before it."""
    weekday = _weekday(match["wd"])
    ahead = (weekday - clock.today.weekday()) % 7 or 7
    back = (clock.today.weekday() - weekday) % 7
    return Day(clock.today + ahead * DAY, past=clock.today - back * DAY, rule="weekday", is_yearless=True)


def _next_weekday(match: re.Match[str], clock: Clock) -> Day:
    """`next Friday` said early in a week may mean this week's or next week's: where they differ, nobody can tell."""
    coming = _coming(match, clock).day
    of_next_week = _this_monday(clock) + WEEK + _weekday(match["wd"]) * DAY
    return Day(of_next_week, past=of_next_week, rule="next weekday", is_ambiguous=coming != of_next_week)


def _weekday_week(match: re.Match[str], clock: Clock) -> Day:
    day = _coming(match, clock).day + WEEK
    return Day(day, past=day, rule="weekday week")


def _day_of_month(match: re.Match[str], clock: Clock) -> Day | None:
    """`the 24th`: the next day of that number. A weekday beside it must fit, or fit the last such day."""
    number = int(match["d"])
    weekday = match.groupdict().get("wd")
    months = [_month_on(clock.today, ahead) for ahead in range(-2, 4)]
    days = [found for year, month in months if (found := _date(year, month, number))]
    future = next(day for day in days if day >= clock.today)
    past = next(day for day in reversed(days) if day <= clock.today)
    if weekday and future.weekday() != _weekday(weekday):
        if past.weekday() != _weekday(weekday):
            return Day(future, past=past, rule="day of the month", is_yearless=True, is_ambiguous=True)
        future = past
    return Day(future, past=past, rule="day of the month", is_yearless=True)


def _month_on(day: date, ahead: int) -> tuple[int, int]:
    """The year and the month so many months later."""
    month0 = day.month - 1 + ahead
    return day.year + month0 // 12, month0 % 12 + 1


def _day_of_next_month(match: re.Match[str], clock: Clock) -> Day | None:
    year, month = _month_on(clock.today, 0 if re.search(r"this|diese|laufend", match.group(0)) else 1)
    found = _date(year, month, int(match["d"]))
    return Day(found, past=found, rule="day of the next month") if found else None


def _from_near_day(match: re.Match[str], clock: Clock) -> Day | None:
    """`two days after tomorrow`."""
    count = _count(match["n"])
    base = {"today": 0, "tomorrow": 1, "yesterday": -1, "now": 0}[match["base"]]
    days = _length(count, match["unit"]) * (-1 if match["way"] == "before" else 1)
    found = clock.today + base * DAY + days
    return Day(found, past=found, rule="so long from a near day") if count else None


def _part_of_month(match: re.Match[str], clock: Clock) -> Day | None:
    groups = match.groupdict()
    if groups.get("mon"):
        month = _month(match["mon"])
        year = _year(groups["y"]) if groups.get("y") else clock.today.year
        last = calendar.monthrange(year, month)[1]
        if not groups.get("y") and date(year, month, last) < clock.today:
            year += 1
    else:
        ahead = 1 if re.search(r"next|n[äa]e?chst|kommend|folgend|following", match.group(0)) else 0
        year, month = _month_on(clock.today, ahead)
    return month_part(year, month, match["part"])


EARLY = ("early", "beginning", "start", "anfang", "first", "erste", "begin", "bom")
MIDDLE = ("mid", "mitte", "midd", "halfway")


def month_part(year: int, month: int, part: str) -> Day:
    """Early is the 1st, mid the 15th, end the last day; the spans are 1–10, 10–20 and 20–last."""
    last = calendar.monthrange(year, month)[1]
    if part.startswith(EARLY):
        day, span = 1, (1, 10)
    elif part.startswith(MIDDLE):
        day, span = 15, (10, 20)
    else:
        day, span = last, (20, last)
    found = date(year, month, day)
    return Day(
        found,
        Precision.MONTH,
        (date(year, month, span[0]), date(year, month, span[1])),
        found,
        "part of a month",
    )


def _whole_month(match: re.Match[str], clock: Clock) -> Day | None:
    month = _month(match["mon"])
    year = _year(match["y"]) if match["y"] else clock.today.year
    if not match["y"] and month < clock.today.month:
        year += 1
    last = calendar.monthrange(year, month)[1]
    first = date(year, month, 1)
    return Day(first, Precision.MONTH, (first, date(year, month, last)), first, "month", is_ambiguous=True)


def _ahead(match: re.Match[str], clock: Clock) -> Day | None:
    count, unit = _count(match["n"]), match["unit"]
    if not count:
        return None
    if re.match(r"(?:working|work|business|arbeits|werk)", match["unit"]):
        day = clock.today
        for _ in range(min(count, 400)):
            day += DAY
            while day.weekday() > 4:
                day += DAY
        return Day(day, past=day, rule="working days from now")
    day = clock.today + _length(count, unit) if not unit.startswith("mon") else _months_on(clock.today, count)
    return Day(day, past=day, rule="so long from now")


def _months_on(day: date, count: int) -> date:
    year, month = _month_on(day, count)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _length(count: int, unit: str) -> timedelta:
    return timedelta(
        days=count
        * (
            14
            if unit.startswith("fort")
            else 7
            if unit.startswith(("w", "kw")) and not unit.startswith(("werk", "working", "work"))
            else 1
        )
    )


def _later(match: re.Match[str], clock: Clock) -> Later | None:
    count = _count(match["n"])
    unit = match["unit"]
    if not count or unit.startswith(("mon", "working", "work", "business", "arbeits", "werk")):
        return None
    days = _length(count, unit).days
    whole = match.group(0)
    is_earlier = bool(re.search(r"earl|sooner|fr[üu]e?her|eher|forward|vorgezogen", whole))
    from_requested = bool(
        re.search(
            r"late\b|early\b|delay|than|als |versp|verz|verschieb|rutsch|slip|push|behind|forward|um ", whole
        )
    )
    return Later(-days if is_earlier else days, from_requested)


def _range(match: re.Match[str], clock: Clock) -> Day | None:
    """`12-14 March`: somewhere in between, so the last day is what may be counted on."""
    last = _of(match.groupdict().get("y"), _month(match["mon"]), int(match["d2"]), clock, "range")
    if last is None:
        return None
    first = _date(last.day.year, last.day.month, int(match["d"]))
    if first is None or first >= last.day:
        return None
    return Day(last.day, Precision.DAY, (first, last.day), last.past, "range of days", is_ambiguous=True)


def _dotted_range(match: re.Match[str], clock: Clock) -> Day | None:
    last = _of(match["y"], int(match["m"]), int(match["d2"]), clock, "range")
    first = _date(last.day.year, int(match["m1"] or match["m"]), int(match["d"])) if last else None
    if last is None or first is None or first >= last.day:
        return None
    return Day(last.day, Precision.DAY, (first, last.day), last.past, "range of days", is_ambiguous=True)


def _week_range(match: re.Match[str], clock: Clock) -> Day | None:
    if int(match["w2"]) > 53 or int(match["w2"]) <= int(match["w"]):
        return None
    first = _week(match, clock)
    if first is None:
        return None
    last = first.day + (int(match["w2"]) - int(match["w"])) * WEEK
    return Day(last, Precision.WEEK, (first.day, last + 6 * DAY), last, "range of weeks", is_ambiguous=True)


def _simple(rule: str, *, month_first: bool = False) -> Reader:
    def read(match: re.Match[str], clock: Clock) -> Day | None:
        return _numeric(match, clock, rule, month_first=month_first)

    return read


def _slashed(match: re.Match[str], clock: Clock) -> Day | None:
    return _numeric(match, clock, "numbers", month_first=clock.month_first)


def _named(match: re.Match[str], clock: Clock) -> Day | None:
    return _of(match["y"], _month(match["mon"]), int(match["d"]), clock, "named month")


def _iso(match: re.Match[str], clock: Clock) -> Day | None:
    return _of(match["y"], int(match["m"]), int(match["d"]), clock, "ISO")


def _either_weekday(match: re.Match[str], clock: Clock, read: Callable[[re.Match[str], Clock], Day]) -> Day:
    name = next(value for key, value in match.groupdict().items() if key.startswith("wd") and value)
    renamed = re.match(r"(?P<wd>.+)", name)
    assert renamed
    return read(renamed, clock)


def _last_weekday(match: re.Match[str], clock: Clock) -> Day:
    day = _coming(match, clock).day - WEEK
    if day >= clock.today:
        day -= WEEK
    return Day(day, past=day, rule="last weekday")


def _delay(match: re.Match[str], clock: Clock) -> Later | None:
    found = _later(match, clock)
    return Later(found.days, from_requested=True, rule="delayed by") if found else None


def _more_time(match: re.Match[str], clock: Clock) -> Later | None:
    """`two more weeks`: after the day that was asked for."""
    count = _count(match["n"] or match["n2"] or match["n3"])
    unit = match["unit"] or match["unit3"]
    days = _length(count, unit).days
    return (
        Later(days, from_requested=True, rule="more time") if count and not unit.startswith("mon") else None
    )


def _ago(match: re.Match[str], clock: Clock) -> Day | None:
    count = _count(match["n"] or match["n2"])
    day = clock.today - _length(count, match["unit"] or match["unit2"])
    return Day(day, past=day, rule="so long ago") if count else None


WEEK_WORD = r"(?:kw|cw|wk|ww|w|weeks?|kalenderwoche|calendar week|lieferwoche|woche)"
DURATION = r"(?P<unit>(?:working |business |work |arbeits|werk)?(?:days?|tagen?|tage|weeks?|fortnights?|wochen?|wks?|months?|monaten?|monate|woche|monat|tag))"
DE_AHEAD = r"(?:n[äa]e?chste[rnms]?|kommende[rnms]?|folgende[rnms]?)"

# Name, pattern, reader. Earlier rules win over later ones at the same place.
RULES: tuple[tuple[str, str, Reader], ...] = (
    ("so long from a near day", rf"(?<!\w)(?P<n>{NUMBER}) {DURATION} (?P<way>after|from|before) (?P<base>today|tomorrow|yesterday|now)(?!\w)", _from_near_day),
    ("day of the next month", rf"(?<!\w)(?:the )?{D}(?:st|nd|rd|th|\.) (?:of |day of |des )?(?:the )?(?:next|this|the following|{DE_AHEAD}|dieses|laufenden) (?:month|monats?)(?!\w)", _day_of_next_month),
    ("year, named month, day", rf"{BEFORE}(?P<y>20\d\d)[-/ ](?P<mon>{MONTH})[-/ ]{D}{AFTER}", _named),
    ("ISO", rf"{BEFORE}(?P<y>20\d\d)[-/.]{M}[-/.]{D}(?:[t ]\d\d:\d\d(?::\d\d)?)?{AFTER}", _iso),
    ("weeks from to", rf"(?<!\w){WEEK_WORD}\.? ?(?P<w>\d{{1,2}}) ?(?:/|-|to|bis|or|oder|und|and) ?(?:{WEEK_WORD}\.? ?)?(?P<w2>\d{{1,2}})(?P<y>)(?![\d/.])", _week_range),
    ("days from to, dots", rf"{BEFORE}{D}\.(?:(?P<m1>0?[1-9]|1[0-2])\.)? ?(?:-|bis)(?: zum)? ?(?P<d2>0?[1-9]|[12]\d|3[01])\.{M}\.?(?P<y>20\d\d)?(?![\w])", _dotted_range),
    ("days from to, named", rf"{BEFORE}{D}{TH} ?(?:-|to|bis|or|oder) ?(?P<d2>0?[1-9]|[12]\d|3[01]){TH} (?P<mon>{MONTH})\b\.?(?: (?P<y>20\d\d))?", _range),
    ("named days from to", rf"(?<!\w)(?P<mon>{MONTH})\.? {D}{TH} ?(?:-|to|or) ?(?P<d2>0?[1-9]|[12]\d|3[01]){TH}(?:,? (?P<y>20\d\d))?(?![\w/])", _range),
    ("day, month, year in dots", rf"{BEFORE}(?P<a>0?[1-9]|[12]\d|3[01])\. ?(?P<b>0?[1-9]|1[0-2])\. ?(?P<y>20\d\d|\d\d){AFTER}", _simple("dots")),
    ("day and month in dots", rf"{BEFORE}(?P<a>0?[1-9]|[12]\d|3[01])\. ?(?P<b>0?[1-9]|1[0-2])\.(?P<y>)(?![\w/])", _simple("dots")),
    ("numbers with slashes and a year", rf"{BEFORE}(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>20\d\d|\d\d){AFTER}", _slashed),
    ("numbers with dashes and a year", rf"{BEFORE}(?P<a>\d{{1,2}})-(?P<b>\d{{1,2}})-(?P<y>20\d\d|\d\d){AFTER}", _slashed),
    ("day-month-year", rf"{BEFORE}{D}[-/. ]?(?P<mon>{MONTH})\.?[-/. ](?P<y>20\d\d|'?\d\d(?=[ ,;)]|\.?$)){AFTER}", _named),
    ("day and named month", rf"{BEFORE}{D}{TH}[- ]?(?:of |day of )?(?P<mon>{MONTH})\b\.?(?:,? ?(?P<y>20\d\d))?(?![\w/])", _named),
    ("named month and day", rf"(?<!\w)(?P<mon>{MONTH})\.?[- ]?(?:the )?{D}(?:\s?(?:st|nd|rd|th))?(?:,? ?(?P<y>20\d\d|'\d\d))?(?![\w/])(?![.,:]\d)(?! ?(?:pcs|pieces|stk|sets|units|m\b|kg))", _named),
    ("part of a month", rf"(?<!\w)(?P<part>early(?: in)?|(?:the )?(?:beginning|start|first days?|first part) (?:of|in)|mid(?:dle)?(?: of| to)?|mid-|late(?: in)?|(?:the )?end (?:of|in)|by end|end|anfang(?: des| der)?|mitte(?: des)?|ende(?: des)?)[ -]?(?:next |this |the |of )?(?P<mon>{MONTH})\b\.?(?:,? ?(?P<y>20\d\d))?", _part_of_month),
    ("part of this or the next month", rf"(?<!\w)(?P<part>beginning|start|early|mid(?:dle)?|end|late|anfang|mitte|ende)(?: of)? (?:(?:the|this|next|the following|{DE_AHEAD}|diese[smn]|des|n[äa]chsten|kommenden|laufenden) )+(?:month|monats?)\b", _part_of_month),
    ("month end", r"(?<!\w)(?P<part>eom|month[- ]end|end of month|monatsende|monatsanfang|monatsmitte)(?!\w)", lambda m, c: month_part(c.today.year, c.today.month, {"monatsanfang": "anfang", "monatsmitte": "mitte"}.get(m["part"], "end"))),
    ("day of a numbered week", rf"(?<!\w)(?P<wd>{ANY_WEEKDAY})\.?,? ?(?:(?:of|in|der|in der|,) )*{WEEK_WORD}\.? ?(?P<w>\d{{1,2}})(?:[./ ]+(?P<y>20\d\d))?(?![\d.,]\d)(?!\w)", _week),
    ("numbered week", rf"(?<!\w)(?:(?:the |early |late |end of |beginning of |anfang |mitte |ende |mid )?)(?:{WEEK_WORD})[.: -]{{0,2}}(?P<w>\d{{1,2}})(?: ?[./ -] ?(?P<y>20\d\d|2\d))?(?![\d])(?![.,]\d)(?!\w)", _week),
    ("week number first", r"(?<![\w.,])(?P<w>\d{1,2})\. ?(?:kw|kalenderwoche|woche)(?: ?[/ ] ?(?P<y>20\d\d))?(?!\w)", _week),
    ("weekday the nth", rf"(?<!\w)(?P<wd>{WEEKDAY})\.?,? (?:the |den |der )?{D}(?:st|nd|rd|th|\.)(?!\w)(?!\d)", _day_of_month),
    ("the day after tomorrow", r"(?<!\w)(?:(?:the )?day after (?:tomorrow|tmr?w)|[üu]e?bermorgen)(?!\w)", _days_from_now(2)),
    ("tomorrow", r"(?<!\w)(?:(?:gleich|schon|erst|noch|bereits) morgen(?! (?:fr[üu]h|abend))|tomorrow|tmrw|tmw|(?:(?<=\w )|(?<=, )|(?<=- )|(?<=: ))(?<!guten )(?<!sch[öo]nen )(?<!heute )(?<!gestern )morgen(?!\W*$)(?: fr[üu]e?h| vormittag| nachmittag)?|^morgen(?= (?:geht|gehen|liefern|wird|werden|kommt|kommen|senden|schicken|versenden)))(?!\w)", _days_from_now(1)),
    ("today", r"(?<!\w)(?:today|this (?:morning|afternoon|evening)|tonight|heute(?: noch| fr[üu]e?h| morgen| nachmittag| vormittag| abend)?)(?!\w)", _days_from_now(0)),
    ("yesterday", r"(?<!\w)(?:the day before yesterday|vorgestern)(?!\w)", _days_from_now(-2)),
    ("yesterday", r"(?<!\w)(?:yesterday|last night|gestern(?: abend| nachmittag)?)(?!\w)", _days_from_now(-1)),
    ("now", r"(?<!\w)(?:right now|immediately|straight away|at once|sofort|umgehend)(?!\w)", _days_from_now(0, is_now=True)),
    ("weekday week", rf"(?<!\w)(?P<wd>{WEEKDAY}) week(?!\w| \d)|(?<!\w)(?:a|1) week (?:on|from|this) (?P<wd2>{WEEKDAY})(?!\w)|(?<!\w)(?P<wd3>{WEEKDAY}) in (?:einer|1) woche(?!\w)", lambda m, c: _either_weekday(m, c, _weekday_week)),
    ("day of the week after next", rf"(?<!\w)(?P<wd>{WEEKDAY})(?: of)?(?: (?:in|the|der))* (?:week after next|[üu]e?bern[äa]e?chste[rn]? woche)(?!\w)", _relative_week(2)),
    ("the week after next", r"(?<!\w)(?:(?:the )?week after next|in der [üu]e?bern[äa]e?chsten woche|[üu]e?bern[äa]e?chste woche)(?!\w)", _relative_week(2)),
    ("day of the next week", rf"(?<!\w)(?P<wd>{WEEKDAY})(?: of| in| on|,)*(?: der)? (?:next week|{DE_AHEAD} woche)(?!\w)", _relative_week(1)),
    ("the next week's day", rf"(?<!\w)(?:next week|(?:in der )?{DE_AHEAD} woche),?(?: on| am)? (?P<wd>{WEEKDAY})(?!\w)", _relative_week(1)),
    ("next week", rf"(?<!\w)(?:(?:early |late |end of |beginning of |anfang |mitte |ende |in der |im laufe der |(?:sometime |some time )?(?:during )?)?(?:next week|{DE_AHEAD} woche|the (?:coming|following) week))(?!\w)", _relative_week(1)),
    ("day of this week", rf"(?<!\w)(?P<wd>{WEEKDAY})(?: of| in)? (?:this week|diese[rn]? woche)(?!\w)", _relative_week(0)),
    ("this week", r"(?<!\w)(?:(?:end of |ende |late |later |noch |in )?(?:this week|diese[rn]? woche))(?!\w)", _relative_week(0)),
    ("next weekday", rf"(?<!\w)next (?P<wd>{WEEKDAY})(?!\w)|(?<!\w)n[äa]e?chste[nr]? (?P<wd2>{WEEKDAY})(?!\w)", lambda m, c: _either_weekday(m, c, _next_weekday)),
    ("last weekday", rf"(?<!\w)(?:last|letzten|vergangenen|vorigen) (?P<wd>{WEEKDAY})(?!\w)", _last_weekday),
    ("weekday", rf"(?<!first )(?<!second )(?<!third )(?<!fourth )(?<!last week )(?<!\w)(?:(?:this|this coming|coming|diesen|kommenden) )?(?P<wd>{WEEKDAY})(?!\w)", _coming),
    ("short weekday", r"(?<=am )(?P<wd>mo|di|mi|do|fr)(?:\.|(?= ))(?!\w)", _coming),
    ("delayed by", rf"(?<!\w)(?:by|um|(?:a )?(?:delay|slippage) of|(?:verzug|versp[äa]e?tung|verz[öo]e?gerung)(?: von|:)?|with a delay of|mit|delayed|slipped|slip|slips|pushed (?:out|back)|running|verz[öo]gert sich|versp[äa]tet sich|out) (?:another |a further |about |approx\.? |ca\.? |weitere |etwa |rund )?(?P<n>{NUMBER})[ -]{DURATION}(?: (?:delay|late(?:r)?|versp[äa]tung|verzug|sp[äa]ter|verz[öo]gerung|nach hinten|fr[üu]e?her|earlier|forward))?(?!\w)(?! of)", _delay),
    ("so long later", rf"(?<!\d to )(?<!\d bis )(?<!\d-)(?<!\d or )(?<!\d - )(?<!\w)(?P<n>{NUMBER})[ -]{DURATION} (?:(?:later|late|earlier|early|sooner|sp[äa]e?ter|fr[üu]e?her|eher|behind|versp[äa]tung|verzug)(?: (?:than|als) (?:\w+ ?){{1,3}})?|after that|danach|darauf|thereafter|afterwards|delay)(?!\w)", _later),
    ("the day after", r"(?<!\w)(?:(?:on )?the (?:next|following) day|the day after(?! \w)|a day later|tags? darauf|tags? drauf|am (?:n[äa]chsten|folgenden|darauffolgenden) tag)(?!\w)", lambda m, c: Later(1, rule="the day after")),
    ("so much more time", rf"(?<!\w)(?:(?P<n>{NUMBER}) more|(?:weitere|noch) (?P<n2>{NUMBER})) {DURATION}(?!\w)(?! (?:ago|old))|(?<!\w)(?P<n3>{NUMBER}) (?P<unit3>days?|weeks?|tage?|wochen?) (?:l[äa]e?nger|longer|more)(?!\w)", _more_time),
    ("so long ago", rf"(?<!\w)(?P<n>{NUMBER}) {DURATION} ago(?!\w)|(?<!\w)vor (?P<n2>{NUMBER}) (?P<unit2>tagen|wochen|monaten|woche|monat|tag)(?!\w)", _ago),
    ("so long from now", rf"(?<!\w)(?:in|within|innerhalb von|binnen|inside|in the next) (?:approx\.? |about |around |ca\.? |etwa |circa )?(?P<n>{NUMBER})[ -]{DURATION}(?:' time)?(?:(?: from)? (?:now|today))?(?!\w)(?! (?:after|from|nach|ab|of)\b)", _ahead),
    ("so long from now", rf"(?<!\w)(?P<n>{NUMBER}) {DURATION} (?:from (?:now|today)|ab heute)(?!\w)", _ahead),
    ("the nth", rf"(?:(?<=\bon )|(?<=\bby )|(?<=\buntil )|(?<=\bto )|(?<=\bfor )|(?<!\w)the ){D}(?:st|nd|rd|th)(?!\w)(?! (?:line|item|position|lot|batch|delivery|shipment|time|of ))", _day_of_month),
    ("the nth, German", rf"(?<!\w)(?:am|zum|bis(?: zum)?|den|dem|auf den|ab dem) {D}\.(?=$|[ ,;)])(?! (?:kw|kalenderwoche|position|pos|woche|\d))", _day_of_month),
    ("day and month without a last dot", r"(?:(?<=am )|(?<=zum )|(?<=bis )|(?<=den )|(?<=ab )|(?<=termin )|(?<=termin: )|(?<=lt )|(?<=lt: )|(?<=datum: )|(?<=auf )|(?<=vom ))(?P<a>0?[1-9]|[12]\d|3[01])\.(?P<b>0[1-9]|1[0-2]|[1-9])(?P<y>)(?![\w.,/])(?! ?(?:eur|€|%|m\b|kg|stk|st\b|tsd))", _simple("dots")),
    ("month and day with a slash", rf"{BEFORE}(?P<a>0?[1-9]|[12]\d|3[01])/(?P<b>0?[1-9]|[12]\d|3[01])(?P<y>)(?![\w/-])(?![.,]\d)", _slashed),
    ("a month", rf"(?<!\w)(?:in|im|during|end|for|until|before|till|not before|by|throughout|sometime in)(?: the)? (?P<mon>{MONTH})\b(?! \d)(?: (?P<y>20\d\d))?(?!\w)", _whole_month),
)  # fmt: skip


COMPILED = tuple((name, re.compile(pattern), read) for name, pattern, read in RULES)
ANYTHING = re.compile(
    r"\d|"
    + word_pattern(*(re.escape(name) for name in (*MONTHS, *LONG_DAYS)))
    + r"|to?da?y|yester|morrow|heute|gestern|morgen|week|woche|month|monat|now|sofort|umgehend|at once|immediately|straight away|eom|tmr?w|tonight|\bday|tag|night|morning|afternoon|evening"
)


def find_days(text: str, clock: Clock) -> Iterator[FoundDay]:
    """All days in a text in folded form, from left to right, none overlapping another."""
    if not ANYTHING.search(text):
        return
    taken: list[FoundDay] = []
    for _name, pattern, read in COMPILED:
        for match in pattern.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in taken):
                continue
            value = read(match, clock)
            if value is not None and not (isinstance(value, Day) and _is_implausible(value, clock)):
                taken.append(FoundDay(match.start(), match.end(), value))
    yield from _joined(text, sorted(taken, key=lambda one: one.start))


WEEK_OF = re.compile(
    r"(?<!\w)(?:w/?c\.?|w/?b\.?|(?<!per )(?<!a )(?:the )?week (?:of|commencing|beginning|starting|from)|woche (?:vom|ab|des|um den))"
    r"(?: the| dem| of|,)* ?$"
)
NAMED_MONTH = re.compile(rf"(?<!\w){_any_of([name for name in MONTHS if len(name) > 3])}(?!\w)")
BETWEEN = re.compile(r"[.,]{0,2} ?\(?(?:(?:the|den|der|dem|on|also|i\.e\.) ?)?")


def _joined(text: str, found: list[FoundDay]) -> Iterator[FoundDay]:
    """`Friday, 13 March` is one day, and `the week of 9 March` a week."""
    at = 0
    while at < len(found):
        one = _in_named_month(text, found[at])
        at += 1
        if at < len(found) and _is_weekday(one) != _is_weekday(found[at]):
            other = found[at]
            if BETWEEN.fullmatch(text[one.end : other.start]) and isinstance(other.value, Day):
                named, dated = (one, other) if _is_weekday(one) else (other, one)
                if isinstance(dated.value, Day) and dated.value.precision is Precision.DAY:
                    end = other.end + (text[other.end : other.end + 1] == ")")
                    one = FoundDay(one.start, end, _with_weekday(named.value, dated.value))
                    at += 1
        head = WEEK_OF.search(text[max(0, one.start - 40) : one.start])
        if head and isinstance(one.value, Day) and one.value.precision is Precision.DAY:
            monday = one.value.day - one.value.day.weekday() * DAY
            week = Day(
                monday,
                Precision.WEEK,
                (monday, monday + 6 * DAY),
                monday,
                "week of a day",
                one.value.is_yearless,
            )
            one = FoundDay(one.start - len(head.group(0)), one.end, week)
        yield one


def _in_named_month(text: str, one: FoundDay) -> FoundDay:
    """`The last week of April, say the 28th`: a day without a month is of the month just named."""
    if not (isinstance(one.value, Day) and one.value.rule == "day of the month"):
        return one
    named = [match.group(0) for match in NAMED_MONTH.finditer(text[: one.start])]
    number = re.search(r"\d+", text[one.start : one.end])
    if not named or not number:
        return one
    month = _month(named[-1])
    year = one.value.day.year + (1 if month < one.value.day.month - 6 else 0)
    day = _date(year, month, int(number.group(0)))
    return FoundDay(one.start, one.end, replace(one.value, day=day, past=day)) if day else one


def _is_weekday(found: FoundDay) -> bool:
    return isinstance(found.value, Day) and found.value.rule in ("weekday", "next weekday")


def _with_weekday(named: Day | Later, dated: Day) -> Day:
    """A weekday beside a date must be that date's; if it is not, one of the two is wrong and nobody knows which."""
    assert isinstance(named, Day)
    weekday = named.day.weekday()
    fits = dated.day.weekday() == weekday or (dated.past is not None and dated.past.weekday() == weekday)
    return replace(dated, rule="weekday and " + dated.rule, is_ambiguous=dated.is_ambiguous or not fits)


def _is_implausible(value: Day, clock: Clock) -> bool:
    return not (clock.today.year - 3 <= value.day.year <= clock.today.year + 4)
