"""Asks the web process beside it whether it is ready, as the proxy would: exit status 0 when it is."""

import http.client
import os
import sys

host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
port = int(os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")[2])
line = http.client.HTTPConnection("127.0.0.1", port, timeout=7)
try:
    line.request("GET", "/health/ready", headers={"Host": host, "X-Forwarded-Proto": "https"})
    answer = line.getresponse()
    said = answer.read().decode()
except OSError as problem:
    sys.exit(f"no answer: {problem}")
sys.exit(0 if answer.status == 200 else f"{answer.status}: {said}")
