"""The page "Set-up": everything that is set up once, as cards."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.kernel.access import DoorRequest, door
from portal.navigation.building import side_of
from portal.navigation.company import SETUP
from portal.navigation.counts import Mine, counted
from suppliers.roles import Permission


@door(Permission(SETUP.permission))
def set_up(request: DoorRequest) -> HttpResponse:
    """Cards by group: a sentence each, and what waits there. Who may not go somewhere does not see its card."""
    groups = [
        (group.label, [way for way in group.ways if request.actor.may(way.permission)])
        for group in side_of(request.actor).groups
    ]
    wanted = {way.count for _label, ways in groups for way in ways}
    counts = counted(wanted, request, request.actor, Mine())
    cards = [
        {
            "label": label,
            "ways": [
                {"way": way, "url": reverse(way.name), "count": counts.get(way.count, 0)} for way in ways
            ],
        }
        for label, ways in groups
        if ways
    ]
    return render(request, "portal/set_up.html", {"groups": cards})
