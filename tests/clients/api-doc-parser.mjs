// API Platform's parser of Hydra documentation, on which its Admin and its code generators stand.
import assert from 'node:assert/strict';

import { parseHydraDocumentation } from '@api-platform/api-doc-parser';

import { authorization, base, fetchWithKey, said } from './service.mjs';

const { api, status } = await parseHydraDocumentation(`${base}/`, { headers: { authorization } });
assert.equal(status, 200);
assert.equal(api.entrypoint, base);
const resource = (name) => {
  const found = api.resources.find((candidate) => candidate.name === name);
  assert.ok(found, `${name} is missing`);
  return found;
};
const fields = (list) => list.map((field) => field.name);
const operations = (of) => of.operations.map(({ method, type }) => `${method} ${type}`);

// What the root links to, and nothing else, is a resource for it.
const root = await (await fetchWithKey(`${base}/`)).json();
const links = Object.keys(root).filter((key) => !key.includes('@') && !key.includes(':'));
assert.deepEqual(fields(api.resources).sort(), links.sort());
for (const { name, url, title } of api.resources) {
  assert.equal(url, root[name]);
  assert.match(title, /^[A-Za-z]+$/, 'a title becomes the name of a type in generated code');
}
said('found', links.join(', '));

const customers = resource('customers');
assert.equal(customers.title, 'Customer');
assert.deepEqual(operations(customers), ['GET list', 'POST create', 'GET show', 'PATCH edit']);
assert.deepEqual(fields(customers.writableFields), ['name', 'displayName']);
assert.ok(customers.fields.find((field) => field.name === 'name').required);
const types = Object.fromEntries(customers.fields.map((field) => [field.name, field.type]));
assert.deepEqual(
  [types.id, types.name, types.administrator, types.created],
  ['integer', 'string', 'boolean', 'dateTime'],
);
const policies = resource('storagePolicies');
// It edits by the first operation there is for that, and needs a body in the answer.
assert.equal(operations(policies).find((words) => words.endsWith(' edit')), 'PUT edit');
assert.ok(operations(policies).includes('DELETE delete'));
said('understood', api.resources.reduce((sum, { fields: { length } }) => sum + length, 0), 'fields');

// The documentation is open to everybody, the root too.
const open = await parseHydraDocumentation(`${base}/`);
assert.deepEqual(fields(open.api.resources), fields(api.resources));

const customer = (await (await fetchWithKey(root.customers)).json()).member[0];
assert.deepEqual(fields(customers.readableFields).filter((name) => !(name in customer)), []);
const variables = (await customers.getParameters()).map(({ variable }) => variable);
assert.deepEqual(['page', 'pageSize'].filter((variable) => !variables.includes(variable)), []);
said('a customer has every field that it expects, and its collection a search by', variables.join(', '));
