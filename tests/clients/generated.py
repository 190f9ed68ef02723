"""Makes a client of the OpenAPI document with openapi-python-client, and works with it.

    python generated.py ROOT KEY:SECRET

KEY is that of an administrator. The client lists, reads, creates and patches every class, and a patch of one
member leaves all others as they were.
"""

import base64
import faulthandler
import importlib
import inspect
import json
import pathlib
import pkgutil
import subprocess
import sys
import tempfile
import urllib.request
import uuid

BASE = sys.argv[1].rstrip("/")
CREDENTIALS = base64.b64encode(sys.argv[2].encode()).decode()
NAME = f"generated-{uuid.uuid4().hex[:12]}"

# A client that waits for ever must not keep the tests waiting.
faulthandler.dump_traceback_later(300, exit=True)

# What each class is created with, and another value of each member that a body may change. Members that no
# answer shows have none.
SPACE = {"name": "Maps", "defaultTags": ["a"], "defaultMaxUnauthorised": 400, "defaultRoles": ["clickthrough"],
         "defaultRequiredStatement": "rs", "defaultRights": "https://example.org/rights/1"}
IMAGE = {
    "id": "one", "origin": "https://example.org/1.jpg", "maxUnauthorised": 200, "roles": ["clickthrough"],
    "tags": ["x", "y"], "string1": "a", "string2": "b", "string3": "c", "number1": 1, "number2": 2, "number3": 3,
    "mediaType": "image/png", "initialOrigin": "https://example.org/first.jpg",
    "label": "l", "requiredStatement": "rs", "rights": "https://example.org/rights/1",
}
CLASSES = {
    "StoragePolicy": (
        {"id": NAME, "maximumNumberOfStoredImages": 1000, "maximumTotalSizeOfStoredImages": 1000000},
        {"maximumNumberOfStoredImages": 2000, "maximumTotalSizeOfStoredImages": 2000000},
    ),
    "Customer": ({"name": NAME, "displayName": NAME}, {"displayName": f"Another {NAME}"}),
    "CustomerStorage": (None, {"storagePolicy": NAME}),
    "AuthService": (
        {"name": "members", "profile": "http://iiif.io/api/auth/1/login", "label": "l", "description": "d",
         "pageLabel": "pl", "pageDescription": "pd", "callToAction": "c", "timeToLive": 60},
        {"name": "friends", "profile": "http://iiif.io/api/auth/1/clickthrough", "label": "l2",
         "description": "d2", "pageLabel": "pl2", "pageDescription": "pd2", "callToAction": "c2", "timeToLive": 61},
    ),
    "RoleProvider": ({"configuration": '{"a":1}', "credentials": '{"user": "u", "password": "p"}'},
                     {"configuration": '{"a":2}'}),
    "Role": (
        {"name": "staff", "label": "Staff", "aliases": ["s"], "authService": "clickthrough"},
        {"name": "crew", "label": "Crew", "aliases": ["t", "u"], "authService": None},
    ),
    "NamedQuery": (
        {"name": "book", "global": False, "template": "s1=p1&n1=p2"},
        {"name": "page", "template": "s2=p1"},
    ),
    "CustomerOriginStrategy": (
        {"regex": "^https://a\\.example\\.org/", "originStrategy": "basic-http-authentication", "order": 1,
         "credentials": '{"user": "reader", "password": "open sesame"}'},
        {"regex": "^https://b\\.example\\.org/", "order": 2},
    ),
    "Webhook": (
        {"url": "https://example.org/hook", "kinds": ["batchFinished"], "enabled": True},
        {"url": "https://example.org/other", "kinds": ["imageFailed"], "enabled": False},
    ),
    "PortalUser": (
        {"email": "a@example.org", "password": "open sesame", "currentPassword": "open sesame", "enabled": True},
        {"email": "b@example.org", "enabled": False},
    ),
    "Space": (
        SPACE,
        {"name": "Prints", "defaultTags": ["b", "c"], "defaultMaxUnauthorised": 100, "defaultRoles": None,
         "defaultRequiredStatement": "rs2", "defaultRights": "https://example.org/rights/2"},
    ),
    "Image": (
        IMAGE,
        {"origin": "https://example.org/2.jpg", "maxUnauthorised": 100, "roles": None, "tags": ["z"], "string1": "d",
         "string2": "e", "string3": "f", "number1": 4, "number2": 5, "number3": 6, "mediaType": "image/tiff",
         "label": "l2", "requiredStatement": "rs2", "rights": "https://example.org/rights/2"},
    ),
}
# The operations that do not have the usual names.
CREATE = {"RoleProvider": "replace_role_provider", "Image": "create_in_space_image_collection"}
# Members that no answer shows, and those that only administrators may give or that depend on others.
UNTRIED = {"password", "currentPassword", "credentials", "initialOrigin", "global"}
# What the service changes by itself.
MOVING = {"Image": {"ingesting", "queued", "dequeued", "finished", "error"}}


def snake(name):
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def generate(document, folder):
    """The package of a client, with a class for every schema."""
    source, target = folder / "openapi.json", folder / "client"
    source.write_text(json.dumps(document))
    settings = folder / "settings.yml"
    settings.write_text("post_hooks: []\n")
    program = pathlib.Path(sys.executable).parent / "openapi-python-client"
    command = [program, "generate", "--path", source, "--output-path", target, "--config", settings]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    sys.path.insert(0, str(target))
    models = importlib.import_module("hydria_client.models")
    dropped = [name for name in document["components"]["schemas"] if not hasattr(models, name)]
    assert not dropped, f"no classes for {dropped}: {ran.stdout}"
    operations = {}
    api = importlib.import_module("hydria_client.api")
    for _, name, is_package in pkgutil.walk_packages(api.__path__, "hydria_client.api."):
        if not is_package:
            operations[name.rsplit(".", 1)[1]] = importlib.import_module(name)
    wanted = {snake(o["operationId"]) for path in document["paths"].values() for m, o in path.items() if m != "parameters"}
    assert wanted == set(operations), f"no functions for {wanted - set(operations)}: {ran.stdout}"
    return models, operations


def defaults(value, at=""):
    """Where a schema names a default, which a generated client would send."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "default" and not at.endswith("/properties"):
                yield at
            yield from defaults(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from defaults(inner, f"{at}/{index}")


class Work:
    def __init__(self, document, folder):
        self.document = document
        self.models, self.operations = generate(document, folder)
        client = importlib.import_module("hydria_client").AuthenticatedClient
        self.client = client(base_url=BASE, token=CREDENTIALS, prefix="Basic", timeout=60)
        # Values of the variables of addresses.
        self.values = {"context": "Space.jsonld"}

    def call(self, name, statuses, body=None):
        function = self.operations[name].sync_detailed
        given = {"client": self.client}
        for parameter in inspect.signature(function).parameters.values():
            # A variable of the path is named so where a filter of the query has the same name.
            variable = parameter.name.removesuffix("_path")
            if parameter.name == "body" and body is not None:
                given["body"] = body
            elif variable in self.values and parameter.default is inspect.Parameter.empty:
                given[parameter.name] = self.values[variable]
        answer = function(**given)
        assert answer.status_code in statuses, f"{name}: {answer.status_code} {answer.content[:2000]}"
        return answer.parsed

    def create(self, name, members):
        operation = CREATE.get(name, f"create_in_{snake(name)}_collection")
        body = getattr(self.models, f"{name}Body" if operation.startswith("replace") else f"New{name}")
        made = self.call(operation, {201}, body.from_dict(members))
        assert isinstance(made, getattr(self.models, name)), made
        shown = made.to_dict()
        for member in set(members) - UNTRIED - {"id"}:
            assert member in shown, f"{name} shows no {member}"
        # Everything that may be written of it was said, so that whatever changes is seen.
        body = self.document["components"]["schemas"][f"{name}Body"]["properties"]
        assert set(body) <= set(members), set(body) - set(members)
        last = shown["@id"].rsplit("/", 1)[1]
        variable = {"CustomerOriginStrategy": "origin_strategy"}.get(name, snake(name))
        if name != "RoleProvider":
            self.values[variable] = int(last) if last.isdigit() else last
        elif "auth_service" not in self.values:
            raise AssertionError("a role provider has an auth service")

    def read(self, name):
        found = self.call(f"retrieve_{snake(name)}", {200})
        assert isinstance(found, getattr(self.models, name)), found
        shown = found.to_dict()
        if name == "Space":
            # A link, whatever the set holds: what it leads to counts.
            roles = self.call("list_in_default_role_collection", {200}).member
            shown["defaultRoles"] = [role.to_dict()["@id"] for role in roles]
        return shown

    def patch(self, name, changes):
        writable = set(self.document["components"]["schemas"][f"{name}Body"]["properties"])
        untried = writable - set(changes) - UNTRIED - {"name" if name == "Customer" else "", "originStrategy"}
        assert not untried, f"{name}: {untried}"
        moving = MOVING.get(name, set())
        body = getattr(self.models, f"{name}Body")
        for member, value in changes.items():
            before = self.read(name)
            self.call(f"update_{snake(name)}", {200, 205}, body.from_dict({member: value}))
            after = self.read(name)
            assert before.get(member) != after.get(member), f"{name}.{member} stays as it was"
            for other in (set(before) | set(after)) - {member} - moving:
                assert before.get(other) == after.get(other), f"{name}: {member} changed {other} too"

    def read_all(self):
        """Every address that can be read answers an object of the class that the document names."""
        lists = 0
        for path, item in self.document["paths"].items():
            operation = item.get("get")
            # Events go on for ever.
            if operation is None or "/metadata/distinct" in path or path.endswith("/events"):
                continue
            schema = operation["responses"]["200"]["content"].get("application/json", {}).get("schema", {})
            wanted = schema.get("$ref", "").rsplit("/", 1)[-1]
            name = snake(operation["operationId"])
            # Nobody processes the image here, so that it stores nothing, nothing is sent to a webhook, and nothing is
            # changed in bulk.
            if name in ("retrieve_image_storage", "retrieve_webhook_delivery", "retrieve_job"):
                assert isinstance(self.call(name, {404}), self.models.Problem)
                continue
            # Read already: its variable is that of a customer's own strategies.
            if name == "retrieve_origin_strategy":
                continue
            found = self.call(name, {200})
            if wanted:
                assert isinstance(found, getattr(self.models, wanted)), f"{path}: {found}"
            if wanted.endswith("Collection"):
                lists += 1
                member = wanted and getattr(self.models, self.member(wanted))
                assert all(isinstance(one, member) for one in found.member), path
        return lists

    def member(self, collection):
        schema = self.document["components"]["schemas"][collection]["properties"]["member"]
        return schema["items"]["$ref"].rsplit("/", 1)[-1]


def main():
    with urllib.request.urlopen(f"{BASE}/openapi.json") as answer:
        document = json.load(answer)
    found = [at for at in defaults(document["components"]["schemas"])]
    assert not found, f"defaults at {found}"
    with tempfile.TemporaryDirectory() as folder:
        work = Work(document, pathlib.Path(folder))
        for name, (members, _) in CLASSES.items():
            if members is not None:
                work.create(name, members)
        queued = work.models.ImageSubmission.from_dict(
            {"member": [{"id": "two", "space": work.values["space"], "origin": "https://example.org/3.jpg"}]}
        )
        batch = work.call("create_queue", {201}, queued)
        work.values["batch"] = int(batch.to_dict()["@id"].rsplit("/", 1)[1])
        key = work.call("create_in_key_collection", {201})
        work.values["key"] = key.to_dict()["@id"].rsplit("/", 1)[1]
        for system in ["origin_strategy", "portal_role", "thumbnail_policy", "image_optimisation_policy"]:
            collection = f"list_in_{system}_collection"
            if collection in work.operations:
                shown = work.call(collection, {200}).member[0].to_dict()
                own = work.values.get(system)
                work.values[system] = shown["@id"].rsplit("/", 1)[1]
                work.call(f"retrieve_{system}", {200})
                work.values[system] = own or work.values[system]
        change = work.call("list_in_change_collection", {200}).member[0]
        work.values["change"] = int(change.to_dict()["@id"].rsplit("/", 1)[1])
        work.values["delivery"] = 1
        work.values["job"] = 1
        patched = 0
        for name, (_, changes) in CLASSES.items():
            work.patch(name, changes)
            patched += len(changes)
        lists = work.read_all()
        assert lists > 15 and patched > 30, (lists, patched)
        print(f"{lists} lists, {patched} members patched, one at a time")


main()
