"""Tries a running service by its own OpenAPI document: PYTHON run.py BASE KEY:SECRET.

First the document is validated, then Schemathesis sends what it says is right and what it says is
wrong, the same every time. KEY is that of an administrator: a customer is made for the run, and left
as it then is, so the service should be one that may be thrown away. With a number as third argument
so many examples are made of each operation, and what one answer names is used in the next request.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request
import uuid

# What no schema can say here, each for a reason.
EXCLUDED = [
    # That a name is free, that what is referred to is there, that a template selects something.
    "positive_data_acceptance",
    # Members that are unknown or read-only are ignored, whatever they hold (docs/rules.md 4.3), and so are
    # preferences that are not known (RFC 7240); orderBy is read in any case.
    "negative_data_rejection",
]


def post(address, key, secret, body):
    credentials = base64.b64encode(f"{key}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def validate(base):
    from openapi_spec_validator import validate

    with urllib.request.urlopen(f"{base}/openapi.json") as answer:
        document = json.load(answer)
    validate(document)
    if len(document["paths"]) < 40:
        sys.exit(f"only {len(document['paths'])} paths")


def explore(base, key, secret, customer, examples):
    here = pathlib.Path(__file__).resolve().parent
    phases = "examples,coverage,fuzzing" + (",stateful" if examples else "")
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"),
        "--config-file", str(here / "schemathesis.toml"),
        "run", f"{base}/openapi.json",
        "--auth", f"{key}:{secret}",
        "--checks", "all", "--exclude-checks", ",".join(EXCLUDED),
        "--phases", phases,
        "--max-examples", str(examples or 3),
        "--generation-deterministic",
        "--continue-on-failure", "--suppress-health-check", "all",
        "--warnings", "off", "--no-color",
    ]
    hooks = str(here / "hooks.py")
    environment = dict(os.environ, HYDRIA_CUSTOMER=str(customer), SCHEMATHESIS_HOOKS=hooks)
    if not examples:
        environment["HYDRIA_BRIEF"] = "yes"
    # Whatever it keeps between runs would make one run differ from another.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, cwd=folder, env=environment).returncode


def main():
    base, (key, secret) = sys.argv[1], sys.argv[2].split(":", 1)
    examples = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    validate(base)
    made = post(f"{base}/customers", key, secret, {"name": f"tried-{uuid.uuid4().hex[:12]}"})
    sys.exit(explore(base, key, secret, made["id"], examples))


main()
