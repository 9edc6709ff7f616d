"""What every page says in the same way: states, quantities, money, days, moments, icons, links of lists.

How a state looks is in `portal.kernel.looks`; docs/design.md has the tags with examples.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundWidget
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.dateformat import format as dateformat
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.kernel.looks import DIMENSION_ICONS, Word, look_of
from portal.kernel.values import Money, Quantity, UnitOfMeasure, decimals_of, minor_units, rounded
from portal.kernel.ways import way_to

register = template.Library()

MINUS = "−"
# Day and moment, unambiguous in each language (never 03/12/26). `j`, `M`, `Y` are Django's date letters.
DAY_PATTERNS = {"de": "j. M Y", "zh-hans": "Y年n月j日"}
SHORT_DAY_PATTERNS = {"de": "j. M", "zh-hans": "n月j日"}


# --- icons and glyphs


@cache
def _use(css: str, box: int, address: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" viewBox="0 0 {} {}"><use href="{}"/></svg>',
        css,
        box,
        box,
        address,
    )


@cache
def _sprite(fragment: str) -> str:
    return f"{static('img/icons.svg')}#{fragment}"


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An outline icon of the sprite, hidden from screen readers: the word beside it says it."""
    return _use(f"q-i {css}".strip(), 24, _sprite(f"i-{name}"))


@register.simple_tag
def glyph(name: str) -> SafeString:
    """How far something has come: none wait quarter half most full stop alert talk stale over."""
    return _use("q-g", 16, _sprite(f"g-{name}"))


@register.simple_tag
def dimension_icon(dimension: str) -> SafeString:
    """The icon that stands for one of the four statuses."""
    return icon(DIMENSION_ICONS[dimension])


# --- states


def _request(context: Any) -> Any:
    # An include with `only` drops the variables but keeps the request it belongs to.
    return getattr(context, "request", None) or context.get("request")


def _side(context: Any) -> str:
    actor = getattr(_request(context), "actor", None)
    return str(getattr(actor, "side", ""))


# Note [Remembered]: a page of a 1,000-line order says the same few words and figures thousands of times. What
# depends only on its arguments (the language is one of them) is made once.
@lru_cache(maxsize=1024)
def _badge(css: str, tone: str, glyph_name: str, word: str) -> SafeString:
    return format_html('<span class="{} t-{}">{}{}</span>', css, tone, glyph(glyph_name), word)


@register.simple_tag(takes_context=True)
def state(context: Any, dimension: str, value: str, word: Word = "") -> SafeString:
    """A state inside a table or a list: glyph and word. `word` says it more exactly ("15 of 18 agreed")."""
    look = look_of(dimension, value, _side(context))
    css = "q-erp" if dimension == "erp" else "q-state"
    return _badge(css, look.tone, look.glyph, str(word or look.word))


@register.simple_tag(takes_context=True)
def chip(context: Any, dimension: str, value: str, word: Word = "") -> SafeString:
    """A state that stands alone, for instance beside a heading. Never one in every row."""
    look = look_of(dimension, value, _side(context))
    return _badge("q-chip", look.tone, look.glyph, str(word or look.word))


@register.simple_tag(takes_context=True)
def state_tone(context: Any, dimension: str, value: str) -> str:
    """The tone class alone, `t-wait`, for a row or a timeline dot."""
    return f"t-{look_of(dimension, value, _side(context)).tone}"


@register.simple_tag(takes_context=True)
def state_word(context: Any, dimension: str, value: str) -> str:
    """The word alone, for titles, mails and files."""
    return str(look_of(dimension, value, _side(context)).word)


# --- quantities, money, prices


def figure(amount: Decimal | int, decimals: int = 0) -> str:
    """A number as the reader writes numbers: at least so many decimals, never fewer than it really has."""
    return _figure(Decimal(amount), decimals, get_language())


@lru_cache(maxsize=8192)  # see Note [Remembered]
def _figure(exact: Decimal, decimals: int, language: str | None) -> str:
    places = max(decimals, decimals_of(exact))
    text = formats.number_format(
        rounded(exact, places), decimal_pos=places, use_l10n=True, force_grouping=True
    )
    return text.replace("-", MINUS)


def _with_unit(text: str, unit: str) -> SafeString:
    if not unit:
        return format_html('<bdi class="nowrap">{}</bdi>', text)
    return format_html('<bdi class="nowrap">{} <span class="q-unit">{}</span></bdi>', text, unit)


def quantity_text(amount: Decimal | int, unit: str | UnitOfMeasure = "") -> str:
    """A quantity in words for labels, files and mails: 1,200 pcs."""
    code, decimals = (unit.code, unit.decimals) if isinstance(unit, UnitOfMeasure) else (unit, 0)
    return f"{figure(amount, decimals)} {code}".strip()


@register.simple_tag
def quantity(amount: Decimal | int | Quantity | None, unit: Any = "", decimals: int = 0) -> SafeString | str:
    """So much of a unit. `unit` is a code or a `UnitOfMeasure`; nothing known shows nothing."""
    if amount is None:
        return ""
    if isinstance(amount, Quantity):
        return quantity(amount.amount, unit or amount.unit, decimals)
    code = getattr(unit, "code", unit)
    return _with_unit(figure(amount, getattr(unit, "decimals", decimals)), str(code))


@register.filter
def plain_figure(amount: Decimal | int | None) -> str:
    """The number alone, as the reader writes it, without needless zeros: what stands in an input field."""
    return "" if amount is None else figure(amount).replace(MINUS, "-")


def money_text(amount: Decimal | int, currency: str) -> str:
    """An amount in words for labels, files and mails: 55,216.40 EUR."""
    return f"{figure(amount, minor_units(currency))} {currency}"


@register.simple_tag
def money(amount: Decimal | int | Money | None, currency: str = "") -> SafeString | str:
    """An amount with its currency, in the currency's own decimals."""
    if amount is None:
        return ""
    if isinstance(amount, Money):
        return money(amount.amount, amount.currency)
    return format_html('<bdi class="nowrap">{}</bdi>', money_text(amount, currency))


@register.simple_tag
def price(
    amount: Decimal | None, currency: str = "", per: Decimal | int = 1, unit: Any = ""
) -> SafeString | str:
    """What one unit costs, or N of them: 41.20 EUR / 100 pcs. Without unit: figure and currency."""
    if amount is None:
        return ""
    code = str(getattr(unit, "code", unit))
    count = "" if Decimal(per) == 1 else f"{figure(per)} "
    basis = f" / {count}{code}".rstrip() if code or count else ""
    text = f"{figure(amount, minor_units(currency))} {currency}".strip()
    return format_html('<bdi class="nowrap">{}{}</bdi>', text, basis)


# --- days and moments


def _pattern(patterns: Mapping[str, str], fallback: str) -> str:
    language = (get_language() or "en").lower()
    return patterns.get(language) or patterns.get(language.split("-")[0]) or fallback


@register.filter
def day_text(value: date | None) -> str:
    """A day in plain words, for input fields and labels: 12 Mar 2026, or 12. Mär 2026."""
    return "" if value is None else dateformat(value, _pattern(DAY_PATTERNS, "j M Y"))


def moment_text(value: datetime) -> str:
    """A moment in the reader's own time: 12 Mar 2026, 22:18."""
    here = timezone.localtime(value)
    return f"{day_text(here)}, {here:%H:%M}"


@register.filter
def day(value: date | None) -> SafeString | str:
    """A day, for people and for machines."""
    if value is None:
        return ""
    return _day(value.year, value.month, value.day, get_language())


@lru_cache(maxsize=4096)  # see Note [Remembered]
def _day(year: int, month: int, number: int, language: str | None) -> SafeString:
    value = date(year, month, number)
    text = day_text(value)
    return format_html('<time class="nowrap" datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def weekday(value: date | None) -> SafeString | str:
    """A day with its weekday, where somebody must act by it: Fri 13 Mar 2026."""
    if value is None:
        return ""
    text = f"{dateformat(value, 'D')} {day_text(value)}"
    return format_html('<time class="nowrap" datetime="{}">{}</time>', value.isoformat()[:10], text)


def short_day_text(value: date) -> str:
    """A day without its year in plain text, for the legend of a picture: 9 Apr."""
    return dateformat(value, _pattern(SHORT_DAY_PATTERNS, "j M"))


@register.filter
def short_day(value: date | None) -> SafeString | str:
    """A day without its year, only where the year stands beside it."""
    if value is None:
        return ""
    text = short_day_text(value)
    return format_html('<time class="nowrap" datetime="{}">{}</time>', value.isoformat()[:10], text)


# The first that is found is meant: Edge calls itself Chrome too, and everybody calls itself Safari.
_PROGRAMS = {
    "Edg": "Edge",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "OPR/": "Opera",
    "Chrome/": "Chrome",
    "Version/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iOS",
    "iPad": "iOS",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


@register.filter
def program(user_agent: str) -> str:
    """The browser and the system behind what a browser says of itself: Firefox on Windows."""
    name = next((name for mark, name in _PROGRAMS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    if not name or not user_agent.startswith("Mozilla/"):
        return _("Another program")
    return _("%(program)s on %(system)s") % {"program": name, "system": system} if system else name


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """The time of day of a moment, in the reader's own time; with its date where that is not today's."""
    if value is None:
        return ""
    here = timezone.localtime(value)
    text = f"{here:%H:%M}" if here.date() == timezone.localdate() else moment_text(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', here.isoformat(), moment_text(value), text)


def _now(context: Any) -> datetime:
    at = getattr(_request(context), "at", None)
    return at if isinstance(at, datetime) else timezone.now()


def distance_text(value: datetime, now: datetime) -> str:
    """How long ago, or how soon, in words: 22 min ago, yesterday, in 4 days. Beyond a month, the day."""
    here, there = timezone.localtime(now), timezone.localtime(value)
    minutes = int((now - value) / timedelta(minutes=1))
    days = (here.date() - there.date()).days
    if abs(days) > 30:
        return day_text(there)
    if abs(minutes) < 1:
        return _("just now")
    if abs(minutes) < 60:
        ago = ngettext("%(n)d min ago", "%(n)d min ago", minutes)
        ahead = ngettext("in %(n)d min", "in %(n)d min", -minutes)
        return (ago if minutes > 0 else ahead) % {"n": abs(minutes)}
    if days == 0:
        return _("today %(time)s") % {"time": f"{there:%H:%M}"}
    if days in (1, -1):
        return _("yesterday") if days == 1 else _("tomorrow")
    words = ngettext("%(n)d day ago", "%(n)d days ago", days) if days > 0 else _("in %(n)d days")
    return words % {"n": abs(days)}


@register.simple_tag(takes_context=True)
def ago(context: Any, value: datetime | None) -> SafeString | str:
    """How long ago, with the exact moment on hover."""
    if value is None:
        return ""
    exact = _("%(moment)s your time") % {"moment": moment_text(value)}
    distance = distance_text(value, _now(context))
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, distance)


@register.filter
def local(value: datetime | None) -> SafeString | str:
    """The exact moment in the reader's own time, with the time zone on hover."""
    if value is None:
        return ""
    zone = timezone.get_current_timezone_name()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), zone, moment_text(value)
    )


@register.simple_tag
def since_and_seen(since: datetime | None, seen: datetime) -> SafeString:
    """Since when something stands and when it was seen: the clock of what is of today or of one day, else the days."""
    since = since or seen
    there, here = timezone.localtime(since), timezone.localtime(seen)
    short = format_html(
        '<time datetime="{}" title="{}">{}</time>', here.isoformat(), moment_text(seen), f"{here:%H:%M}"
    )
    if there.date() == here.date():
        return format_html(_("since {since}, seen {seen}"), since=clock(since), seen=short)
    return format_html(_("since {since}, seen {seen}"), since=_day_of(since), seen=_day_of(seen))


def _day_of(moment: datetime) -> SafeString:
    """The day of a moment in the reader's time, the clock on hover."""
    here = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        here.isoformat(),
        moment_text(moment),
        day_text(here.date()),
    )


@register.simple_tag
def days_late(promised: date | None, asked: date | None) -> str:
    """How late a promise is against what was asked, in words: 2 days late, on time, 1 day early."""
    if promised is None or asked is None:
        return ""
    days = (promised - asked).days
    if days == 0:
        return _("on time")
    if days > 0:
        return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}
    return ngettext("%(n)d day early", "%(n)d days early", -days) % {"n": -days}


# --- differences


@register.simple_tag
def old_new(old: Any, new: Any) -> SafeString:
    """What a value was and what it is now, by eye and by ear. Equal values show once; None is "none"."""
    if old == new:
        return format_html("{}", _shown(new))
    return format_html(
        '<del class="q-old">{}</del> <span class="q-arrow" aria-hidden="true">→</span>'
        '<span class="q-sr">{}</span> <ins class="q-new">{}</ins>',
        _shown(old),
        _("now"),
        _shown(new),
    )


def _shown(value: Any) -> Any:
    if value is None or value == "":
        return _("none")
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Quantity):
        return quantity_text(value.amount, value.unit)
    if isinstance(value, Money):
        return money_text(value.amount, value.currency)
    return figure(value) if isinstance(value, Decimal) else value


# --- links that keep the rest of the address


@register.simple_tag(takes_context=True, name="way_to")
def way(context: Any, name: str, *args: Any) -> str:
    """The address of a page, empty where its door is closed to the reader: `{% way_to "order-story" key as url %}`."""
    return way_to(context["request"].actor, name, *args)


@register.simple_tag(takes_context=True)
def query_string(context: Any, **changed: Any) -> str:
    """The address of this list with some parameters changed; None or "" removes one. Paging starts afresh.

    `{% query_string agreement="awaiting" %}` sets, `{% query_string agreement=None %}` removes.
    """
    query = _request(context).GET.copy()
    query.pop("cursor", None)
    for name, value in changed.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, Iterable) and not isinstance(value, str | Promise):
            query.setlist(name, [str(each) for each in value])
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_without(context: Any, name: str, value: Any = None) -> str:
    """The address of this list without one parameter, or without one of its several values."""
    query = _request(context).GET
    kept = [] if value is None else [each for each in query.getlist(name) if each != str(value)]
    return query_string(context, **{name: kept or None})


@register.inclusion_tag("components/query_inputs.html", takes_context=True)
def query_inputs(context: Any, without: str = "") -> dict[str, Any]:
    """The parameters of this list as hidden inputs, so that a search form keeps the filters."""
    dropped = {*without.split(), "cursor"}
    query = _request(context).GET
    kept = [name for name in query if name not in dropped]
    return {"pairs": [(name, value) for name in kept for value in query.getlist(name)]}


@register.simple_tag(takes_context=True)
def sort_header(context: Any, key: str, label: Word, css: str = "", default: str = "") -> SafeString:
    """A column head that sorts: once up, again down. `default` is the sorting of a list that names none."""
    current = _request(context).GET.get("sort") or default
    descending = current == f"-{key}"
    active = descending or current == key
    target = query_string(context, sort=f"-{key}" if current == key else key)
    direction = "descending" if descending else "ascending"
    return format_html(
        '<th role="columnheader" scope="col"{}{}><a class="q-sort" href="{}">{}{}</a></th>',
        format_html(' class="{}"', css) if css else "",
        format_html(' aria-sort="{}"', direction) if active else "",
        target,
        label,
        format_html(" {}", icon("arrow-down" if descending else "arrow-up")) if active else "",
    )


# --- forms


@register.filter
def is_checkbox(field: forms.BoundField) -> bool:
    """Whether the field is one box to tick: its label stands behind it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: forms.BoundField) -> bool:
    """Whether the field is several boxes or radio buttons under one legend."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def control(field: forms.BoundField) -> SafeString:
    """The control of a field in our look, bound to its hint and its errors."""
    widget = field.field.widget
    css = "form-control"
    if isinstance(widget, forms.CheckboxInput):
        css = "form-check-input"
    elif isinstance(widget, forms.Select):
        css = "form-select"
    own = widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {own}".strip()})


@register.filter
def choices_of(field: forms.BoundField) -> list[BoundWidget]:
    """The boxes or radio buttons of a group, one by one, in our look."""
    attrs: dict[str, str | bool] = {"class": "form-check-input"}
    if field.auto_id:
        attrs["id"] = field.auto_id
    attrs = field.build_widget_attrs(attrs)
    widget = field.field.widget
    rows = widget.subwidgets(field.html_name, field.value(), attrs=attrs)
    return [BoundWidget(widget, row, field.form.renderer) for row in rows]


# --- people


@register.filter
def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = [word for word in str(name).split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.simple_tag
def avatar(name: str, tone: str = "") -> SafeString:
    """A person's initials on a disc, hidden from screen readers: the name stands beside it."""
    css = f"q-av t-{tone}" if tone else "q-av"
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, initials(name))


@register.simple_tag
def ring(share: float) -> SafeString:
    """The time that is left, as a part of a ring between 0 and 1."""
    length = 56.5
    part = f"{max(0.0, min(1.0, float(share))) * length:.1f} {length}"
    return mark_safe(  # noqa: S308 -- only a number of ours is put in
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle class="q-ring-bg" cx="12" cy="12" r="9"/>'
        f'<circle class="q-ring" cx="12" cy="12" r="9" stroke-dasharray="{part}"'
        ' transform="rotate(-90 12 12)"/></svg>'
    )
