// Heracles.ts 0.5: links, inline operations by type, search template, iterators, writing.
import assert from 'node:assert/strict';

import heracles from '@hydra-cg/heracles.ts';

import { base, fetchWithKey, fresh, HYDRA, said, SCHEMA, VOCAB } from './service.mjs';

const { default: Factory, PartialCollectionCrawler } = heracles;
// Only `hydra:link` counts as a link by default, which nobody writes any more.
const client = Factory.configure().withDefaults().withSameRootLinks().with(fetchWithKey).andCreate();

const addresses = (resources) => [...resources].map((resource) => resource.iri);

async function follow(resource, relation) {
  const link = resource.links.withRelationOf(VOCAB + relation).first();
  assert.ok(link, `${resource.iri} has no link ${relation}`);
  return client.getResource(link);
}

function operation(resource, type) {
  const found = resource.operations.ofType(SCHEMA + type);
  assert.equal(found.length, 1, `${resource.iri} has one ${type}`);
  assert.equal(found.first().target.iri, resource.iri);
  return found.first();
}

const documentation = await client.getApiDocumentation(`${base}/`);
assert.equal(documentation.entryPoint, `${base}/`);
const described = documentation.supportedClasses.ofIri(`${VOCAB}Space`).first();
const properties = described.supportedProperties.toArray();
const name = properties.find((supported) => supported.property.iri === `${VOCAB}Space/name`);
assert.ok(name.required && name.readable && name.writable && name.displayName === 'name');
const created = properties.find((supported) => supported.property.iri === `${VOCAB}Space/created`);
assert.ok(!created.required && created.readable && !created.writable);
assert.deepEqual(addresses(created.property.valuesOfType), ['http://www.w3.org/2001/XMLSchema#dateTime']);
said('read the documentation, with', documentation.supportedClasses.length, 'classes');

const root = await client.getResource(documentation.entryPoint);
const customers = await follow(root, 'EntryPoint/customers');
const customer = await client.getResource(customers.members.ofType(`${VOCAB}Customer`).first());
const spaces = await follow(customer, 'Customer/spaces');
assert.equal(spaces.collections.withMembersOfType(`${VOCAB}Space`).length, 1);
said('walked to', spaces.iri);

const search = spaces.links.withTemplate().first();
assert.equal(search.relation, `${HYDRA}search`);
const fill = (property, value) =>
  client.getResource(search.expandTarget((builder) => builder.withProperty(property).havingValueOf(value)));
const page = await fill(`${HYDRA}limit`, 2);
const collection = page.collections.withMembersOfType(`${VOCAB}Space`).first();
assert.equal(collection.iri, spaces.iri);
assert.equal(collection.members.length, 2);
const iterator = collection.getIterator();
assert.ok(iterator.hasNextPart && !iterator.hasPreviousPart);
const second = addresses(await iterator.getNextPart());
assert.equal(second.length, 2);
assert.ok(iterator.hasPreviousPart);
const members = addresses(await PartialCollectionCrawler.from(collection).getMembers());
assert.equal(new Set(members).size, spaces.totalItems);
assert.deepEqual(members.slice(2, 4), second);
said('met', members.length, 'spaces on pages of two');

const space = { '@context': `${base}/contexts/Space.jsonld`, '@type': 'Space' };
const words = fresh('made by Heracles');
const create = operation(spaces, 'CreateAction');
assert.deepEqual(addresses(create.expects), [`${VOCAB}Space`]);
const made = await client.invoke(create, { ...space, name: words });
assert.equal(made.status, 201, await made.text());
const own = await client.getResource(made.headers.get('location'));
assert.equal(own.iri, made.headers.get('location'));
said('made', own.iri);

const named = await fill(`${VOCAB}Space/name`, words);
const [filtered] = named.collections;
assert.deepEqual(addresses(filtered.members), [own.iri]);
assert.notEqual(filtered.view.iri, filtered.iri);
said('found it by its name');

const replaced = await client.invoke(operation(own, 'ReplaceAction'), { ...space, name: `${words}, replaced` });
assert.equal(replaced.status, 200);
assert.equal((await replaced.json()).name, `${words}, replaced`);
const updated = await client.invoke(operation(own, 'UpdateAction'), { ...space, name: `${words}, patched` });
assert.equal(updated.status, 205);
assert.equal((await client.getResource(own.iri)).json().name, `${words}, patched`);
said('replaced and updated it');

const refused = await client.invoke(create, { ...space, name: '' });
assert.equal(refused.status, 400);
said('was told:', (await refused.json())['hydra:description']);

const removed = await client.invoke(operation(own, 'DeleteAction'));
assert.equal(removed.status, 205);
await assert.rejects(client.getResource(own.iri), /status of 404/);
said('removed it');
