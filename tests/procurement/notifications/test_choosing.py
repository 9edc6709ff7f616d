"""What people want to hear of: the page, the link in a mail, and when digests come."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from procurement.links.messages import Person
from procurement.notifications.policies import Gathered, cadence_of, due_at, mails_due
from procurement.notifications.states import ALWAYS, TOLD, Audience, Cadence, NoticeKind
from procurement.notifications.stopping import read_stop, stop_token
from tests.builders.notices import mailed, notices, post, react
from tests.builders.world import an_order
from tests.people import Person as Someone

TODAY = timezone.localdate()
SUNDAY = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # an hour later clocks go forward in Berlin


def due(cadence, at, zone="Europe/Berlin"):
    found = due_at(cadence, at, zone=zone, gather_for=timedelta(minutes=2), digest_hour=7)
    return found.isoformat()


class TestWhenAMailGoes:
    """At once is soon; digests come in the reader's morning, whatever the clocks do."""

    def test_at_once_is_when_enough_was_gathered(self):
        assert due(Cadence.AT_ONCE, SUNDAY) == "2026-03-29T00:32:00+00:00"

    def test_daily_is_the_next_morning_where_the_reader_is(self):
        assert due(Cadence.DAILY, SUNDAY) == "2026-03-29T05:00:00+00:00"  # summer time by then
        assert due(Cadence.DAILY, SUNDAY, "Asia/Kolkata") == "2026-03-29T01:30:00+00:00"
        assert due(Cadence.DAILY, SUNDAY + timedelta(hours=6)) == "2026-03-30T05:00:00+00:00"

    def test_weekly_is_the_next_monday(self):
        assert due(Cadence.WEEKLY, SUNDAY) == "2026-03-30T05:00:00+00:00"
        assert due(Cadence.WEEKLY, SUNDAY + timedelta(days=1, hours=6)) == "2026-04-06T05:00:00+00:00"

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3), st.sampled_from(["at_once", "daily"]), st.integers(-5, 5), st.booleans()
            ),
            max_size=30,
        )
    )
    def test_each_notice_leaves_at_most_once_with_its_own_reader(self, drawn):
        at = SUNDAY
        gathered = [
            Gathered(pk, (f"r{reader}", "supplier", 1), cadence, at + timedelta(minutes=minutes), alone)
            for pk, (reader, cadence, minutes, alone) in enumerate(drawn)
        ]
        by_pk = {one.pk: one for one in gathered}

        mails = mails_due([one for one in gathered if not one.alone or one.due_at <= at], at)

        leaving = [pk for mail in mails for pk in mail]
        assert len(leaving) == len(set(leaving))
        for mail in mails:
            assert len({by_pk[pk].reader for pk in mail}) == 1
        assert {one.pk for one in gathered if one.due_at <= at} <= set(leaving)


class TestWhatSomebodyChose:
    """Reminders and links always come; everything else as chosen."""

    @given(
        st.sampled_from(NoticeKind.values),
        st.sampled_from(Audience.values),
        st.dictionaries(st.sampled_from(NoticeKind.values), st.sampled_from(Cadence.values)),
    )
    def test_holds(self, kind, audience, chosen):
        found = cadence_of(kind, audience, chosen)

        if kind in ALWAYS:
            assert found is Cadence.AT_ONCE
        elif kind in chosen:
            assert found == chosen[kind]

    def test_every_kind_is_told_to_somebody(self):
        assert set(TOLD) == set(NoticeKind.values)


@pytest.mark.django_db(transaction=True)
class TestThePage:
    """A person says how often they want which kind."""

    def save(self, client, **chosen):
        return client.post(reverse("notice-preferences"), chosen)

    @pytest.fixture
    def asha(self, people) -> tuple[Client, Someone]:
        client = Client()
        client.force_login(people["asha"].user)
        return client, people["asha"]

    def test_shows_what_ones_side_is_told_of(self, asha, people, client):
        shown = asha[0].get(reverse("notice-preferences")).text
        client.force_login(people["bea"].user)
        buyers = client.get(reverse("notice-preferences")).text

        assert "New orders" in shown
        assert "Where somebody names me" not in shown
        assert "Where somebody names me" in buyers
        assert 'name="order_new"' not in buyers

    def test_never_means_never_and_leaves_the_others_alone(self, asha):
        assert self.save(asha[0], order_new="never").status_code == 303
        an_order(ordered_on=TODAY, at=timezone.now())

        assert sorted(one.to[0] for one in mailed()) == [
            "Olga Acme <olga@supplier.example>",
            "Sam Both <sam@supplier.example>",
        ]

    def test_daily_comes_the_next_morning_as_one_mail(self, asha):
        self.save(asha[0], order_new="daily")
        for number in ("4500000001", "4500000002"):
            an_order(number, ordered_on=TODAY, at=timezone.now())
        assert not [one for one in mailed() if "asha" in one.to[0]]

        post(timezone.now() + timedelta(days=1))

        from django.core import mail as outbox

        (letter,) = [one for one in outbox.outbox if "asha" in one.to[0]]
        assert "once a day" in letter.body

    def test_what_waits_and_is_not_wanted_any_more_does_not_leave(self, asha):
        an_order(ordered_on=TODAY, at=timezone.now())
        react()
        self.save(asha[0], order_new="never")

        assert not [one for one in mailed() if "asha" in one.to[0]]

    @pytest.mark.parametrize("chosen", [{"order_new": "hourly"}, {"reminder": "never"}])
    def test_refuses_what_cannot_be_chosen(self, asha, chosen):
        assert self.save(asha[0], **chosen).status_code == 422


@pytest.mark.django_db(transaction=True)
class TestTheLinkInAMail:
    """It needs no sign-in: opening shows, one click (of the reader, or of their mail provider) ends the kind."""

    def letter(self):
        an_order(ordered_on=TODAY, at=timezone.now())
        (letter,) = mailed()
        path = letter.extra_headers["List-Unsubscribe"].strip("<>").partition("8000")[2]
        return letter, path or letter.extra_headers["List-Unsubscribe"]

    def test_one_click_ends_the_kind_without_a_cookie(self, world):
        _letter, path = self.letter()

        response = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})

        assert response.status_code == 200
        an_order("4500000002", ordered_on=TODAY, at=timezone.now())
        assert mailed() == []
        assert notices(kind="order_new")[-1].reason == "chosen: never"

    def test_opening_ends_nothing(self, world):
        _letter, path = self.letter()

        assert Client().get(path).status_code == 200
        an_order("4500000002", ordered_on=TODAY, at=timezone.now())
        assert len(mailed()) == 1

    def test_one_can_come_back(self, world):
        _letter, path = self.letter()
        Client().post(path)
        Client().post(path, {"cadence": "at_once"})

        an_order("4500000002", ordered_on=TODAY, at=timezone.now())
        assert len(mailed()) == 1

    @pytest.mark.parametrize("token", ["x", "eyJ1IjoxfQ:1abc:defg"])
    def test_one_that_is_not_ours_does_nothing(self, world, token):
        assert Client().get(reverse("notices-stop", args=[token])).status_code == 404
        assert Client().post(reverse("notices-stop", args=[token])).status_code == 404

    def test_a_kind_that_always_comes_cannot_be_ended_by_it(self):
        stop = read_stop(stop_token(Person("a@b.example"), ["reminder", "order_new", "made_up"]))
        assert stop is not None
        assert stop.kinds == ("order_new",)
