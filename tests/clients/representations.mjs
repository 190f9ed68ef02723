// The same graph in every serialisation, by parsers of others, compared as canonical N-Quads (RDFC-1.0).
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import formats from '@rdfjs/formats';
import stock from '@zazuko/env';
import Environment from '@zazuko/env/Environment.js';
import alcaeus from 'alcaeus';
import jsonld from 'jsonld';

import { authorization, base, fetchWithKey, said } from './service.mjs';

const PROFILE = 'http://www.w3.org/ns/json-ld#';
const canonical = { algorithm: 'RDFC-1.0', format: 'application/n-quads', safe: false };

/** With a context, which is a string everywhere but in the documentation. */
const isCompact = (body) => body['@context'] !== undefined && body['@id'] !== undefined;

/** Whether nodes stand side by side, none inside another. */
function isFlat(body) {
  const values = body.flatMap((node) => Object.values(node).flat());
  const isNode = (value) => '@id' in value && Object.keys(value).length > 1;
  return values.every((value) => typeof value === 'string' || !isNode(value));
}

/** What else an answer is to be had as, and what of its shape a reader of that type counts on. */
const SERIALISATIONS = [
  ['text/turtle'],
  ['application/n-triples'],
  ['application/n-quads'],
  [`application/ld+json;profile="${PROFILE}expanded"`, (body) => Array.isArray(body) && !('@context' in body[0])],
  [`application/ld+json;profile="${PROFILE}flattened"`, isFlat],
  [`application/ld+json;profile="${PROFILE}compacted"`, isCompact],
  ['application/json', isCompact],
];

async function answer(address, accept) {
  const response = await fetchWithKey(address, { headers: { accept } });
  assert.equal(response.status, 200, `${address} as ${accept}`);
  const [type] = accept.split(';');
  assert.equal(response.headers.get('content-type').split(';')[0], type, address);
  assert.match(response.headers.get('vary'), /\bAccept\b/);
  return response;
}

const canonicalJson = (document, base) => jsonld.canonize(document, { ...canonical, base });

async function canonicalText(body, type, baseIRI) {
  const quads = formats.parsers.import(type, Readable.from([body]), { baseIRI });
  const nquads = await text(formats.serializers.import('application/n-quads', quads));
  return jsonld.canonize(nquads, { ...canonical, inputFormat: 'application/n-quads' });
}

async function compare(address) {
  const wanted = await canonicalJson(await (await answer(address, 'application/ld+json')).json(), address);
  assert.ok(wanted.length > 0);
  for (const [accept, hasShape] of SERIALISATIONS) {
    const response = await answer(address, accept);
    const [type] = accept.split(';');
    let found;
    if (hasShape) {
      const body = await response.json();
      assert.ok(hasShape(body), `${address} as ${accept}`);
      if (accept.includes('profile')) {
        assert.ok(response.headers.get('content-type').includes(accept.match(/#(\w+)/)[0]), accept);
      }
      found = await canonicalJson(body, address);
    } else {
      found = await canonicalText(await response.text(), type, address);
    }
    assert.equal(found, wanted, `${address} as ${accept} is another graph`);
  }
  said(address, 'is the same in', SERIALISATIONS.length + 1, 'serialisations');
}

const read = async (address) => (await answer(address, 'application/ld+json')).json();
const root = await read(`${base}/`);
const customer = (await read(root.customers)).member[0];
const page = `${customer.spaces}?pageSize=2`;
const spaces = await read(page);
for (const address of [root['@id'], `${base}/vocab`, customer['@id'], page, spaces.member[0]['@id']]) {
  await compare(address);
}

// Alcaeus asks for all it can parse; here it is made to read Turtle alone.
const env = new Environment(alcaeus(), { parent: stock });
env.formats.import(formats);
env.hydra.defaultHeaders = { authorization, accept: 'text/turtle' };
const { response, representation } = await env.hydra.loadResource(customer.spaces);
assert.match(response.xhr.headers.get('content-type'), /^text\/turtle/);
assert.equal(representation.root.member.length, spaces.totalItems);
const [create] = representation.root.findOperations({ bySupportedOperation: env.ns.schema.CreateAction });
assert.equal(create.method, 'POST');
said('Alcaeus read the documentation and a collection from Turtle');
