// Each class that can be made, by keyboard alone: made, changed, changed by two at once, deleted; and what goes wrong.
//
//   node forms.mjs ROOT KEY:SECRET CUSTOMER ORIGIN
import assert from 'node:assert/strict';

import { ask, finish, made, open, picture, shown, tabTo, visit } from './browser.mjs';
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
  { list: 'originStrategies', fields: { regex: '^https://a\\.example/', originStrategy: 'default' }, change: ['regex', '^https://b\\.example/', '^https://c\\.example/'] },
  { list: 'authServices', fields: { name: 'members', profile: 'http://iiif.io/api/auth/1/login', label: 'Members' }, change: ['label', 'Readers', 'Guests'] },
  { list: 'portalUsers', fields: { email: 'a@example.org', password: 'long enough' }, change: ['email', 'b@example.org', 'c@example.org'] },
  { list: 'webhooks', fields: { url: 'https://example.org/a' }, change: ['url', 'https://example.org/b', 'https://example.org/c'], shows: true },
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
await finish({ faults: window.faults.filter((fault) => !/status of (400|412)/.test(fault)) });
