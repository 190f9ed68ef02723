"""hydra-python-core and rdflib: readers of the documentation, and of the data by its terms."""

import requests
from hydra_python_core import doc_maker
from rdflib import Graph, URIRef

from service import BASE, HYDRA, VOCAB, get, said

# As the Hydra ecosystem's Python agent reads it.
link = requests.get(f"{BASE}/").links[f"{HYDRA}apiDocumentation"]["url"]
documentation = requests.get(link).json()
api = doc_maker.create_doc(documentation, f"{BASE}/")
titles = {described["title"] for described in documentation["supportedClass"]}
# A class without any link to it is known to this reader as well; its own root is another.
understood = {*api.parsed_classes, *api.collections, "EntryPoint"}
assert titles - understood == set(), titles - understood
space = api.parsed_classes["Space"]["class"]
supported = {p.title: p for p in space.supportedProperty}
assert supported["name"].required and supported["name"].write
assert not supported["created"].required and not supported["created"].write
assert [o.method for o in space.supportedOperation] == ["GET", "PUT", "PATCH", "DELETE"]
said("hydra-python-core understood", len(api.parsed_classes), "classes and", len(api.collections), "collections")

# As a triple store reads it: every class and property by SPARQL, over the documentation and the data.
graph = Graph().parse(link, format="json-ld")
described = graph.query(
    """SELECT ?class ?property ?required WHERE {
         ?docs a hydra:ApiDocumentation ; hydra:supportedClass ?class .
         ?class hydra:supportedProperty ?supported .
         ?supported hydra:property ?property ; hydra:required ?required ; hydra:writable true .
       }""",
    initNs={"hydra": HYDRA},
)
writable = {str(row.property): row.required.toPython() for row in described}
assert writable[f"{VOCAB}Space/name"] is True and writable[f"{VOCAB}Space/defaultTags"] is False
said("rdflib found", len(writable), "properties to write, in", len(graph), "triples")

customers = get(f"{BASE}/customers").json()
address = f"{customers['member'][0]['spaces']}?pageSize=2"
data = Graph()
while address:
    page = get(address)
    data.parse(data=page.text, format="json-ld", publicID=address)
    address = page.json()["view"].get("next")
met = data.query(
    """SELECT DISTINCT ?space ?name WHERE { ?space a ?class ; ?named ?name . ?page hydra:member ?space }""",
    initNs={"hydra": HYDRA},
    initBindings={"class": URIRef(f"{VOCAB}Space"), "named": URIRef(f"{VOCAB}Space/name")},
)
(total,) = {total.toPython() for total in data.objects(None, URIRef(f"{HYDRA}totalItems"))}
assert len(met) == total > 4, (len(met), total)
undefined = {p for p in data.predicates() if str(p).startswith(VOCAB) and (p, None, None) not in graph}
assert not undefined, undefined
said("rdflib met", total, "spaces over all pages, with no property that is not described")
