"""What Schemathesis has to be told of this service beside the document."""

import os

import schemathesis

# Media types of bodies that a short run tries: the others are read by the same means.
BRIEF = {"application/ld+json", "text/turtle"}


@schemathesis.serializer("text/turtle", "application/n-triples", "application/n-quads")
def triples(context, value):
    """These are texts, whatever is put into them."""
    return {"data": value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    if "HYDRIA_BRIEF" not in os.environ:
        return
    for path in raw_schema["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                body = operation["requestBody"]
                body["content"] = {name: said for name, said in body["content"].items() if name in BRIEF}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """OpenAPI cannot say that a preference leaves the body out, and with it the type."""
    is_left_out = "return=minimal" in response.headers.get("preference-applied", []) and not response.content
    return not (is_left_out and type(failure).__name__ in ("MissingContentType", "MalformedJson"))
