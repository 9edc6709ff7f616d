"""What a person may set about themselves."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from suppliers.models import User
from suppliers.models.user import Theme

# Left out: links kept for old machines (posixrules, US/Pacific, Etc/GMT+5) and bare words (EST, Cuba).
_OLD_REGIONS = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


def time_zones() -> list[str]:
    """The time zones a person may choose, by region and city, UTC first."""
    named = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(_OLD_REGIONS))
    return ["UTC", *sorted(named)]


class PreferencesForm(forms.ModelForm):
    """Name, language, time zone, theme, keys. What a post does not name stays as it is: a menu posts one field."""

    theme = forms.ChoiceField(
        label=_("Appearance"),
        choices=[
            (Theme.SYSTEM, _("As the system")),
            (Theme.LIGHT, _("Light")),
            (Theme.DARK, _("Dark")),
        ],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("All times on your pages are shown in it. Dates of orders do not move."),
    )
    shortcuts = forms.TypedChoiceField(
        label=_("Single keys as shortcuts"),
        choices=[("on", _("On")), ("off", _("Off"))],
        coerce=lambda typed: typed == "on",
        widget=forms.RadioSelect,
        help_text=_(
            "Keys such as A to accept. They are silent while you type. The key ? lists those of a page."
        ),
    )

    class Meta:
        model = User
        fields = ("name", "language", "time_zone", "theme", "shortcuts")
        labels = {"name": _("Your name")}
        help_texts = {"name": _("As the people you trade with shall read it.")}

    def __init__(self, data: QueryDict | None = None, *, instance: User, **rest: Any) -> None:
        super().__init__(data, instance=instance, **rest)
        self.initial["shortcuts"] = "on" if instance.shortcuts else "off"
        zones = time_zones()
        if instance.time_zone not in zones:
            zones.append(instance.time_zone)
        zone: Any = self.fields["time_zone"]
        zone.choices = [(name, name.replace("_", " ")) for name in zones]
        if data is not None:
            for name in [name for name in self.fields if name not in data]:
                del self.fields[name]
