// Bodies as clients write them who know what a term means and not what it is called here.
import assert from 'node:assert/strict';

import heracles from '@hydra-cg/heracles.ts';
import jsonld from 'jsonld';

import { base, fetchWithKey, fresh, said, SCHEMA, VOCAB } from './service.mjs';

const root = await (await fetchWithKey(`${base}/`)).json();
const [customer] = (await (await fetchWithKey(root.customers)).json()).member;
const NAME = `${VOCAB}Space/name`;
const TAGS = `${VOCAB}Space/defaultTags`;

/** A space as a graph; each way of writing it is another document of the same meaning. */
const graph = (name) => [
  { '@type': [`${VOCAB}Space`], [NAME]: [{ '@value': name }], [TAGS]: [{ '@value': 'a' }, { '@value': 'b' }] },
];
const compact = (context) => (name) => jsonld.compact(graph(name), context);
const FORMS = {
  'expanded': graph,
  'with whole IRIs as keys': compact({}),
  'flattened': (name) => jsonld.flatten(graph(name), {}),
  'with other prefixes': compact({ p: `${VOCAB}Space/`, q: VOCAB }),
  'with other terms': compact({ description: NAME, kind: '@type', label: { '@id': TAGS, '@container': '@set' } }),
  'with a vocabulary of its own': compact({ '@vocab': `${VOCAB}Space/`, Space: `${VOCAB}Space` }),
  'with our context': compact(`${base}/contexts/Space.jsonld`),
  'with our context and a word of its own': compact([`${base}/contexts/Space.jsonld`, { n: NAME }]),
};

const headers = { 'content-type': 'application/ld+json' };
for (const [words, write] of Object.entries(FORMS)) {
  const name = fresh('a space');
  const body = JSON.stringify(await write(name));
  const made = await fetchWithKey(customer.spaces, { method: 'POST', headers, body });
  const space = await made.json();
  assert.equal(made.status, 201, `${words}: ${body}: ${JSON.stringify(space)}`);
  assert.deepEqual([space.name, space.defaultTags.sort()], [name, ['a', 'b']], words);
  const update = JSON.stringify([{ [TAGS]: [{ '@value': 'c' }] }]);
  const patched = await fetchWithKey(space['@id'], { method: 'PATCH', headers, body: update });
  assert.equal(patched.status, 205);
  assert.deepEqual((await (await fetchWithKey(space['@id'])).json()).defaultTags, ['c']);
  assert.equal((await fetchWithKey(space['@id'], { method: 'DELETE' })).status, 205);
}
said('a space was made', Object.keys(FORMS).join(', '));

// Heracles sends what it is given, and what it works with are IRIs.
const client = heracles.default.configure().withDefaults().with(fetchWithKey).andCreate();
const spaces = await client.getResource(customer.spaces);
const create = spaces.operations.ofType(`${SCHEMA}CreateAction`).first();
const name = fresh('made by Heracles');
const made = await client.invoke(create, { '@type': [`${VOCAB}Space`], [NAME]: name });
assert.equal(made.status, 201);
const own = await client.getResource(made.headers.get('location'));
assert.equal(own.json().name, name);
const remove = own.operations.ofType(`${SCHEMA}DeleteAction`).first();
assert.equal((await client.invoke(remove)).status, 205);
said('Heracles made one by IRIs alone');
