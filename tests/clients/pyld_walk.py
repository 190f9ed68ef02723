"""PyLD and requests: a client that knows IRIs and no keys; every answer is expanded before it is read."""

from pyld import jsonld

from service import BASE, HYDRA, VOCAB, expanded, fresh, get, said, session


def load(address):
    """The node that was asked for."""
    (node,) = expanded(get(address).json(), address)
    return node


def link(node, iri):
    (value,) = node[iri]
    return value["@id"]


def value(node, iri):
    (value,) = node[iri]
    return value["@value"]


root = load(f"{BASE}/")
assert root["@id"] == f"{BASE}/"
customers = load(link(root, f"{VOCAB}EntryPoint/customers"))
customer = load(customers[f"{HYDRA}member"][0]["@id"])
spaces = load(link(customer, f"{VOCAB}Customer/spaces"))
said("walked to", spaces["@id"])

search = spaces[f"{HYDRA}search"][0]
template = value(search, f"{HYDRA}template")
variables = {link(m, f"{HYDRA}property"): value(m, f"{HYDRA}variable") for m in search[f"{HYDRA}mapping"]}
address, seen = f"{template.split('{')[0]}?{variables[HYDRA + 'limit']}=2", []
while address:
    page = load(address)
    assert page["@id"] == spaces["@id"]
    seen += [member["@id"] for member in page[f"{HYDRA}member"]]
    (view,) = page[f"{HYDRA}view"]
    assert view["@id"] == address
    address = link(view, f"{HYDRA}next") if f"{HYDRA}next" in view else None
total = value(spaces, f"{HYDRA}totalItems")
assert len(set(seen)) == len(seen) == total and total > 4, (seen, total)
said("met", total, "spaces on pages of two")

(create,) = [o for o in spaces[f"{HYDRA}operation"] if "http://schema.org/CreateAction" in o["@type"]]
assert link(create, f"{HYDRA}expects") == f"{VOCAB}Space"
context = f"{BASE}/contexts/Space.jsonld"
name = fresh("made by PyLD")
body = jsonld.compact({"@type": f"{VOCAB}Space", f"{VOCAB}Space/name": name}, context)
json = {"content-type": "application/ld+json"}
made = session.request(value(create, f"{HYDRA}method"), spaces["@id"], json=body, headers=json)
assert made.status_code == 201, made.text
space = load(made.headers["location"])
assert space["@id"] == made.json()["@id"] and value(space, f"{VOCAB}Space/name") == name
said("made", space["@id"])

# What GET shows is accepted unchanged, with an edit in it.
edited = {**get(space["@id"]).json(), "defaultTags": ["edited"]}
replaced = session.put(space["@id"], json=edited, headers=json)
assert replaced.status_code == 200 and replaced.json()["defaultTags"] == ["edited"], replaced.text
assert jsonld.compact(replaced.json(), context)["name"] == name
said("edited it")

refused = session.post(spaces["@id"], json={}, headers=json)
(problem,) = expanded(refused.json(), spaces["@id"])
assert refused.status_code == value(problem, f"{HYDRA}statusCode") == 400
assert problem["@type"] == [f"{HYDRA}Error"]
(violation,) = problem[f"{VOCAB}Error/violations"]
assert value(violation, f"{VOCAB}propertyPath") == "name"
said("was told:", value(violation, f"{VOCAB}ConstraintViolation/message"))

assert session.delete(space["@id"]).status_code == 205
assert session.get(space["@id"]).status_code == 404
said("removed it")
