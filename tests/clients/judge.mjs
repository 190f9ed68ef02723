// jsonld.js as a judge that knows nothing of how documents are made: follows every link from the root.
//
// Each answer is 200 and calls itself what was asked for; it is its own compaction under its own context;
// each key and type in it is a term that the vocabulary describes, or Hydra's own. Contexts and vocabulary
// are asked for without credentials, and no context is fetched from elsewhere. In the end, every class was met.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import jsonld from 'jsonld';

import { base, fetchWithKey, HYDRA, said, SCHEMA, VOCAB } from './service.mjs';

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const OWL = 'http://www.w3.org/2002/07/owl#';

/** Hydra's terms as Heracles ships them; the newer names of two; two flags of the vocabulary of 2013. */
function hydraTerms() {
  const vocabulary = createRequire(import.meta.url)('@hydra-cg/heracles.ts/src/JsonLd/hydra.json');
  const shipped = vocabulary.defines.map((term) => term['@id'].replace('hydra:', HYDRA));
  const other = ['memberAssertion', 'writable', 'readonly', 'writeonly'].map((name) => HYDRA + name);
  return [...shipped, ...other];
}

const wellKnown = new Set([
  ...hydraTerms(),
  ...['type', 'Property'].map((name) => RDF + name),
  ...['comment', 'domain', 'label', 'member', 'range', 'seeAlso', 'subClassOf'].map((name) => RDFS + name),
  ...['Restriction', 'allValuesFrom', 'equivalentClass', 'maxCardinality', 'onProperty'].map((name) => OWL + name),
  `${SCHEMA}Action`,
  ...['Add', 'Create', 'Delete', 'Find', 'Replace', 'Update'].map((kind) => `${SCHEMA}${kind}Action`),
  'http://www.w3.org/2004/02/skos/core#example',
]);

const contexts = new Map();

async function documentLoader(url) {
  assert.ok(url.startsWith(`${base}/contexts/`), `a context of somebody else's: ${url}`);
  if (!contexts.has(url)) {
    const response = await fetch(url, { headers: { accept: 'application/ld+json' } });
    assert.equal(response.status, 200, url);
    assert.match(response.headers.get('content-type'), /^application\/ld\+json/);
    contexts.set(url, await response.json());
  }
  return { contextUrl: null, document: contexts.get(url), documentUrl: url };
}

/** Calls `look` with every object in a value, and the property that leads there. */
function walk(value, look, property = null) {
  if (Array.isArray(value)) {
    value.forEach((item) => walk(item, look, property));
  } else if (value !== null && typeof value === 'object') {
    look(value, property);
    Object.entries(value).forEach(([key, inner]) => walk(inner, look, key));
  }
}

const faults = [];
const fault = (address, words) => faults.push(`${address}: ${words}`);

/** What the vocabulary says something of, and of each property its methods and ranges. */
const defined = new Set();
const properties = new Map();

function learn(documentation) {
  const ids = (values) => (values ?? []).map((value) => value['@id']);
  walk(documentation, (node) => {
    if (node['@id'] && Object.keys(node).length > 1) {
      defined.add(node['@id']);
    }
    if (node[`${RDFS}range`]) {
      const methods = (node[`${HYDRA}supportedOperation`] ?? []).map(
        (operation) => operation[`${HYDRA}method`][0]['@value'],
      );
      properties.set(node['@id'], { methods, ranges: ids(node[`${RDFS}range`]) });
    }
  });
}

async function judge(address, body) {
  const options = { documentLoader };
  const again = await jsonld.compact(body, body['@context'], options);
  try {
    assert.deepStrictEqual(again, body);
  } catch (difference) {
    fault(address, `another than its own compaction: ${difference.message}`);
  }
  const expanded = await jsonld.expand(body, options);
  const unknown = new Set();
  const check = (iri) => {
    if (!wellKnown.has(iri) && !defined.has(iri)) {
      unknown.add(iri);
    }
  };
  walk(expanded, (node) => {
    for (const key of Object.keys(node)) {
      if (key === '@type' && !('@value' in node)) {
        node['@type'].forEach(check);
      } else if (!key.startsWith('@')) {
        check(key);
      }
    }
    if (node['@id']?.startsWith(VOCAB)) {
      check(node['@id']);
    }
  });
  unknown.forEach((iri) => fault(address, `${iri} is defined nowhere`));
  return expanded;
}

/** How a link is used, as the vocabulary describes it. */
function manner(property) {
  const { methods = [], ranges = [] } = properties.get(property) ?? {};
  if (methods.length > 0 && !methods.includes('GET')) {
    return 'act';
  }
  return ranges.includes(`${HYDRA}Resource`) ? 'list' : 'read';
}

const waiting = [[`${base}/`, 'read']];
const met = new Set();
const seen = new Set();
const paging = [`${HYDRA}first`, `${HYDRA}previous`, `${HYDRA}next`, `${HYDRA}last`];

function links(expanded) {
  walk(expanded, (node, property) => {
    // A picture is a value, for its address says nothing of anything.
    // A stream of events does not end, and uploads are sent and not read.
    const isFile = node['@type'] === `${XSD}anyURI` && !/\/(events|uploads)$/.test(node['@value']);
    if (isFile && node['@value'].startsWith(`${base}/`)) {
      waiting.push([node['@value'], 'file']);
    }
    const id = node['@id'];
    if (id?.startsWith(`${base}/`) && !id.startsWith(`${base}/vocab`) && property !== `${HYDRA}view`) {
      waiting.push([id, property === null || paging.includes(property) ? 'read' : manner(property)]);
    }
    for (const type of [node['@type'] ?? []].flat()) {
      met.add(type);
    }
    for (const type of node[`${RDF}type`] ?? []) {
      met.add(type['@id']);
    }
  });
}

async function visit(address, way) {
  const response = await fetchWithKey(address);
  if (way === 'act') {
    const allowed = response.headers.get('allow') ?? '';
    if (response.status !== 405 || allowed.includes('GET')) {
      fault(address, `${response.status}, which allows ${allowed}`);
    }
    return;
  }
  // An image that has roles is for those who hold one.
  const isProtected = way === 'file' && response.status === 401 && address.includes('/iiif-img/');
  if (response.status !== 200 && !isProtected) {
    fault(address, `answers ${response.status}`);
    return;
  }
  if (way === 'file') {
    if ((await response.arrayBuffer()).byteLength === 0) {
      fault(address, 'is empty');
    }
    return;
  }
  const body = await response.json();
  if (way === 'list') {
    if (!Array.isArray(body)) {
      fault(address, 'is no list');
    }
    return;
  }
  const told = address.includes('?') ? body.view?.['@id'] : body['@id'];
  if (told !== address) {
    fault(address, `calls itself ${told}`);
  }
  links(await judge(address, body));
  if (body['@type'] === 'Collection' && !address.includes('?')) {
    waiting.push([`${address}?pageSize=1`, 'read']);
  }
}

const documentation = await (await fetch(`${base}/vocab`)).json();
learn(await jsonld.expand(documentation, { documentLoader }));
await judge(`${base}/vocab`, documentation);
while (waiting.length > 0) {
  const [address, way] = waiting.shift();
  if (!seen.has(address)) {
    seen.add(address);
    await visit(address, way);
  }
}
said('judged', seen.size, 'answers under', contexts.size, 'contexts');

// What no link leads to: kinds of errors, what only a POST answers, what is written and never shown.
const isError = (described) => (described.subClassOf ?? '').endsWith('Error');
const elsewhere = ['Error', 'ConstraintViolation', 'BatchTest', 'Credentials'];
for (const described of documentation.supportedClass) {
  if (!met.has(VOCAB + described.title) && !isError(described) && !elsewhere.includes(described.title)) {
    fault(described.title, 'was never met');
  }
}
assert.deepEqual(faults, []);
