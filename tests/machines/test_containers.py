"""compose.yaml and what belongs to it name only what is there: settings, programs, options, files, secrets, roles.

No image is built here. What can be run without one is run: the secrets' script, the portal's start with just those
settings, and the script that makes the roles.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from celery.bin.beat import beat
from celery.bin.worker import worker
from django.conf import settings

from portal import gunicorn as gunicorn_settings
from portal.embedded import postgres
from portal.embedded.postgres_home import programs_folder
from portal.kernel.outbox.tasks import ROUND_SECONDS
from tests.machines import servers

ROOT = servers.ROOT
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "quayside:local")
CONTAINERFILE = (ROOT / "Containerfile").read_text()
KNOWN_KEYS = frozenset(
    [
        "image",
        "build",
        "user",
        "read_only",
        "cap_drop",
        "cap_add",
        "security_opt",
        "tmpfs",
        "restart",
        "logging",
        "command",
        "environment",
        "secrets",
        "volumes",
        "networks",
        "healthcheck",
        "depends_on",
        "stop_grace_period",
        "stop_signal",
        "scale",
        "shm_size",
        "ports",
    ]
)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/make-secrets writes."""
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    env = {"PATH": os.environ["PATH"], "SECRETS": str(folder)}
    subprocess.run(["sh", "deploy/make-secrets", "smtp+tls://q:x@mail:587"], cwd=ROOT, env=env, check=True)
    return folder


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


# --- The services -------------------------------------------------------------------------------------------


def test_what_there_is():
    assert set(SERVICES) == {*OURS, "proxy", "pgbouncer", "postgres", "valkey"}
    assert OURS == ["migrate", "scheduler", "web", "worker"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nobody_is_root_or_writes_where_nothing_is_to_be_written(name):
    service = SERVICES[name]

    assert set(service) <= KNOWN_KEYS
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert name in ("scheduler", "migrate") or "test" in service["healthcheck"]


def test_only_the_proxy_is_to_be_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert sorted(name for name, one in SERVICES.items() if "outside" in one["networks"]) == [
        "proxy",
        "worker",
    ]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one(name):
    read = (ROOT / "portal" / "settings.py").read_text() + (ROOT / "portal" / "gunicorn.py").read_text()
    plain = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', read)) | {"PROMETHEUS_MULTIPROC_DIR"}
    secret = set(re.findall(r'env\.(?:secret|url)\(\s*"([A-Z_]+)"', read))

    for setting in SERVICES[name]["environment"]:
        assert setting in plain or setting.removesuffix("_FILE") in secret, setting


def test_the_workers_alone_are_told_where_the_erp_and_the_webhook_are(secrets):
    outside = {"ERP_URL_FILE", "ALERT_WEBHOOK_URL_FILE", "ALERT_WEBHOOK_SECRET_FILE"}

    told = {name: outside & set(SERVICES[name]["environment"]) for name in OURS}

    assert told == {"migrate": set(), "scheduler": set(), "web": set(), "worker": outside}
    assert (secrets / "erp_url").read_text() == (secrets / "alert_webhook_url").read_text() == ""
    assert len((secrets / "alert_webhook_secret").read_text()) == 64


def test_web_and_workers_alone_see_files_and_open_numbers(secrets):
    files = {"BANK_KEYS_FILE", "CLAMD_URL", "DOCUMENT_STORE_FILE"}
    told = {name: set(SERVICES[name]["environment"]) & {*files, "OPENS_NUMBERS"} for name in OURS}
    none = {"OPENS_NUMBERS"}

    assert told == {"migrate": none, "scheduler": none, "web": files, "worker": files}
    assert {SERVICES[name]["environment"]["OPENS_NUMBERS"] for name in ("migrate", "scheduler")} == {"0"}
    assert (secrets / "document_store").read_text() == ""


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_secret_that_is_read_is_given_and_written(name, secrets):
    given = {one if isinstance(one, str) else one["source"] for one in SERVICES[name].get("secrets", ())}
    mounted = [
        volume.split(":")[0] for volume in SERVICES[name].get("volumes", ()) if volume.startswith("./")
    ]
    scripts = "".join((ROOT / path).read_text() for path in mounted)
    used = set(re.findall(r"/run/secrets/(\w+)", json.dumps(SERVICES[name]) + scripts))

    assert used <= given
    assert given <= used | {"pgbouncer_users"}
    assert given <= set(COMPOSE["secrets"])


def test_the_script_writes_exactly_the_secrets_there_are(secrets):
    assert {path.name for path in secrets.iterdir()} == set(COMPOSE["secrets"])
    assert all(one["file"] == f"deploy/secrets/{name}" for name, one in COMPOSE["secrets"].items())
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().split()
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text().split()
    assert "secrets" in (ROOT / "deploy" / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_file_and_volume_is_there(name):
    service = SERVICES[name]

    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]
    if "build" in service:
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert set(service.get("depends_on", {})) <= set(SERVICES)


# --- How they start and stop --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_every_program_and_option_is_known(name):
    command = SERVICES[name]["command"]
    options = {word for word in command if word.startswith("--")} - {"--app"}

    assert (Path(sys.executable).parent / command[0]).exists()
    match command[0]:
        case "gunicorn":
            assert command == ["gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
        case "celery":
            known = {
                option for one in {"worker": worker, "beat": beat}[command[3]].params for option in one.opts
            }
            assert command[1:3] == ["--app", "portal"]
            assert options <= known
        case _:
            assert command == ["python", "manage.py", "migrate", "--no-input"]


def test_who_is_asked_to_stop_gets_the_time_that_takes():
    worker_needs = ROUND_SECONDS + settings.ERP_PATIENCE

    assert seconds(SERVICES["worker"]["stop_grace_period"]) >= worker_needs
    assert seconds(SERVICES["web"]["stop_grace_period"]) > gunicorn_settings.graceful_timeout


def test_there_is_one_scheduler_and_more_of_the_others():
    assert (SERVICES["web"]["scale"], SERVICES["worker"]["scale"], SERVICES["scheduler"]["scale"]) == (
        2,
        3,
        1,
    )


@pytest.mark.parametrize("name", OURS)
def test_the_portal_starts_in_production_with_just_these_settings(name, secrets, tmp_path):
    told = SERVICES[name]["environment"]
    filled = {key: value.replace("/run/secrets", str(secrets)) for key, value in told.items()}
    for variable, value in (
        ("SITE_HOST", "portal.example.com"),
        ("WEB_WORKERS", "2"),
        ("ERP_CONNECTOR", "files"),
        ("ERP_IN_THE_CLEAR", "0"),
        ("CLAMD_URL", "tcp://clamd:3310"),
    ):
        filled = {key: re.sub(rf"\$\{{{variable}[^}}]*\}}", value, text) for key, text in filled.items()}
    filled["EMAIL_FROM"] = "Quayside <quayside@portal.example.com>"
    assert not [text for text in filled.values() if "${" in text]
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings", **filled}
    owner = name == "migrate"
    script = (
        "import json, sys; sys.argv = json.loads(sys.argv[1]); import django; django.setup();"
        "from django.conf import settings as s; d = s.DATABASES['default'];"
        "print(json.dumps([s.PRODUCTION, d['USER'], d['HOST'], d['NAME'], s.DATABASE_POOLER, s.CELERY_BROKER_URL,"
        "len(s.BANK_KEYS), s.CLAMD_URL and s.CLAMD_URL.port]))"
    )
    arguments = json.dumps(["manage.py", "migrate"] if owner else ["gunicorn"])

    said = servers.run([sys.executable, "-c", script, arguments], env)

    broker = (secrets / "broker_url").read_text()
    assert (
        json.loads(said)
        == {
            "web": [True, "quayside_app", "pgbouncer", "quayside", "transaction", broker, 1, 3310],
            "worker": [True, "quayside_app", "pgbouncer", "quayside_workers", "session", broker, 1, 3310],
            "scheduler": [True, "quayside_app", "pgbouncer", "quayside_workers", "session", broker, 0, None],
            "migrate": [True, "quayside_owner", "postgres", "quayside", "none", broker, 0, None],
        }[name]
    )


def test_a_worker_is_set_up_for_a_live_erp_by_the_secret_alone(secrets, tmp_path):
    (tmp_path / "erp_url").write_text("https://quayside:secret@tryton.example.com/erp\n")
    told = SERVICES["worker"]["environment"]
    places = {"erp_url": tmp_path}
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings"}
    for setting, value in told.items():
        name = value.rpartition("/")[2]
        given = str(places.get(name, secrets) / name) if value.startswith("/run/secrets/") else value
        env[setting] = re.sub(r"\$\{SITE_HOST[^}]*\}", "portal.example.com", given)
    env |= {
        "ERP_CONNECTOR": "tryton",
        "ERP_IN_THE_CLEAR": "0",
        "CLAMD_URL": "",
        "EMAIL_FROM": "Quayside <quayside@portal.example.com>",
    }
    script = (
        "import django; django.setup(); from procurement.erp.connectors import connect;"
        "rpc = connect().rpc; print(rpc.server, rpc.database, rpc.user)"
    )

    said = servers.run([sys.executable, "-c", script], env)

    assert said.split() == ["https://tryton.example.com", "erp", "quayside"]


def test_the_pools_are_those_of_the_addresses(secrets):
    pools = (ROOT / "deploy" / "pgbouncer.ini").read_text()
    (user, password) = re.fullmatch(r'"(\w+)" "(\w+)"\n', (secrets / "pgbouncer_users").read_text()).groups()

    for name, mode in (("database_url_web", "transaction"), ("database_url_workers", "session")):
        address = (secrets / name).read_text()
        pool = address.rpartition("/")[2]
        assert address == f"postgresql://{user}:{password}@pgbouncer:6432/{pool}"
        assert re.search(rf"^{pool} = host=postgres .* pool_mode={mode}\b", pools, re.M)


# --- The image ----------------------------------------------------------------------------------------------


def test_what_is_copied_is_there_and_not_kept_out():
    kept_out = [line.strip("/") for line in (ROOT / ".dockerignore").read_text().split() if "*" not in line]
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.M)
        for word in line.split()[:-1]
    ]

    for source in sources:
        assert (ROOT / source).exists(), source
        assert not any(source == out or source.startswith(f"{out}/") for out in kept_out), source
    for needed in (
        "manage.py",
        "portal",
        "suppliers",
        "procurement",
        "templates",
        "static",
        "deploy/probe.py",
    ):
        assert needed in sources


def test_the_image_is_pinned_by_hashes_small_and_nobodys_root():
    stages = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.M)

    assert len(stages) == 2
    assert CONTAINERFILE.count("--require-hashes") == 2
    assert re.findall(r"^USER (\S+)", CONTAINERFILE, re.M) == [SERVICES["web"]["user"]]
    assert "embedded" not in CONTAINERFILE


def test_the_proxy_sets_no_header_of_ours_and_takes_what_the_portal_takes():
    caddy = "\n".join(
        line
        for line in (ROOT / "deploy" / "Caddyfile").read_text().splitlines()
        if not line.strip().startswith("#")
    )

    assert not re.search(r"^\s*(header|header_up|header_down|trusted_proxies)\b", caddy, re.M)
    assert re.search(r"max_size (\d+)MiB", caddy)[1] == str(settings.UPLOAD_MAX_BYTES // 1024**2)
    assert f"dynamic a web {SERVICES['web']['environment']['BIND'].rpartition(':')[2]}" in caddy
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "1"
    assert caddy.count("{") == caddy.count("}")


def caddyfile():
    lines = (ROOT / "deploy" / "Caddyfile").read_text().splitlines()
    return "\n".join(line.strip() for line in lines if not line.strip().startswith("#"))


def test_the_proxy_speaks_tls_of_today_with_ciphers_that_keep_the_past_secret():
    """ASVS 5.0, 12.1.1 and 12.1.2; the six are the AEAD suites with ECDHE that RFC 9325 recommends, and ChaCha20."""
    caddy = caddyfile()
    ciphers = re.search(r"^ciphers (.+)$", caddy, re.M)[1].split()

    assert re.findall(r"^protocols (.+)$", caddy, re.M) == ["tls1.2 tls1.3"]
    assert len(ciphers) == len(set(ciphers)) == 6
    assert [
        one
        for one in ciphers
        if not re.fullmatch(
            r"TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_256_GCM_SHA384|AES_128_GCM_SHA256|CHACHA20_POLY1305_SHA256)",
            one,
        )
    ] == []
    assert ["AES_256" in one for one in ciphers] == [True] * 2 + [False] * 4  # the strongest first


def test_the_proxys_certificate_is_one_that_browsers_trust():
    """ASVS 5.0, 12.2.1 and 12.2.2: no authority of its own, no address in the clear, stapling left on."""
    caddy = caddyfile()

    assert re.findall(r"^tls\b.*$", caddy, re.M) == ["tls {"]
    assert [
        word
        for word in (
            "internal",
            "acme_ca",
            "issuer",
            "auto_https",
            "http://",
            "ocsp_stapling",
            "insecure",
            ":80",
        )
        if word in caddy.replace("transport http {", "")
    ] == []


def test_the_probe_tells_ready_from_not(live_server_like):
    port, answers = live_server_like
    probe = [sys.executable, "deploy/probe.py"]
    env = {"PATH": os.environ["PATH"], "ALLOWED_HOSTS": "portal.example.com", "BIND": f"0.0.0.0:{port}"}

    answers[:] = [200]
    assert subprocess.run(probe, cwd=ROOT, env=env, check=False).returncode == 0
    answers[:] = [503]
    assert subprocess.run(probe, cwd=ROOT, env=env, check=False, capture_output=True).returncode == 1


@pytest.fixture
def live_server_like() -> Any:
    """A web process of which the test says how it is."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    answers: list[int] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fits = (self.path, self.headers["Host"]) == ("/health/ready", "portal.example.com")
            self.send_response(answers[0] if fits else 400)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], answers
    server.shutdown()
    thread.join()
    server.server_close()


# --- The roles ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_script_of_the_database_makes_roles_under_which_all_is_as_it_should_be(secrets, tmp_path):
    with servers.open_folder() as home:
        cluster = postgres.start_cluster(home, durable=False)
        try:
            superuser = {"host": "127.0.0.1", "port": cluster.port, "user": "postgres"}
            superuser |= {"password": cluster.superuser_password}
            with psycopg.connect(dbname="postgres", autocommit=True, **superuser) as server:
                server.execute("DROP DATABASE quayside")
                server.execute("DROP ROLE quayside_app, quayside_owner, quayside_supplier, quayside_company")
            script = tmp_path / "roles.sh"
            text = (ROOT / "deploy" / "postgres" / "roles.sh").read_text()
            script.write_text(text.replace("/run/secrets", str(secrets)))
            env = servers.plain_env(
                POSTGRES_USER="postgres",
                PGHOST="127.0.0.1",
                PGPORT=str(cluster.port),
                PGPASSWORD=cluster.superuser_password,
            )
            env["PATH"] = f"{programs_folder()}:{env['PATH']}"

            servers.run(["sh", str(script)], env)
            here = f"@127.0.0.1:{cluster.port}/"
            owner, login = (
                (secrets / name).read_text().replace("@postgres:5432/", here)
                for name in ("database_owner_url", "database_url_direct")
            )
            addresses = {"DATABASE_URL": login, "DATABASE_OWNER_URL": owner}
            migrate = [sys.executable, "manage.py", "migrate", "--no-input"]
            servers.run(migrate, servers.plain_env(QUAYSIDE_MODE="local", SECRET_KEY="x" * 60, **addresses))

            with psycopg.connect(login) as app:
                assert app.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5min",)
                assert app.execute("SELECT lower('ÄÖ')").fetchone() == ("äö",)
                app.execute("SET LOCAL ROLE quayside_company")
                assert app.execute("SELECT count(*) FROM procurement_purchaseorder").fetchone() == (0,)
            with psycopg.connect(dbname="quayside", **superuser) as server:
                strong = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'quayside%' AND (rolsuper OR rolbypassrls)"
                assert server.execute(strong).fetchone() == (0,)
        finally:
            cluster.stop()


def test_the_roles_are_those_that_the_documentation_tells():
    script = (ROOT / "deploy" / "postgres" / "roles.sh").read_text()
    told = (ROOT / "docs" / "operations.md").read_text()
    made = re.compile(r"CREATE ROLE (quayside_\w+)\s+(NOLOGIN|LOGIN)")

    assert set(made.findall(script)) == set(made.findall(told))
    assert "GRANT quayside_supplier, quayside_company TO quayside_app WITH INHERIT FALSE, SET TRUE;" in told
    assert "GRANT quayside_supplier, quayside_company TO quayside_app WITH INHERIT FALSE, SET TRUE;" in script
