"""How far back the monitor looks: a day, a week or a month."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest

WINDOWS = {"day": timedelta(hours=24), "week": timedelta(days=7), "month": timedelta(days=30)}


def window_of(request: DoorRequest) -> str:
    """The window that the address asks for; a day where it asks for none."""
    asked = request.GET.get("window", "day")
    return asked if asked in WINDOWS else "day"


def since_of(window: str, at: datetime) -> datetime:
    """When a window began."""
    return at - WINDOWS[window]


def windows(current: str) -> list[dict[str, Any]]:
    """The windows to choose from, as segments of components/seg.html."""
    labels = {"day": _("24 h"), "week": _("7 days"), "month": _("30 days")}
    return [
        {"url": f"?window={key}", "label": label, "current": key == current} for key, label in labels.items()
    ]
