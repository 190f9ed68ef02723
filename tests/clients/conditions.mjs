// Alcaeus revalidates what it has by itself, and an edit of what has changed meanwhile is refused.
import assert from 'node:assert/strict';

import formats from '@rdfjs/formats';
import stock from '@zazuko/env';
import Environment from '@zazuko/env/Environment.js';
import alcaeus from 'alcaeus';

import { base, fetchWithKey, fresh, said } from './service.mjs';

const statuses = new Map();
const fetch = async (url, init) => {
  const response = await fetchWithKey(url, init);
  statuses.set(url.toString(), [...(statuses.get(url.toString()) ?? []), response.status]);
  return response;
};
const env = new Environment(alcaeus({ fetch }), { parent: stock });
env.formats.import(formats);

const root = await (await fetchWithKey(`${base}/`)).json();
const [customer] = (await (await fetchWithKey(root.customers)).json()).member;
const json = { 'content-type': 'application/ld+json' };
const body = JSON.stringify({ name: fresh('a space to revalidate') });
const made = await fetchWithKey(customer.spaces, { method: 'POST', headers: json, body });
const address = made.headers.get('location');

const first = await env.hydra.loadResource(address);
const again = await env.hydra.loadResource(address);
assert.deepEqual(statuses.get(address), [200, 304]);
assert.equal(again.representation.root.id.value, first.representation.root.id.value);
said('Alcaeus was told that nothing has changed');

const etag = first.response.xhr.headers.get('etag');
const edit = (tag) =>
  fetchWithKey(address, {
    method: 'PATCH',
    headers: { ...json, 'if-match': etag },
    body: JSON.stringify({ defaultTags: [tag] }),
  });
const done = await edit('first');
assert.equal(done.status, 205);
assert.ok(done.headers.get('etag') && done.headers.get('etag') !== etag);
assert.equal((await edit('second')).status, 412);
await env.hydra.loadResource(address);
assert.deepEqual(statuses.get(address), [200, 304, 200]);
const headers = { 'if-match': done.headers.get('etag') };
const removed = await fetchWithKey(address, { method: 'DELETE', headers });
assert.equal(removed.status, 205);
said('an edit of what had changed was refused');
