"""Very many suppliers: thousands invited at once, their list and the funnel as pages, their names screened, and people
signing in.

`python -m tests.bench.suppliers <fill|invite|screen|runs> <how many>`: in processes of their own on the database of the
environment.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tests.bench import servers
from tests.bench.client import Browser
from tests.bench.company import KINDS, NULL, WORDS, Size
from tests.bench.inbox import ROUNDS, timed, told_by
from tests.bench.loading import unsaid
from tests.bench.servers import HOST, Machine

FIRST = 100_000  # the first of the made-up suppliers; the company's own have smaller keys
FEW, MANY = 500, 5_000  # invited at once
PEOPLE = 24  # who sign in, one after the other
BUYER = "bea1@northmoor.example"
COUNTRIES = ("DE", "FR", "IT", "PL", "CN", "IN", "US", "GB")
SEGMENTS = ("strategic", "core", "long_tail")
PLACES = ("Kiel", "Lyon", "Turin", "Lodz", "Ningbo", "Pune", "Akron", "Leeds", "Gent", "Graz", "Brno", "Vigo")

SUPPLIER = "id key number name country currency language time_zone segment email state version"
NAMES = "supplier_id legal_name"
RUN = "key supplier_id state how address invited_at invited_by started_at handed_in_at ended_at reason"
IDENTIFIER = "supplier_id kind country value checked since_at begun_by"
ADDRESS = "supplier_id kind line1 postal_code city country since_at begun_by"
CONTACT = "key supplier_id name roles email since_at begun_by"


def measure(
    machine: Machine, size: Size, suppliers: int, signed_in: int, rounds: int = ROUNDS
) -> dict[str, Any]:
    """So many suppliers: invited a thousand a time, screened, shown in lists; and so many people who sign in."""
    database, _loaded = servers.fresh_database(machine, size)
    env = machine.environment(database) | {
        "BENCH_SUPERUSER_URL": machine.superuser_url(database),
        "BENCH_PASSWORD": machine.password,
    }

    def run(what: str, count: int) -> dict[str, Any]:
        told = told_by(machine.run("-m", "tests.bench.suppliers", what, str(count), env=env))
        with machine.superuser(database) as server:
            server.execute("ANALYZE")
        return told

    filled = run("fill", suppliers)
    invited = run("invite", min(MANY, suppliers // 4))
    screened = run("screen", min(20_000, suppliers))
    runs = run("runs", suppliers)
    web = servers.start_web(machine, database)
    try:
        pages = ask_pages(machine, web.port, filled["far"], rounds)
        sign_all_in(web.port, machine.password, PEOPLE, clients=2)  # everybody has been here before
        both = sign_all_in(web.port, machine.password, signed_in, clients=2)
    finally:
        servers.stop_web(machine, web)
    hashing = hash_milliseconds(machine, env)
    web = servers.start_web(machine, database, workers=1)
    try:
        sign_all_in(web.port, machine.password, PEOPLE // 4, clients=1)
        before = web.cpu(), machine.database_cpu()
        alone = sign_all_in(web.port, machine.password, signed_in, clients=1)
        cpu = (
            1000 * (web.cpu() - before[0]) / signed_in,
            1000 * (machine.database_cpu() - before[1]) / signed_in,
        )
    finally:
        servers.stop_web(machine, web)
    signs = {"one worker": alone, "two workers, two at once": both, "cpu": cpu, "hashing": hashing}
    return {"suppliers": suppliers, **invited, **screened, **runs, "pages": pages, "signs": signs}


def ask_pages(machine: Machine, port: int, far: str, rounds: int) -> dict[str, dict[str, float]]:
    """Both lists as a buyer reads them."""
    bea = signed_in(Browser(port, HOST), BUYER, machine.password)
    wanted = {
        "list of suppliers": "/suppliers/",
        "the same, far behind": f"/suppliers/?cursor={far}",
        "a part of a name": "/suppliers/?q=flange+brass",
        "a number": f"/suppliers/?q={number_of(FIRST + 77)}",
        "a legal name": "/suppliers/?q=holding+of+pump",
        "two letters": "/suppliers/?q=ki",
        "segment and country": "/suppliers/?segment=core&country=IN",
        "the funnel": "/onboarding/",
        "who is stuck at a step": "/onboarding/?step=tax",
        "who is invited": "/onboarding/?state=invited",
        "an onboarding by name": "/onboarding/?q=spindle+nylon",
    }
    return {name: timed(lambda path=path: bea.get(path), rounds) for name, path in wanted.items()}  # type: ignore[misc]  # bound now


# --- signing in ---------------------------------------------------------------------------------------------


def signed_in(browser: Browser, email: str, password: str) -> Browser:
    """Through the page. The proxy tells an address of its own for everybody: one address may sign in sixty times a
    minute."""
    browser.get("/accounts/login/")
    answer = browser.post("/accounts/login/", {"login": email, "password": password}, page="/accounts/login/")
    if answer.status != 302 or "__Host-session" not in browser.cookies:
        raise RuntimeError(f"{email} cannot sign in: {answer.status} {answer.body[:500]!r}")
    return browser


def sign_all_in(port: int, password: str, count: int, *, clients: int) -> float:
    """So many sign-ins a second, by so many clients at once: the page opened, and its form sent."""
    took = threading.Barrier(clients + 1)
    wrong: list[Exception] = []

    def sign_in(client: int) -> None:
        took.wait()
        try:
            for place in range(client, count, clients):
                person = place % PEOPLE
                browser = Browser(port, HOST, {"__Host-device": f"{person:043d}"})
                browser.besides = {"X-Forwarded-For": f"198.18.{place // 250 % 250}.{place % 250 + 1}"}
                signed_in(browser, email_of(person), password)
                browser.close()
        except Exception as error:  # told by who waits
            wrong.append(error)

    threads = [threading.Thread(target=sign_in, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    took.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return count / (time.perf_counter() - began)


HASH = """
import time, django
django.setup()
from django.contrib.auth.hashers import check_password, make_password
hashed = make_password("correct horse battery staple")
began = time.process_time()
for _ in range({rounds}):
    assert check_password("correct horse battery staple", hashed)
print(1000 * (time.process_time() - began) / {rounds})
"""


def hash_milliseconds(machine: Machine, env: dict[str, str], rounds: int = 10) -> float:
    """The CPU of one look at a password."""
    return float(machine.run("-c", HASH.format(rounds=rounds), env=env))


# --- in the processes ---------------------------------------------------------------------------------------


def number_of(pk: int) -> str:
    return f"8{pk:06d}"


def email_of(person: int) -> str:
    return f"many{person}@northmoor.example"


def name_of(pk: int) -> str:
    """Words, so that searches find little, some or much."""
    word, kind, place = WORDS[pk % 12], KINDS[pk // 12 % 12], PLACES[pk // 144 % 12]
    return f"{place} {word} {kind} {pk // 1728}"


def fill(count: int) -> dict[str, Any]:
    """So many suppliers; half of them have told their legal names. And the people who sign in."""
    from django.contrib.auth.hashers import make_password

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from portal.kernel.web import _encode
    from suppliers.models import User
    from suppliers.roles import CompanyRole

    ids = range(FIRST, FIRST + count)
    suppliers = (
        (
            pk,
            UUID(int=(2 << 96) + pk),
            number_of(pk),
            name_of(pk),
            COUNTRIES[pk % 8],
            "EUR",
            "en",
            "Europe/Berlin",
            SEGMENTS[pk % 3],
            f"sales@s{pk}.example",
            "active",
            1,
        )
        for pk in ids
    )
    legal = ((pk, f"{WORDS[pk % 7]} Holding of {WORDS[pk % 11]} {pk} GmbH") for pk in ids if pk % 2)
    began = time.perf_counter()
    copy_in("suppliers_supplier", SUPPLIER, suppliers)
    took = time.perf_counter() - began
    copy_in("suppliers_companynames", NAMES, legal)
    hashed = make_password(os.environ["BENCH_PASSWORD"])
    with acting(Actor.system("Bench")):
        people = [
            User(email=email_of(n), name=f"Person {n}", password=hashed, company_role=CompanyRole.BUYER)
            for n in range(PEOPLE)
        ]
        User.objects.prove_addresses(User.objects.bulk_create(people))
    # The page after nine tenths of them, by name.
    last = sorted((name_of(pk), pk) for pk in ids)[count * 9 // 10]
    return {"copied_in": took, "far": _encode("n", ("name", "id"), last)}


def invite(many: int) -> dict[str, Any]:
    """A tenth of them, then all, at once: invitations, runs, facts, and what the mails are made of."""
    from django.utils import timezone

    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from suppliers.models import User
    from suppliers.onboarding.messages import InviteSuppliers, Target
    from suppliers.onboarding.services import invite_suppliers
    from suppliers.onboarding.states import InvitedHow
    from suppliers.queries import actor_of
    from suppliers.roles import CompanyRole

    loader = Actor.system("Bench")
    with acting(loader):
        root = User.objects.create(
            email="root1@northmoor.example", name="Root 1", company_role=CompanyRole.ADMINISTRATOR
        )
        actor = actor_of(root)
    assert actor is not None
    found: dict[str, float] = {}
    after = FIRST
    for count in (5, many // 10, many):  # the first finds nothing warm
        command = InviteSuppliers(
            tuple(Target(number_of(pk)) for pk in range(after, after + count)), InvitedHow.LIST
        )
        began = time.perf_counter()
        with acting(actor):
            outcome = invite_suppliers(command, actor=actor, at=timezone.now())
        found[str(count)] = time.perf_counter() - began
        assert len(outcome.runs) == count, outcome.problems[:3]
        after += count
    return {"invited": {count: took for count, took in found.items() if count != "5"}}


def screen(parties: int) -> dict[str, Any]:
    """A list of so many parties with two aliases each, and every supplier screened against it."""
    from django.utils import timezone

    from portal.kernel.scope import acting
    from suppliers.screening.messages import Listed
    from suppliers.screening.models import ScreeningHit
    from suppliers.screening.queries import SCREENER
    from suppliers.screening.services import load_list, screen_suppliers
    from suppliers.screening.states import ListSource

    listed = [
        Listed(
            f"B-{n}",
            (
                f"{PLACES[n % 12]} {WORDS[n * 7 % 12]} Trading {n}",
                f"{WORDS[n * 5 % 12]} {KINDS[n % 12]} {PLACES[n * 11 % 12]} {n % 97}",
                f"General {n} Shipping of {PLACES[n * 3 % 12]}",
            ),
        )
        for n in range(parties)
    ]
    with acting(SCREENER):
        load_list(ListSource.OWN, listed, b"bench", actor=SCREENER, at=timezone.now())
    began = time.perf_counter()
    with acting(SCREENER):
        screened = screen_suppliers(at=timezone.now())
    took = time.perf_counter() - began
    began = time.perf_counter()
    with acting(SCREENER):
        again = screen_suppliers(at=timezone.now())
        hits = ScreeningHit.objects.count()
    assert again == 0
    return {
        "parties": parties,
        "screened": screened,
        "hits": hits,
        "screened_per_second": screened / took,
        "looked_again_seconds": time.perf_counter() - began,
    }


# Of a hundred onboardings, so many in each state: most are done, a fifth is under way.
STANDS = (*["invited"] * 10, *["started"] * 20, *["in_review"] * 2, *["active"] * 64, *["withdrawn"] * 4)


def runs(count: int) -> dict[str, Any]:
    """Every supplier that was not invited yet has been, some time; those under way have given the first of what is
    asked, some more and some less."""
    from portal.kernel.actors import Actor
    from portal.kernel.scope import acting
    from suppliers.onboarding.models import OnboardingRun

    loader, now = Actor.system("Bench"), datetime.now(UTC)
    with acting(loader):
        begun = set(OnboardingRun.objects.values_list("supplier_id", flat=True))
    left = [pk for pk in range(FIRST, FIRST + count) if pk not in begun]
    state = {pk: STANDS[pk * 37 % 100] for pk in left}

    def run_rows() -> Iterable[Sequence[object]]:
        for pk, where in state.items():
            at = now - timedelta(minutes=pk - FIRST)
            yield (
                UUID(int=(3 << 96) + pk),
                pk,
                where,
                "list",
                f"sales@s{pk}.example",
                at,
                "Bench",
                at if where in ("started", "in_review", "active") else NULL,
                at if where in ("in_review", "active") else NULL,
                at if where in ("active", "withdrawn") else NULL,
                "Business has ended" if where == "withdrawn" else "",
            )

    given = [pk for pk, where in state.items() if where in ("started", "in_review", "active")]
    copy_in("suppliers_onboardingrun", RUN, run_rows())
    copy_in(
        "suppliers_identifier",
        IDENTIFIER,
        ((pk, "vat", "DE", f"DE{pk:09d}", "t", now, "Bench") for pk in given if pk % 3),
    )
    copy_in(
        "suppliers_address",
        ADDRESS,
        (
            (pk, "registered", f"Dock Road {pk}", "24103", "Kiel", "DE", now, "Bench")
            for pk in given
            if pk % 5
        ),
    )
    copy_in(
        "suppliers_contact",
        CONTACT,
        (
            (
                UUID(int=(4 << 96) + pk),
                pk,
                "Sales desk",
                "{orders,invoices}",
                f"sales@s{pk}.example",
                now,
                "Bench",
            )
            for pk in given
            if pk % 7
        ),
    )
    with acting(loader):
        standing = OnboardingRun.objects.count(), OnboardingRun.objects.filter(state="started").count()
    return {"runs": standing[0], "under_way": standing[1]}


def copy_in(table: str, said: str, rows: Iterable[Sequence[object]]) -> None:
    """Rows by `COPY`; columns that are not named hold what the model says, and counters go on behind them."""
    more = unsaid(table, said.split())
    columns = [*said.split(), *more]
    tail = "".join(f"\t{value}" for value in more.values()) + "\n"
    name = sql.Identifier(table)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        name, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as server:
        with server.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write("\t".join(map(str, row)) + tail)
        counter = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}")
        server.execute(counter.format(sql.Literal(table), name))


if __name__ == "__main__":
    import django

    django.setup()
    verbs = {"fill": fill, "invite": invite, "screen": screen, "runs": runs}
    print(json.dumps(verbs[sys.argv[1]](int(sys.argv[2]))))
