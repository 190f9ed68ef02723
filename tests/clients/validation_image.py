"""What the validators of the Image API begin with: the picture that they know, registered in a running service.

    python SCRIPT.py ROOT KEY:SECRET
"""

import base64
import faulthandler
import http.server
import json
import sys
import threading
import urllib.request
import uuid

if len(sys.argv) < 3:
    sys.exit("two arguments are needed: the address of the root, and KEY:SECRET")

# Address of the root, without its final slash.
BASE = sys.argv[1].rstrip("/")

# The identifier under which the validators look for their picture. Its hyphens are what they escape.
IDENTIFIER = "67352ccc-d1b0-11e1-89ae-279075081939"

# A client that waits for ever must not keep the tests waiting.
faulthandler.dump_traceback_later(300, exit=True)


def send(method, address, body=None):
    """The document of an answer that is a success."""
    credentials = base64.b64encode(sys.argv[2].encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/ld+json"}
    content = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(address, content, headers, method=method)) as answer:
        return json.load(answer)


def offer(content):
    """The address at which this process offers a PNG on this machine."""

    class Origin(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/image.png"


def register(content):
    """What the path of the image has between the name of a service and its identifier: customer and space."""
    customer = send("GET", f"{BASE}/customers")["member"][0]
    space = send("POST", customer["spaces"], {"name": f"validation {uuid.uuid4()}"})
    image = send("PUT", f"{space['@id']}/images/{IDENTIFIER}", {"origin": offer(content)})
    assert (image["width"], image["height"], image["error"]) == (1000, 1000, ""), image
    return f"{customer['id']}/{space['id']}"


def judge(checked, failures):
    """Ends the script: every failed check is named, and none is a success only if there were any."""
    print("\n".join([*failures, f"{checked} checks, {len(failures)} failed"]), flush=True)
    sys.exit(1 if failures or not checked else 0)
