"""Flattens JSON-LD bodies, one a line, as PyLD does; nothing is fetched.

    python flatten.py

Each line holds a body with its address, the context in force, and the contexts that it may name, by address. It is
answered by a line: the nodes of the flattened form, or the error.
"""

import json
import sys

from pyld import jsonld


def loader(library):
    def load(url, _options=None):
        if url not in library:
            raise ValueError(f"{url} is not known")
        return {"contextUrl": None, "documentUrl": url, "document": library[url], "contentType": "application/ld+json"}

    return load


for line in sys.stdin:
    given = json.loads(line)
    options = {
        "base": given["base"],
        "expandContext": given["expandContext"],
        "documentLoader": loader(given["library"]),
        "processingMode": "json-ld-1.1",
    }
    # It keeps contexts by address, and that of Hydra is another for each operation.
    jsonld._resolved_context_cache.clear()
    try:
        answer = {"nodes": jsonld.flatten(given["body"], None, options)}
    except Exception as error:  # Whatever it finds wrong with a body.
        answer = {"error": f"{type(error).__name__} {error}"[:500]}
    print(json.dumps(answer), flush=True)
