"""The demo company: always the same, always alive, and nothing in it that the real services would refuse."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest

from procurement.demo.company import PLOTS, DemoCompany, make_company
from procurement.demo.goods import UNITS
from procurement.demo.numbers import with_check_digit
from procurement.demo.people import LIAN_FENG, MAIN_ROLES
from procurement.demo.story import Answered, Booked, Decided, Drafted, LineAnswer, Sent
from procurement.demo.telling import last_run
from procurement.orders.messages import LinePaper, OrderPaper

SUNDAY = datetime(2026, 11, 22, 11, tzinfo=UTC)
# In the night, before and after runs of the ERP, in the evening, at a weekend, at the turn of a year, on a leap day.
MOMENTS = (
    SUNDAY,
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 2, 5, 29, tzinfo=UTC),
    datetime(2026, 11, 30, 23, 57, tzinfo=UTC),
    datetime(2026, 12, 1, 13, 31, tzinfo=UTC),
    datetime(2026, 12, 4, 22, 30, tzinfo=UTC),
    datetime(2027, 5, 3, 9, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 20, tzinfo=UTC),
)


@cache
def northmoor(moment: datetime = SUNDAY) -> DemoCompany:
    return make_company(moment)


def every_line(company: DemoCompany) -> list[tuple[OrderPaper, LinePaper]]:
    return [
        (event.paper, line)
        for story in company.orders
        for event in story.events
        if isinstance(event, Sent)
        for line in event.paper.lines
    ]


class TestAlwaysTheSame:
    def test_same_seed_and_day_make_the_same_company(self) -> None:
        assert make_company(SUNDAY, seed=7) == make_company(SUNDAY, seed=7)

    def test_another_seed_makes_another_company(self) -> None:
        assert make_company(SUNDAY, seed=7).orders != northmoor().orders

    def test_until_the_erp_speaks_again_it_is_the_same_company(self) -> None:
        at_ten, at_one = (datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (10, 13))

        assert northmoor(at_ten) == make_company(at_one)
        assert northmoor(at_ten).now == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
        assert northmoor().now == datetime(2026, 11, 22, tzinfo=UTC)  # silent at weekends

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_every_moment_has_the_same_plots(self, moment: datetime) -> None:
        found = Counter(story.plot for story in northmoor(moment).orders)

        assert found == {plot: count for plot, (count, _lian_feng) in PLOTS.items()}


class TestHowMuchThereIs:
    def test_two_thousand_orders_and_nine_to_ten_thousand_lines(self) -> None:
        company = northmoor()

        assert len(company.orders) == 2000
        assert len({(story.paper.company, story.number) for story in company.orders}) == 2000
        assert 9000 < sum(len(story.paper.lines) for story in company.orders) < 10000

    def test_sixty_suppliers_of_three_segments_from_many_countries(self) -> None:
        suppliers = northmoor().suppliers

        assert Counter(supplier.segment for supplier in suppliers) == {
            "strategic": 6,
            "core": 18,
            "long_tail": 36,
        }
        assert len({supplier.number for supplier in suppliers}) == 60
        assert len({supplier.country for supplier in suppliers}) == 17
        assert {supplier.number for supplier in suppliers if not supplier.blocked} == {
            story.supplier for story in northmoor().orders
        }

    def test_about_nine_hundred_items_each_sold_by_somebody(self) -> None:
        company = northmoor()

        assert len(company.items) == 941
        assert {item.number for item in company.items} == {offer.item for offer in company.supplier_items}

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_nothing_agreed_is_overdue_but_what_the_plot_says(self, moment: datetime) -> None:
        overdue = Counter(
            story.plot
            for story in northmoor(moment).orders
            if story.paper.status == "open"
            for line in story.paper.lines
            if not (line.cancelled or line.closed)
            and line.received_quantity < line.quantity
            and line.delivery_on < moment.date()
        )

        assert set(overdue) == {"late"}
        assert 5 <= overdue["late"] <= 9

    def test_stock_lies_where_something_is_on_order_and_now_and_then_too_little(self) -> None:
        company = northmoor()
        stock, demand = company.warehouse.stock, company.warehouse.demand

        assert len({(one.item, one.site) for one in stock}) == len(stock) > 500
        assert len({one.key for one in demand}) == len(demand) > 300
        assert {(one.item, one.site) for one in demand} <= {(one.item, one.site) for one in stock}
        assert all(one.on_hand > 0 and one.daily_demand and one.safety_stock for one in stock)
        assert northmoor().warehouse == make_company(SUNDAY).warehouse

    def test_lian_feng_is_lively(self) -> None:
        lian_feng = next(one.number for one in northmoor().suppliers if one.name == "Lian Feng Valve")
        found = Counter(story.plot for story in northmoor().orders if story.supplier == lian_feng)

        assert found == {plot: count for plot, (_all, count) in PLOTS.items() if count}
        assert sum(found.values()) - found["history"] - found["closed"] - found["cancelled"] == 43

    def test_one_order_has_a_thousand_lines_and_one_many_deliveries(self) -> None:
        by_plot = {story.plot: story.paper for story in northmoor().orders}

        assert len(by_plot["kitting"].lines) == 1000
        assert {len(line.schedules) for line in by_plot["framework"].lines} == {12}


class TestNumbersOfTheTrade:
    def test_check_digit(self) -> None:
        assert with_check_digit("400638133393") == "4006381333931"
        assert with_check_digit("629104150021") == "6291041500213"

    def test_gtins_are_valid_unique_and_nobody_elses(self) -> None:
        gtins = [item.gtin for item in northmoor().items]

        assert len(set(gtins)) == len(gtins)
        for gtin in gtins:
            assert len(gtin) == 13
            assert gtin.startswith("2")  # GS1 leaves 20 to 29 to companies for use inside
            assert with_check_digit(gtin[:-1]) == gtin

    def test_global_location_numbers_of_sites_are_valid(self) -> None:
        glns = [site.gln for site in northmoor().sites]

        assert glns == [with_check_digit(gln[:-1]) for gln in glns]

    def test_everybodys_mail_ends_in_example(self) -> None:
        company = northmoor()
        addresses = [person.email for person in company.people] + [one.email for one in company.suppliers]

        assert len({person.email for person in company.people}) == len(company.people)
        assert all(address.isascii() and address.endswith(".example") for address in addresses)


class TestLines:
    def test_every_line_is_of_a_known_item_as_its_supplier_sells_it(self) -> None:
        company = northmoor()
        items = {item.number: item for item in company.items}
        offers = {(offer.supplier, offer.item): offer for offer in company.supplier_items}

        for order, line in every_line(company):
            item, offer = items[line.item_number], offers[order.supplier, line.item_number]
            assert (line.description, line.unit, line.gtin) == (item.description, item.unit, item.gtin)
            assert line.supplier_part_number == offer.supplier_part_number

    def test_quantities_fit_their_unit_and_come_in_whole_packs(self) -> None:
        company = northmoor()
        decimals = {unit.code: unit.decimals for unit in UNITS}
        packs = {(offer.supplier, offer.item): offer.pack_quantity for offer in company.supplier_items}
        minima = {(offer.supplier, offer.item): offer.minimum_quantity for offer in company.supplier_items}

        for order, line in every_line(company):
            assert line.quantity > 0
            assert line.quantity == round(line.quantity, decimals[line.unit])
            key = order.supplier, line.item_number
            assert line.quantity % (packs[key] or Decimal("0.5")) == 0
            assert line.quantity >= (minima[key] or 0)

    def test_some_quantities_have_decimals_and_some_prices_are_for_a_hundred(self) -> None:
        lines = [line for _order, line in every_line(northmoor())]

        assert any(line.quantity % 1 for line in lines)
        assert {line.price_per for line in lines} == {Decimal(1), Decimal(100)}
        assert all(line.price > 0 for line in lines)

    def test_deliveries_add_up_to_their_line(self) -> None:
        for _order, line in every_line(northmoor()):
            if line.schedules:
                assert sum(one.quantity for one in line.schedules) == line.quantity
                assert min(one.delivery_on for one in line.schedules) == line.delivery_on

    def test_line_keys_stay_for_the_life_of_the_order(self) -> None:
        for story in northmoor().orders:
            papers = [event.paper for event in story.events if isinstance(event, Sent)]
            assert {tuple(line.key for line in paper.lines) for paper in papers} == {
                tuple(line.key for line in papers[0].lines)
            }

    def test_never_more_is_received_than_ordered_but_once_nor_invoiced_than_received(self) -> None:
        surplus = {story.number for story in northmoor().orders if story.plot == "surplus"}

        for order, line in every_line(northmoor()):
            assert 0 <= line.invoiced_quantity <= line.received_quantity
            assert line.received_quantity <= line.quantity or order.number in surplus

    def test_references_point_at_known_companies_sites_and_suppliers(self) -> None:
        company = northmoor()
        sites = {site.code: site.company for site in company.sites}
        currencies = {supplier.number: supplier.currency for supplier in company.suppliers}
        emails = {person.email for person in company.people if person.company_role}

        for story in company.orders:
            assert sites[story.paper.ship_to] == story.paper.company
            assert story.paper.currency == currencies[story.paper.supplier]
            assert story.paper.buyer_email in emails


class TestEvents:
    @pytest.mark.parametrize("moment", MOMENTS)
    def test_each_order_starts_in_the_erp_and_moves_forward_until_now(self, moment: datetime) -> None:
        company = northmoor(moment)

        for story in company.orders:
            moments = [event.at for event in story.events]
            assert isinstance(story.events[0], Sent)
            assert moments == sorted(set(moments))
            assert moments[-1] <= company.now <= moment
            assert company.now - moments[0] <= timedelta(days=141)

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_what_nobody_has_answered_came_when_the_erp_spoke_last(self, moment: datetime) -> None:
        sent = {story.events[0].at for story in northmoor(moment).orders if story.plot == "awaiting"}

        assert sent == {last_run(moment)}
        assert moment - sent.pop() < timedelta(days=3)  # over a weekend

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_what_slips_was_asked_for_in_one_delivery(self, moment: datetime) -> None:
        slipped = [story for story in northmoor(moment).orders if story.plot == "slipped"]

        papers = [event.paper for story in slipped for event in story.events if isinstance(event, Sent)]
        assert len(papers) == 6
        assert not any(line.schedules for paper in papers for line in paper.lines)

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_what_came_of_lian_fengs_open_orders_is_not_claimed_yet(self, moment: datetime) -> None:
        company = northmoor(moment)
        lian_feng = next(one.number for one in company.suppliers if one.name == LIAN_FENG)
        came = [one for one in company.orders if one.plot == "partly_received" and one.supplier == lian_feng]

        assert len(came) == 3
        assert not any(line.invoiced_quantity for story in came for line in story.paper.lines)

    def test_all_events_are_told_in_the_order_of_time(self) -> None:
        moments = [event.at for event in northmoor().events()]

        assert moments == sorted(moments)

    def test_everybody_who_acts_may_act_for_that_side(self) -> None:
        company = northmoor()
        names = {supplier.number: supplier.name for supplier in company.suppliers}
        people = {person.email: person for person in company.people}

        for story in company.orders:
            for event in story.events:
                if isinstance(event, Answered | Drafted):
                    person = people[event.by]
                    assert person.company_role == "buyer" or names[story.supplier] in person.acts_for
                    assert person.role != "read_only"
                if isinstance(event, Decided):
                    assert people[event.by].company_role == "buyer"
                    assert event.accepts or event.reason

    def test_the_pieces_of_an_answer_add_up_to_the_deliveries_asked_for(self) -> None:
        for answer, line, at in answers_with_lines(northmoor()):
            asked = [one.quantity for one in line.schedules] or [line.quantity]
            answered: Counter[int] = Counter()
            for piece in answer.pieces:
                answered[piece.schedule] += piece.quantity  # type: ignore[assignment]  # decimals add up too
                assert piece.delivery_on is None or piece.delivery_on > at.date()
                assert (piece.kind == "refuse") == (piece.delivery_on is None)
                assert piece.reason or piece.kind == "accept"
                assert bool(piece.item_number) == (piece.kind == "substitute")
            assert answered == dict(enumerate(asked))

    def test_every_change_of_an_answer_changes_something(self) -> None:
        for answer, line, _at in answers_with_lines(northmoor()):
            asked = [(one.quantity, one.delivery_on) for one in line.schedules]
            as_asked = all(piece.kind == "accept" and piece.price is None for piece in answer.pieces)
            promised = [(piece.quantity, piece.delivery_on) for piece in answer.pieces]
            assert not (as_asked and promised == (asked or [(line.quantity, line.delivery_on)]))

    def test_waiting_orders_wait_and_overdue_ones_are_overdue(self) -> None:
        for story in northmoor().orders:
            kinds = [type(event) for event in story.events]
            if story.plot in {"awaiting", "overdue", "kitting"}:
                assert Answered not in kinds
            if story.plot == "answered":
                last = [event for event in story.events if isinstance(event, Answered)][-1]
                assert last.changes
                assert Decided not in kinds
            if story.plot == "stale":
                assert kinds.index(Answered) < max(i for i, kind in enumerate(kinds) if kind is Sent)

    def test_late_orders_are_past_their_day(self) -> None:
        late = [story.paper for story in northmoor().orders if story.plot == "late"]

        assert all(min(line.delivery_on for line in paper.lines) < SUNDAY.date() for paper in late)
        assert all(line.received_quantity == 0 for paper in late for line in paper.lines)


class TestPeople:
    def test_one_person_for_each_main_role(self) -> None:
        assert [(role, person.name) for role, person in MAIN_ROLES] == [
            ("supplier", "Mei Lin"),
            ("buyer", "Omar Haddad"),
            ("accounts_payable", "Ana Ferreira"),
            ("administrator", "Kofi Mensah"),
            ("integration_owner", "Ines Duarte"),
            ("receiving", "Tom Ackroyd"),
            ("manager", "Helen Marsh"),
        ]

    def test_somebody_acts_for_two_suppliers_and_somebody_only_reads(self) -> None:
        people = northmoor().people

        assert [person.name for person in people if len(person.acts_for) == 2] == ["Jürgen Voss"]
        assert [person.name for person in people if person.role == "read_only"] == ["Chen Hao"]

    def test_every_supplier_has_somebody_who_can_answer(self) -> None:
        company = northmoor()
        answered_for = {
            name for person in company.people for name in person.acts_for if person.role != "read_only"
        }

        assert answered_for == {supplier.name for supplier in company.suppliers}


def answers_with_lines(company: DemoCompany) -> list[tuple[LineAnswer, LinePaper, datetime]]:
    """Every change to a line, with the line as it stood when it was answered."""
    found = []
    for story in company.orders:
        lines: dict[str, LinePaper] = {}
        for event in story.events:
            if isinstance(event, Sent):
                lines = {line.key: line for line in event.paper.lines}
            elif isinstance(event, Answered | Drafted):
                found += [(change, lines[change.line_key], event.at) for change in event.changes]
    return found


class TestWhatHappened:
    def test_receipts_and_invoices_add_up_to_what_the_orders_say(self) -> None:
        for story in northmoor().orders:
            if story.plot == "history":
                assert not any(isinstance(event, Booked) for event in story.events)
                continue
            booked = [event for event in story.events if isinstance(event, Booked)]
            received: Counter[str] = Counter()
            for receipt in (one for event in booked for one in event.receipts):
                received[receipt.line_key] += receipt.quantity  # type: ignore[assignment]  # decimals add up too
            billed = {
                line.line_key: line.quantity
                for event in booked
                for one in event.invoices
                for line in one.lines
            }
            for line in story.paper.lines:
                assert received[line.key] == line.received_quantity
                assert billed.get(line.key, 0) == line.invoiced_quantity

    def test_invoices_are_paid_or_not_in_plausible_shares(self) -> None:
        newest = {
            one.key: one
            for event in northmoor().events()
            if isinstance(event, Booked)
            for one in event.invoices
        }
        states = Counter(one.state for one in newest.values())

        assert 300 < len(newest) < 420
        # Terms are 30 to 60 days and the portal is 140 days old: about as many are not due yet as are paid.
        assert states["paid"] > 100
        assert states["approved"] > 100
        assert states["partly_paid"] > 5
        overdue = [
            one for one in newest.values() if one.open_amount and one.due_on and one.due_on < SUNDAY.date()
        ]
        assert 5 < len(overdue) < 40
        assert all((one.open_amount == 0) == (one.state == "paid") for one in newest.values())
        assert all(0 < one.total < 1_000_000 for one in newest.values())

    def test_nobody_receives_or_pays_in_the_future(self) -> None:
        company = northmoor()

        for event in company.events():
            if isinstance(event, Booked):
                assert all(one.received_on <= event.at.date() for one in event.receipts)
                assert all((one.paid_on or company.today) <= company.today for one in event.invoices)
