// Each class that can be made, by keyboard alone: made, changed, changed by two at once, deleted; and what goes wrong.
//
//   node forms.mjs ROOT KEY:SECRET CUSTOMER ORIGIN
import assert from 'node:assert/strict';

import { ask, authorization, finish, made, open, picture, shown, tabTo, visit } from './browser.mjs';
import { keyboardOf } from './keyboard.mjs';

const [customer, origin] = process.argv.slice(4);
const window = await open();
const { page, requests } = window;
const keys = page.keyboard;

const { openSheet, enter, submit, closed, remove, conflict } = keyboardOf(page);

const classes = [
  { list: 'spaces', fields: { name: 'Prints' }, change: ['name', 'Prints and drawings', 'Etchings'] },
  { list: 'roles', fields: { name: 'staff', label: 'Staff' }, change: ['label', 'All staff', 'Some staff'] },
  { list: 'namedQueries', fields: { name: 'by-shelf', template: 's1=p1' }, change: ['template', 's1=p1&n2=p2', 's2=p1'] },
  { list: 'originStrategies', fields: { regex: '^https://a\\.example/', originStrategy: 'default' },
    change: ['regex', '^https://b\\.example/', '^https://c\\.example/'] },
  { list: 'authServices', fields: { name: 'members', profile: 'http://iiif.io/api/auth/1/login', label: 'Members' },
    change: ['label', 'Readers', 'Guests'] },
  { list: 'portalUsers', fields: { email: 'a@example.org', password: 'long enough' }, change: ['email', 'b@example.org', 'c@example.org'] },
  { list: 'webhooks', fields: { url: 'https://example.org/a' }, change: ['url', 'https://example.org/b', 'https://example.org/c'],
    shows: true },
];
for (const { list, fields, change: [member, mine, theirs], shows } of classes) {
  await visit(page, `${customer}/${list}`);
  await openSheet('POST');
  // Nothing is entered: what is required is said at once, beside its field.
  await submit();
  await page.waitForSelector('dialog .summary');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'summary');
  assert.ok(await page.locator('dialog [aria-invalid=true]').count() > 0);
  if (list === 'spaces') await picture(page, 'faults');
  for (const [name, text] of Object.entries(fields)) await enter(name, text);
  await submit();
  if (shows) {
    await page.waitForSelector('dialog .secret');
    await tabTo(page, 'dialog button.main');
    await keys.press('Enter');
    await closed();
    await page.waitForSelector('tbody a');
    await tabTo(page, 'tbody a');
    await keys.press('Enter');
  }
  await page.waitForFunction(() => document.querySelector('.head [data-method=DELETE]'));
  await shown(page);
  // One member is changed, and nothing else is sent.
  const before = (await ask('GET', page.url())).doc[member];
  await openSheet('PATCH');
  await submit();
  await page.waitForSelector('dialog .summary');
  const second = `${fields[member]}${list === 'portalUsers' ? '.uk' : list === 'namedQueries' ? '&n1=p2' : '2'}`;
  assert.equal(before, fields[member]);
  await enter(member, second);
  await submit();
  await closed();
  await shown(page);
  assert.equal((await ask('GET', page.url())).doc[member], second, list);
  await conflict(member, [mine, theirs, second]);
  await remove();
}

// Images have an origin, and are there when the answer comes.
const space = await made('POST', `${customer}/spaces`, { name: 'Maps' });
await visit(page, space.images);
await openSheet('POST');
await enter('origin', origin);
await enter('tags', 'map');
await enter('number1', '7');
await submit();
await page.waitForFunction(() => /\/images\/./.test(location.pathname) && document.querySelector('.head [data-method=DELETE]'));
await shown(page);
const image = page.url();
await conflict('string1', ['shelf 1', 'shelf 2', '–']);
assert.deepEqual((await ask('GET', image)).doc.tags, ['map']);
// What the service refuses stands beside its field, and what was entered stays.
await openSheet('PATCH');
await enter('origin', 'no address');
await submit();
await page.waitForSelector('dialog [name=origin][aria-invalid=true]');
assert.match(await page.textContent('dialog .summary'), /origin/);
await keys.press('Escape');
await openSheet('PATCH');
assert.equal(await page.inputValue('dialog [name=origin]'), 'no address');
await keys.press('Escape');
await remove();

// A key shows its secret once.
await visit(page, `${customer}/keys`);
await tabTo(page, '.head [data-method=POST]');
await keys.press('Enter');
await page.waitForSelector('dialog form');
// One that only reads, until some day.
await tabTo(page, 'dialog [name=readOnly]');
await keys.press('Space');
await page.fill('dialog [name=expires]', '2099-12-31T12:00:30');
await submit();
await page.waitForSelector('dialog .secret');
assert.ok((await page.textContent('dialog .secret')).length > 20);
const key = (await made('GET', `${customer}/keys`)).member.find(({ expires }) => expires);
assert.deepEqual([key.readOnly, key.expires], [true, '2099-12-31T12:00:30Z']);

// A number that no other number of a browser is stays what it is: shown, in a form that replaces everything, and as JSON.
const large = { address: `${space.images}/large`, number: '9007199254740993' };
const put = await fetch(large.address, {
  method: 'PUT', headers: { authorization, 'content-type': 'application/ld+json' },
  body: `{"origin": ${JSON.stringify(origin)}, "label": "Large", "number1": ${large.number}, "number2": 5}`,
});
assert.equal(put.status, 201);
const numbers = async () => (await ask('GET', large.address)).text.match(/"number[12]": ?\d+/g).map((text) => text.split(/: ?/)[1]);
await visit(page, large.address);
await page.waitForSelector('main dd >> text=9,007,199,254,740,993');
await openSheet('PUT');
await enter('string1', 'replaced');
await submit();
await closed();
await shown(page);
assert.equal((await ask('GET', large.address)).doc.string1, 'replaced');
assert.deepEqual(await numbers(), [large.number, '5']);
await openSheet('PUT');
await page.click('dialog button >> text=Edit as JSON');
const json = await page.inputValue('dialog .raw');
assert.ok(json.includes(large.number), json);
await page.fill('dialog .raw', json.replace('"number2": 5', '"number2": 9007199254740995'));
await submit();
await closed();
await shown(page);
assert.deepEqual(await numbers(), [large.number, '9007199254740995']);

// What the service itself changed meanwhile is in nobody's way.
await openSheet('PATCH');
await enter('string2', 'meanwhile');
const before = await ask('GET', large.address);
await made('POST', `${large.address}/reingest`);
const meanwhile = await ask('GET', large.address);
assert.notEqual(meanwhile.headers.get('etag'), before.headers.get('etag'));
await submit();
await closed();
await shown(page);
assert.equal((await ask('GET', large.address)).doc.string2, 'meanwhile');

// A draft is one of what was read then: what somebody else changed before it is opened again is not written over.
await visit(page, space['@id']);
await openSheet('PATCH');
await enter('name', 'Maps of mine');
await keys.press('Escape');
await made('PATCH', space['@id'], { name: 'Maps of theirs' });
await visit(page, space['@id']);
await openSheet('PATCH');
assert.equal(await page.inputValue('dialog [name=name]'), 'Maps of mine');
await submit();
await page.waitForSelector('dialog .conflict');
assert.match(await page.locator('dialog .conflict tr.changed').first().textContent(), /Maps of mine.*Maps.*Maps of theirs/);
await page.click('dialog .conflict button >> text=Discard mine');
await closed();
await shown(page);
await openSheet('PATCH');
assert.equal(await page.inputValue('dialog [name=name]'), 'Maps of theirs');
await keys.press('Escape');

// As JSON, nothing that is secret is shown, nothing gets lost that no field holds, and what was written is in the fields.
await visit(page, `${customer}/portalUsers`);
await openSheet('POST');
await enter('email', 'c@example.org');
await enter('password', 'very secret');
const toggle = (text) => page.click(`dialog button >> text=${text}`);
await toggle('Edit as JSON');
assert.deepEqual(JSON.parse(await page.inputValue('dialog .raw')), { email: 'c@example.org' });
await page.waitForSelector('dialog .note >> text=What is secret is not shown here');
await page.fill('dialog .raw', '{ "email": "d@example.org", "colour": "red" }');
await toggle('Edit as fields');
await page.waitForSelector('dialog .summary >> text=No field holds this as it stands here: colour');
await page.fill('dialog .raw', '{ "email": ');
await toggle('Edit as fields');
await page.waitForSelector('dialog .summary >> text=This is no JSON');
await page.fill('dialog .raw', '{ "email": "d@example.org" }');
await toggle('Edit as fields');
assert.deepEqual([await page.inputValue('dialog [name=email]'), await page.inputValue('dialog [name=password]')],
  ['d@example.org', 'very secret']);
await toggle('Edit as JSON');
await submit();
await closed();
await page.waitForFunction(() => document.title.startsWith('d@example.org'));
await shown(page);

// What is made is made once, though the answer was lost; what was refused is judged anew; where a secret is shown, there is no key.
const posts = [];
page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.headers()['idempotency-key']); });
await page.route(`${customer}/roles`, async (route) => {
  if (route.request().method() !== 'POST' || posts.length > 2) return route.continue();
  if (posts.length === 1) return route.fulfill({ status: 400, contentType: 'application/ld+json', body: '{"detail":"not this one"}' });
  await route.fetch();
  return route.abort('connectionreset');
});
await visit(page, `${customer}/roles`);
await openSheet('POST');
await enter('name', 'refused');
await submit();
await page.waitForSelector('dialog .summary >> text=not this one');
await enter('name', 'once');
await submit();
await page.waitForSelector('dialog .summary >> text=did not answer');
await submit();
await page.waitForFunction(() => /\/roles\/./.test(location.pathname));
await shown(page);
await page.unroute(`${customer}/roles`);
assert.equal((await made('GET', `${customer}/roles`)).member.filter(({ name }) => name === 'once').length, 1);
assert.equal(posts.length, 3);
assert.ok(posts.every((key) => /^"console-[0-9a-f]{32}"$/.test(key)), `${posts}`);
assert.ok(posts[0] !== posts[1] && posts[1] === posts[2], `${posts}`);
await visit(page, `${customer}/webhooks`);
await openSheet('POST');
await enter('url', 'https://example.org/z');
await submit();
await page.waitForSelector('dialog .secret');
assert.equal(posts[3], undefined);
await tabTo(page, 'dialog button.main');
await keys.press('Enter');
await closed();
await shown(page);

// Writes ask for strictness, and changes name what they change.
const strict = [];
page.on('request', (request) => { if (!/GET|HEAD/.test(request.method())) strict.push(request.headers()); });
await visit(page, space['@id']);
await openSheet('PATCH');
await enter('defaultTags', 'a');
await submit();
await closed();
await shown(page);
assert.equal(strict.length, 1);
assert.match(strict[0].prefer, /handling=strict/);
assert.ok(strict[0]['if-match']);
assert.ok(requests.length > 0);
await finish({ faults: window.faults.filter((fault) => !/status of (400|409|412)|ERR_CONNECTION_RESET/.test(fault)) });
