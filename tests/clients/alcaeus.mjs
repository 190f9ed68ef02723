// Alcaeus 3: links, operations by type, search template, pages, writing and errors, all by the documentation.
import assert from 'node:assert/strict';

import formats from '@rdfjs/formats';
import stock from '@zazuko/env';
import Environment from '@zazuko/env/Environment.js';
import alcaeus from 'alcaeus';

import { authorization, base, fresh, said, VOCAB } from './service.mjs';

const env = new Environment(alcaeus(), { parent: stock });
// The stock environment brings no parsers; without any, Alcaeus finds every answer empty and says nothing.
env.formats.import(formats);
const client = env.hydra;
client.defaultHeaders = { authorization };

const term = (name) => env.namedNode(VOCAB + name);
const { hydra, schema } = env.ns;

async function load(address) {
  const { response, representation } = await client.loadResource(address);
  assert.equal(response.xhr.status, 200, address);
  assert.ok(representation.root, `${address} has no root`);
  return representation.root;
}

async function follow(resource, link) {
  const links = resource.getLinks();
  const found = links.find(({ supportedProperty: { property } }) => property.id.equals(term(link)));
  assert.ok(found, `${resource.id.value} has no link ${link}`);
  return load(found.resources[0].id.value);
}

function operation(resource, type) {
  const found = resource.findOperations({ bySupportedOperation: type });
  assert.equal(found.length, 1, `${resource.id.value} has one ${type.value}`);
  return found[0];
}

const compact = (body) => JSON.stringify({ '@context': `${base}/contexts/Space.jsonld`, ...body });
const json = { 'content-type': 'application/ld+json' };

const root = await load(`${base}/`);
const [documentation] = client.apiDocumentations;
assert.ok(documentation.root.entrypoint.id.equals(root.id));
assert.ok(documentation.root.supportedClass.length > 50);
said('found the documentation, with', documentation.root.supportedClass.length, 'classes');

const customers = await follow(root, 'EntryPoint/customers');
const customer = await load(customers.member[0].id.value);
const spaces = await follow(customer, 'Customer/spaces');
said('walked to', spaces.id.value);

const [template] = [spaces.search].flat();
const small = template.expand(env.clownface().blankNode().addOut(hydra.limit, 2));
const seen = [];
let address = small;
while (address) {
  const page = await load(address);
  seen.push(...page.member.map((member) => member.id.value));
  assert.ok(page.member.length <= 2);
  address = page.view[0].next?.id.value;
}
assert.equal(new Set(seen).size, spaces.totalItems);
assert.ok(spaces.totalItems > 4, 'there are pages to turn');
said('met', seen.length, 'spaces on pages of two');

const name = fresh('made by Alcaeus');
const create = operation(spaces, schema.CreateAction);
assert.ok(create.expects[0].id.equals(term('Space')) && create.returns.id.equals(term('Space')));
const made = await create.invoke(compact({ name }), json);
assert.equal(made.response.xhr.status, 201);
const space = await load(made.representation.root.id.value);
const value = (resource, property) => resource.pointer.out(term(property)).value;
assert.equal(value(space, 'Space/name'), name);
said('made', space.id.value);

const named = template.expand(env.clownface().blankNode().addOut(term('Space/name'), name));
const found = await load(named);
assert.deepEqual(found.member.map((member) => member.id.value), [space.id.value]);
said('found it by its name');

const replaced = await operation(space, schema.ReplaceAction).invoke(
  compact({ '@id': space.id.value, '@type': 'Space', name: `${name}, replaced`, defaultTags: ['a'] }),
  json,
);
assert.equal(replaced.response.xhr.status, 200);
assert.equal(value(replaced.representation.root, 'Space/name'), `${name}, replaced`);
const update = operation(space, schema.UpdateAction);
const patched = await update.invoke(compact({ name: `${name}, patched` }), json);
assert.equal(patched.response.xhr.status, 205);
const shown = await update.invoke(compact({ defaultTags: ['b', 'c'] }), {
  ...json,
  prefer: 'return=representation',
});
assert.equal(shown.response.xhr.status, 200);
assert.equal(value(shown.representation.root, 'Space/name'), `${name}, patched`);
assert.deepEqual(shown.representation.root.pointer.out(term('Space/defaultTags')).values.sort(), ['b', 'c']);
said('replaced and updated it');

const refused = await create.invoke('{}', json);
assert.equal(refused.response.xhr.status, 400);
const error = refused.representation.root;
assert.ok(error.types.has(hydra.Error));
assert.equal(error.title, 'Bad Request');
assert.match(error.description, /name is required/);
said('was told:', error.description);

const removed = await operation(space, schema.DeleteAction).invoke();
assert.equal(removed.response.xhr.status, 205);
const gone = await client.loadResource(space.id);
assert.equal(gone.response.xhr.status, 404);
assert.ok(gone.representation.root.types.has(hydra.Error));
said('removed it');
