"""How gunicorn serves the portal: `gunicorn --config portal/gunicorn.py portal.wsgi`."""

from __future__ import annotations

from typing import Any

from prometheus_client import multiprocess

from portal import env
from portal.logging import log_settings

bind = env.text("BIND", "127.0.0.1:8000")
workers = env.integer("WEB_WORKERS", 2, at_least=1)
threads = env.integer("WEB_THREADS", 4, at_least=1)
worker_class = "gthread"
preload_app = True  # imported once, shared by the workers; nothing connects before the fork
timeout = 60
graceful_timeout = 8
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
forwarded_allow_ips = env.text("FORWARDED_ALLOW_IPS", "127.0.0.1")
control_socket_disable = True  # it would be made in the home folder
accesslog = None  # portal/middleware.py writes a line with the story and the actor
logconfig_dict = log_settings(env.choice("LOG_FORMAT", ("json", "text"), default="json"), "INFO")
proc_name = "quayside"


def child_exit(server: Any, worker: Any) -> None:
    """A worker that has gone leaves the sums it counted and takes its gauges with it."""
    if env.text("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library's own
