"""`make soak`: 500 promises, and the ship notices and invoices that follow, on their way to a live Tryton while 200
processes are killed; then both sides are compared.

PROMISES, KILLS and SEED choose other figures. The report is printed and kept in docs/soak.md.
"""

from __future__ import annotations

import os
import platform
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import django

from portal.embedded.places import ROOT, say
from portal.embedded.ports import free_port
from tests.soak.ground import Ground

REPORT = ROOT / "docs" / "soak.md"
QUIET_WITHIN = 1200.0


def main() -> int:
    promises = int(os.environ.get("PROMISES", "500"))
    kills = int(os.environ.get("KILLS", "200"))
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    with tempfile.TemporaryDirectory(prefix="quayside-soak-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        return soak(Path(folder), promises, kills, seed)


def soak(folder: Path, promises: int, kills: int, seed: int) -> int:
    """The whole of it; 0 if both sides agree."""
    say("Starting PostgreSQL and broker")
    ground = Ground(folder, tryton_port=free_port())
    os.environ.update(ground.environment(secrets.token_urlsafe(64)))
    django.setup()
    # Only now: these read the settings.
    from tests.soak.machinery import Kills, Machinery
    from tests.soak.story import Story, differences, how_many_through, is_quiet, progress, stubborn

    machinery = Machinery(ground)
    try:
        say("Starting Tryton")
        machinery.start_tryton()
        machinery.migrate()
        rng = Random(seed)
        story = Story(machinery.tryton.address, rng, promises)
        say(f"Ordering in Tryton, for {promises} promises")
        story.prepare()
        machinery.start_portal()
        say(f"Promising, with {kills} kills (SEED={seed})")
        began = time.monotonic()
        killing = Kills(machinery, Random(seed + 1), kills, promises / max(kills, 1))
        told = {"pause": (0.0, 0.8), "due": lambda: killing.due}
        people = threading.Thread(target=story.tell, kwargs=told)
        people.start()
        killing.go_on(
            lambda: not people.is_alive() and stubborn(is_quiet), lambda: stubborn(how_many_through)
        )
        people.join()
        while not stubborn(is_quiet) and time.monotonic() < began + QUIET_WITHIN + 10 * kills:
            machinery.mend()
            print(f"  {progress()}", flush=True)
            time.sleep(5)
        time.sleep(12)  # two more readings, so that what stands in Tryton is what stands here
        took = time.monotonic() - began
        found = list(differences(story, machinery.tryton.file))
        text = report(
            {
                "promised": story.made,
                "shipped": story.shipping.made,
                "billed": story.invoicing.made,
                "killed": killing.done,
                "ended by itself and was started again": machinery.ended_by_themselves,
            },
            found,
            took,
            seed,
        )
    finally:
        machinery.stop()
    print(text)
    REPORT.write_text(text)
    return 1 if found else 0


def report(done: Mapping[str, Mapping[str, int]], found: list[str], took: float, seed: int) -> str:
    """What was tried and what was found, for docs/soak.md."""
    from tests.soak.story import attempts

    def table(head: str, rows: Mapping[str, int]) -> str:
        lines = "\n".join(f"| {name} | {count} |" for name, count in sorted(rows.items())) or "| none | 0 |"
        return f"| {head} | times |\n|---|---|\n{lines}\n"

    verdict = (
        "Both sides agree: every promise stands in Tryton as it was agreed here, every ship notice as it was sent, and "
        "every invoice as it was approved, once."
        if not found
        else "**Not as it must be:**\n\n" + "\n".join(f"- {one}" for one in found)
    )
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    tables = "\n".join(table(head, rows) for head, rows in done.items())
    return f"""# The last soak

`make soak` lets a supplier promise lines of orders in a live Tryton 8.0, a buyer agree to them, the supplier ship half
of them in part (and say it anew, or take it back) and bill half of them in part, accounts payable accept it, and two
workers carry all of it over, while processes are killed at random (SIGKILL, all of a kind at once) and started again.
Some invoices are withdrawn or corrected under their own number before they are accepted; some are opened again after
that (before or after Tryton has them), and then stay so, or are accepted once more, as they were or corrected; some are
posted in Tryton, and then credited in part; some are cancelled there by its people, as drafts or posted, come back to
accounts payable, and stay there or are accepted once more. Half of the orders are invoiced as ordered in Tryton, half
when it is told to; every promise of another quantity or price amends its order there, which deletes its drafts, ours
too.

Then both sides are compared: quantities, prices and days of every line in Tryton's own books with what was agreed here,
the shipments that Tryton expects with the ship notices that are live, the supplier invoices and credit notes in its
books (number, lines, prices, total) with what is approved here, and what is left of each line with its drafts; the
trace of every command, how often each order was amended, and that nothing waits any more.

{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}, seed {seed}:
{sum(done["promised"].values())} promises, {sum(done["billed"].values())} invoices, \
{sum(done["killed"].values())} kills, {took / 60:.0f} minutes.

{verdict}

{tables}
{table("how a delivery ended", attempts())}"""


if __name__ == "__main__":
    sys.exit(main())
