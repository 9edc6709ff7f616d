"""Load the demo company: partners, goods, people and two thousand orders with their past."""

import json
import os
import secrets
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone, translation

from portal.kernel.scope import acting
from procurement.demo.banking import keep_bank_details
from procurement.demo.carrying import carry_some
from procurement.demo.changing import talk_about_changes
from procurement.demo.company import DEFAULT_SEED, DemoCompany, few_of, make_company
from procurement.demo.counting import count_some
from procurement.demo.crew import crew_size, work_together
from procurement.demo.details import fill_in_company_data
from procurement.demo.docking import arrange_times
from procurement.demo.erp_past import keep_books, tell_past_commands, tell_past_runs
from procurement.demo.leaving import part_with_one
from procurement.demo.loading import (
    SET_UP,
    end_accounts,
    give_passwords,
    load_invitations,
    load_master_data,
    load_people,
    load_providers,
    load_warehouse,
    play,
)
from procurement.demo.morning import begin_the_morning
from procurement.demo.onboarding import bring_some_in
from procurement.demo.paying import invoice_some
from procurement.demo.people import MAIN_ROLES, MEI
from procurement.demo.proving import prove_some
from procurement.demo.shipping import ship_some
from procurement.demo.tolerances import propose_tolerances
from procurement.demo.tryton.loading import load_from_tryton, order_in_tryton
from procurement.demo.tryton.northmoor import orders
from procurement.notifications.services import forget_the_past
from procurement.orders.models import PurchaseOrder
from suppliers.models import Supplier, User


class Command(BaseCommand):
    """Load the demo into an empty portal; on a loaded one, only see that the sign-ins are known."""

    help = "Loads the invented company of the demo, once; never in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people-file", type=Path, help="write the sign-ins of the main roles here")
        parser.add_argument(
            "--if-empty", action="store_true", help="say nothing where orders are there already"
        )
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another number, another company")
        is_small = os.environ.get("SMALL", "") not in ("", "0")
        parser.add_argument("--few", action="store_true", default=is_small, help="a few orders of each kind")
        parser.add_argument("--crew", type=int, default=crew_size(), help="how many processes to use")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo company does not go into production (QUAYSIDE_MODE).")
        people_file: Path | None = options["people_file"]
        # Texts that services store are in English, whoever runs this.
        with translation.override("en"):
            if _has_orders():
                self._stay(people_file, quiet=options["if_empty"])
            else:
                self._load(
                    people_file, seed=options["seed"], crew=max(1, options["crew"]), few=options["few"]
                )

    def _stay(self, people_file: Path | None, *, quiet: bool) -> None:
        if not User.objects.filter(email=MEI.email).exists():
            if quiet:
                return
            raise CommandError(
                "There are orders here already, and they are not the demo's. Nothing was changed."
            )
        if people_file and not people_file.exists():
            password = _new_password()
            give_passwords([person for _role, person in MAIN_ROLES], password)
            _write_people(people_file, password)
        if not quiet:
            self.stdout.write("The demo company is here already.")

    def _load(self, people_file: Path | None, *, seed: int, crew: int, few: bool) -> None:
        now = timezone.now()
        password = _new_password()
        if settings.ERP_CONNECTOR == "tryton" and settings.ERP_URL:
            self._load_from_tryton(people_file, password, now, settings.ERP_URL)
            return
        company = make_company(now, seed)
        if few:
            company = few_of(company)
        with transaction.atomic():
            _refuse_strangers(company)
            load_master_data(company)
            load_warehouse(company)
            load_people(company.people, password, at=_went_live(now))
        work_together(company, _play_with_past, crew=crew, meanwhile=partial(_keep_books, company))
        with acting(SET_UP):
            tell_past_runs(company)
        load_invitations(at=now - timedelta(days=2))
        load_providers(at=now - timedelta(days=2))
        propose_tolerances(at=now - timedelta(hours=20))
        fill_in_company_data(at=now)
        keep_bank_details(at=now)
        with acting(SET_UP):
            forget_the_past()
        talk_about_changes(at=now - timedelta(minutes=10))
        ship_some(at=now)
        carry_some(at=now)
        arrange_times(at=now)
        count_some(at=now)
        end_accounts(company.people)
        prove_some(at=now)
        invoice_some(at=now)
        bring_some_in(at=now)
        part_with_one(at=now)
        begin_the_morning(company, at=now)
        if people_file:
            _write_people(people_file, password)
        self.stdout.write(
            f"Loaded {len(company.suppliers)} suppliers, {len(company.items)} items, {len(company.people)} "
            f"people and {len(company.orders)} orders."
        )

    def _load_from_tryton(
        self, people_file: Path | None, password: str, now: datetime, address: SplitResult
    ) -> None:
        order_in_tryton(address, list(orders(now.date())))
        count = load_from_tryton(password, now=now)
        with acting(SET_UP):
            forget_the_past()
        if people_file:
            _write_people(people_file, password)
        self.stdout.write(f"Read {count} orders out of Tryton.")


def _play_with_past(company: DemoCompany) -> None:
    play(company)
    with acting(SET_UP):
        tell_past_commands(company)


def _keep_books(company: DemoCompany) -> None:
    if settings.ERP_CONNECTOR == "files":
        keep_books(company, settings.ERP_FILES_ROOT)


def _has_orders() -> bool:
    with acting(SET_UP):
        return bool(PurchaseOrder.objects.exists())


def _refuse_strangers(company: DemoCompany) -> None:
    """Master data of the demo may be left from a load that was stopped; anybody else's may not be there."""
    with acting(SET_UP):
        numbers = set(Supplier.objects.values_list("number", flat=True))
    if strangers := sorted(numbers - {supplier.number for supplier in company.suppliers}):
        raise CommandError(f"This portal has suppliers of its own ({strangers[0]}, …). Nothing was changed.")


def _went_live(now: datetime) -> datetime:
    return datetime.combine(now.date() - timedelta(days=141), time(8), UTC)


def _new_password() -> str:
    return os.environ.get("QUAYSIDE_DEMO_PASSWORD") or secrets.token_urlsafe(12)


def _write_people(path: Path, password: str) -> None:
    people = [
        {"role": role, "name": person.name, "email": person.email, "password": password}
        for role, person in MAIN_ROLES
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(people, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
