"""What every script here begins with: where the service is, and the key of who asks.

    python SCRIPT.py ROOT KEY:SECRET
"""

import faulthandler
import os
import sys
import time

import requests
from pyld import jsonld

if len(sys.argv) < 3:
    sys.exit("two arguments are needed: the address of the root, and KEY:SECRET")

# Address of the root, without its final slash.
BASE = sys.argv[1].rstrip("/")
HYDRA = "http://www.w3.org/ns/hydra/core#"
VOCAB = f"{BASE}/vocab#"

# With the key of who asks; contexts and vocabulary are asked for without.
session = requests.Session()
session.auth = tuple(sys.argv[2].split(":", 1))
session.trust_env = False

# A client that waits for ever must not keep the tests waiting.
faulthandler.dump_traceback_later(300, exit=True)


def fresh(words):
    """A name that no other run gives."""
    return f"{words} {os.getpid()}-{time.time_ns()}"


def get(address, **headers):
    """An answer that is 200."""
    answer = session.get(address, headers=headers)
    assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text}"
    return answer


def expanded(document, base):
    """The nodes of a document by PyLD, which fetches the context by its own means."""
    return jsonld.expand(document, {"base": base})


def said(*words):
    """What was done, for who reads the log of a failure."""
    print(*words, flush=True)
