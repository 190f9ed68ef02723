// Nothing that was entered gets lost or is sent as something else, and whoever uses a keyboard stays where they are.
//
//   node kept.mjs ROOT KEY:SECRET CUSTOMER SPACE
import assert from 'node:assert/strict';

import { finish, made, open, shown, tabTo, visit } from './browser.mjs';
import { keyboardOf } from './keyboard.mjs';

const [customer, space] = process.argv.slice(4);
const window = await open();
const { page } = window;
const keys = page.keyboard;
const { openSheet, enter, submit, closed } = keyboardOf(page);
const images = `${space}/images`;
const originally = await made('GET', space);
const close = async () => { await keys.press('Escape'); await closed(); };
/** Waits until what has focus says this. */
const focused = (text) => page.waitForFunction((wanted) => document.activeElement.textContent.trim() === wanted, text)
  .catch(async () => assert.fail(`${await page.evaluate(() => document.activeElement.outerHTML)} has focus, and not ${text}`));
const press = async (selector) => { await page.focus(selector); await keys.press('Enter'); };

// Whoever saves is where they were, and hears that it was done.
await visit(page, space);
await openSheet('PATCH');
await enter('name', 'Maps and plans');
await submit();
await closed();
await shown(page, 'Maps and plans');
await focused('Edit');
await page.waitForSelector('.unseen >> text=Done.', { state: 'attached' });

// What is no number is none that is taken away.
await openSheet('PATCH');
await enter('defaultMaxUnauthorised', '1-2');
await submit();
await page.waitForSelector('dialog .summary >> text=Default max unauthorised: this is no whole number.');
assert.equal(await page.getAttribute('dialog [name=defaultMaxUnauthorised]', 'aria-invalid'), 'true');
await close();
await focused('Edit');
assert.equal((await made('GET', space)).defaultMaxUnauthorised, originally.defaultMaxUnauthorised);

// What nobody touched is sent as it was read, though a field shows less of it.
const lines = `${images}/lines`;
await made('PUT', lines, { origin: 'https://example.org/a.jpg', label: 'two\nlines', tags: [' a ', 'b'] });
await visit(page, lines);
await openSheet('PUT');
await enter('string1', 'replaced');
await submit();
await closed();
await shown(page);
const { string1, label, tags } = await made('GET', lines);
assert.deepEqual([string1, label, tags], ['replaced', 'two\nlines', [' a ', 'b']]);

// What a field leads to is found by typing its name, also beyond the first page; an address is chosen in place of the name.
for (let n = 0; n < 30; n += 1) await made('POST', `${customer}/roles`, { name: `readers-${n}` });
const last = await made('POST', `${customer}/roles`, { name: 'zoologists' });
await visit(page, lines);
await openSheet('PATCH');
const offered = (name) => page.waitForFunction((wanted) => {
  const names = [...document.querySelectorAll('dialog .offered button')].map(({ textContent }) => textContent);
  return names.length > 0 && names.every((one) => one.includes(wanted));
}, name);
await page.focus('dialog [name=roles]');
await page.fill('dialog [name=roles]', 'readers-1');
await offered('readers-1');
await page.fill('dialog [name=roles]', 'zoologists');
await offered('zoologists');
await page.click('dialog .offered button');
assert.equal(await page.inputValue('dialog [name=roles]'), last['@id']);
await submit();
await closed();
assert.deepEqual((await made('GET', lines)).roles, [last['@id']]);

// Changes of several and of all at once are kept as well, and sent once.
await visit(page, images);
await page.click('.selection button >> text=Select all on this page');
await page.click('.selection button.main');
await page.locator('dialog textarea').first().fill('harbour');
await page.fill('dialog [name=string2]', 'drawer');
await page.check('dialog .choices input');
await close();
await page.click('.selection button.main');
await page.waitForSelector('dialog >> text=This is what you entered before.');
assert.deepEqual([await page.locator('dialog textarea').first().inputValue(), await page.inputValue('dialog [name=string2]')],
  ['harbour', 'drawer']);
await page.waitForSelector('dialog .choices input:checked');
await submit();
await closed();
const changed = await made('GET', lines);
assert.deepEqual([changed.string2, changed.tags.includes('harbour'), changed.roles.length], ['drawer', true, 1]);
await shown(page);
await openSheet('PATCH');
await page.fill('dialog [name=string3]', 'shelf');
await close();
await openSheet('PATCH');
await page.waitForSelector('dialog >> text=This is what you entered before.');
assert.equal(await page.inputValue('dialog [name=string3]'), 'shelf');
await page.click('dialog button >> text=Begin anew');
await page.waitForFunction(() => document.querySelector('dialog [name=string3]')?.value === '');
await close();

// A chosen id, and JSON but for its secrets, are kept.
await visit(page, `${customer}/portalUsers`);
await openSheet('POST');
await enter('email', 'dora@example.org');
await page.getByLabel('Id', { exact: true }).fill('dora');
await close();
await openSheet('POST');
assert.equal(await page.inputValue('dialog [name=email]'), 'dora@example.org');
assert.equal(await page.getByLabel('Id', { exact: true }).inputValue(), 'dora');
await page.click('dialog button >> text=Edit as JSON');
await page.fill('dialog .raw', '{ "email": "dora@example.org", "password": "very secret", "enabled": false, "colour": "red" }');
await close();
assert.ok(!await page.evaluate(() => JSON.stringify({ ...sessionStorage }).includes('very secret')), 'a secret is kept nowhere');
await openSheet('POST');
assert.deepEqual(JSON.parse(await page.inputValue('dialog .raw')), { email: 'dora@example.org', enabled: false, colour: 'red' });
await page.click('dialog >> text=Begin anew');
await page.waitForFunction(() => document.querySelectorAll('dialog').length === 1);
assert.equal(await page.inputValue('dialog [name=email]'), '');
await close();

// So is a set, over what it was read as.
const roles = `${space}/defaultRoles`;
await visit(page, roles);
const openSet = async () => {
  await press('.head [data-method=POST]');
  await page.waitForSelector('dialog textarea:not(:disabled)');
};
await openSet();
await page.fill('dialog textarea', 'staff');
await close();
await made('POST', roles, { member: ['clickthrough'] });
await openSet();
assert.equal(await page.inputValue('dialog textarea'), 'staff');
await submit();
await page.waitForSelector('dialog .summary >> text=Somebody changed this');
await close();
assert.equal((await made('GET', roles)).totalItems, 1);

// So are addresses that were not registered; why they were not is heard though a sheet is open.
const openRegister = async () => {
  await page.click('.head button >> text=Add images');
  await page.waitForSelector('dialog textarea');
};
await visit(page, space);
await openRegister();
await page.fill('dialog textarea', 'https://example.org/b.jpg\nhttps://example.org/c.jpg');
await close();
await focused('Add images…');
await openRegister();
assert.match(await page.inputValue('dialog textarea'), /b\.jpg\n.*c\.jpg/);
await page.route(`${customer}/queue`, (route) => route.fulfill({ status: 503, contentType: 'application/ld+json', body: '{}' }));
await page.click('dialog .main >> text=Register');
await page.waitForSelector('dialog .unseen[role=status] >> text=It stopped', { state: 'attached' });
await page.unroute(`${customer}/queue`);

// The way back closes a sheet, and leads on: what that sheet would have read anew is another page by now.
await visit(page, customer);
await page.click('main .lead >> text=Spaces');
await shown(page, 'Spaces');
await page.click('tbody a >> text=Maps and plans');
await shown(page, 'Maps and plans');
await openRegister();
await page.click('dialog .main >> text=Register');
await page.waitForFunction(() => /\/queue\/batches\//.test(location.pathname));
await shown(page);
await page.goBack();
await shown(page, 'Maps and plans');
await openRegister();
assert.equal(await page.inputValue('dialog textarea'), '', 'what was registered is not offered again');
await page.fill('dialog textarea', 'origin,number1\nhttps://example.org/d.jpg,1\nhttps://example.org/f.jpg,one');
await page.click('dialog .main >> text=Register');
await page.waitForSelector('dialog a[download]');
await page.goBack();
await shown(page, 'Spaces');
await page.waitForLoadState('networkidle');
assert.equal(page.url(), `${customer}/spaces`);
await page.goBack();
await shown(page, 'library');
assert.equal(page.url(), customer);

// A secret that is shown once stays on the way back until it is kept.
await visit(page, customer);
await page.click('main .lead >> text=Webhooks');
await shown(page, 'Webhooks');
await openSheet('POST');
await enter('url', 'https://example.org/hook');
await submit();
const secret = await page.textContent('dialog .secret');
await page.goBack();
await shown(page, 'library');
assert.equal(await page.textContent('dialog .secret'), secret);
await page.click('dialog button.main');
await closed();
await page.waitForLoadState('networkidle');
assert.equal(page.url(), customer);

// Buttons that are replaced when they are pressed leave focus beside them.
await visit(page, images);
await press('.selection button >> text=Select all');
await focused('Change…');
await press('.selection button >> text=Select none');
await focused('Select all on this page');
await press('.choice button >> text=Table');
await page.waitForSelector('table.images');
await focused('Table');
await press('.choice button >> text=Pictures');
await page.waitForSelector('.grid');
await focused('Pictures');

// What moves by itself takes focus from nobody.
await visit(page, `${customer}/queue`);
await page.waitForSelector('.batches a');
const batch = await page.locator('.batches a').last().textContent();
await page.locator('.batches a').last().focus();
const count = await page.locator('.batches a').count();
await made('POST', `${customer}/queue`, { member: [{ space: originally.id, id: 'late', origin: 'https://example.org/e.jpg' }] });
await page.waitForFunction((before) => document.querySelectorAll('.batches a').length > before, count);
await focused(batch);

// Single keys are turned off, and on again.
const turn = async () => {
  await press('.tools button >> text=Go to');
  await page.click('dialog button >> text=Which keys work');
  await page.click('dialog [type=checkbox]');
  await close();
};
await turn();
await keys.press('?');
assert.equal(await page.locator('dialog[open]').count(), 0);
await turn();
await keys.press('?');
await page.waitForSelector('dialog kbd');
await close();

// Steps that lead nowhere are no links for whoever is about to take one.
await visit(page, `${customer}/nothing/here`);
await tabTo(page, '.breadcrumb a');
await page.waitForSelector('.breadcrumb span >> text=nothing');
assert.equal(await page.locator('.breadcrumb a >> text=customers').count(), 1);
await finish({ faults: window.faults.filter((fault) => !/status of (404|412|503)/.test(fault)) });
