"""Logins of the stage's real Kafka broker, where it stands behind the clusters."""

import json
import os
import pathlib
import subprocess
import tempfile

from ..stage import STAGE

# Secret's ARN -> name of the login that was made for it.
_made = {}


def _configure(name, words, properties=None):
    """Runs Kafka's own tool. A password goes through a file that only its owner can read."""
    command = json.loads(pathlib.Path(STAGE.options["kafka_users"]).read_text())
    path = None
    try:
        if properties:
            handle, path = tempfile.mkstemp()
            with os.fdopen(handle, "w") as file:
                file.write(properties)
            words = [*words, "--add-config-file", path]
        done = subprocess.run(
            [*command, "--alter", "--entity-type", "users", "--entity-name", name, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        if done.returncode:
            problem = f"kafka: login {name}: {done.stdout[-400:]} {done.stderr[-400:]}"
            STAGE.invalid.append({"service": "kafka", "operation": "logins", "side": "broker", "problems": [problem]})
    finally:
        if path:
            os.unlink(path)


def add(arn, name, password):
    if STAGE.options.get("kafka_users"):
        # Java's properties have backslashes escaped; the brackets of the command line would be part of the password.
        escaped = password.replace("\\", "\\\\")
        _configure(name, [], f"SCRAM-SHA-512=password={escaped}\n")
        _made[arn] = name


def remove(arn):
    name = _made.pop(arn, None)
    if name and name not in _made.values():
        _configure(name, ["--delete-config", "SCRAM-SHA-512"])


def remove_all():
    for arn in list(_made):
        remove(arn)
