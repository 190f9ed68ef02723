"""Reads Turtle and N-Quads bodies, one a line, as rdflib does.

    python triples.py

Each line is a JSON object with a body, its address and its format, and is answered by a line: nodes with what is said of each, in
the form of flattened JSON-LD, or the error.
"""

import json
import logging
import sys
import warnings

import rdflib
from rdflib import RDF, BNode, Literal, URIRef

# Texts count as they are written.
rdflib.NORMALIZE_LITERALS = False
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


def name(term):
    return f"_:{term}" if isinstance(term, BNode) else str(term)


# Names of the nodes of lists that stand as values.
collapsed = set()


def items(graph, node):
    """The items of a well-formed list; None if it is none."""
    found, seen = [], set()
    while node != RDF.nil:
        firsts, rests = list(graph.objects(node, RDF.first)), list(graph.objects(node, RDF.rest))
        if node in seen or len(firsts) != 1 or len(rests) != 1:
            return None
        seen.add(node)
        found.append(firsts[0])
        collapsed.add(name(node))
        node = rests[0]
    return found


def value(graph, term):
    if isinstance(term, Literal):
        answer = {"@value": str(term)}
        if term.language:
            answer["@language"] = term.language
        elif term.datatype:
            answer["@type"] = str(term.datatype)
        return answer
    if term == RDF.nil or (term, RDF.first, None) in graph or (term, RDF.rest, None) in graph:
        found = items(graph, term)
        return {"@list": None if found is None else [value(graph, item) for item in found]}
    return {"@id": name(term)}


def nodes(graph):
    found = {}
    for subject, predicate, term in graph:
        node = found.setdefault(name(subject), {"@id": name(subject)})
        if predicate == RDF.type and not isinstance(term, Literal):
            node.setdefault("@type", []).append(name(term))
        else:
            node.setdefault(str(predicate), []).append(value(graph, term))
    # What a list is made of stands where the list is.
    lists = [known for known in found if known in collapsed]
    for known in lists:
        del found[known]
    collapsed.clear()
    return list(found.values())


def read(given):
    """The nodes of a body; those of a named graph stand in the node of its name."""
    if "NQuads" not in given["format"]:
        graph = rdflib.Graph()
        graph.parse(data=given["body"], format="turtle", publicID=given["base"])
        return nodes(graph)
    dataset = rdflib.Dataset()
    dataset.parse(data=given["body"], format="nquads")
    found = nodes(dataset.default_graph)
    for graph in dataset.graphs():
        if graph.identifier == dataset.default_graph.identifier or not len(graph):
            continue
        label = name(graph.identifier)
        node = next((node for node in found if node["@id"] == label), None)
        if node is None:
            node = {"@id": label}
            found.append(node)
        node["@graph"] = nodes(graph)
    return found


for line in sys.stdin:
    given = json.loads(line)
    try:
        answer = {"nodes": read(given)}
    except Exception as error:  # Whatever it finds wrong with a text.
        answer = {"error": f"{type(error).__name__} {error}"[:500]}
    print(json.dumps(answer), flush=True)
