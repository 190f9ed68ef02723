// Several images at once: ten are tagged, two are protected, one is deleted.
//
//   node select.mjs ROOT KEY:SECRET IMAGES
import assert from 'node:assert/strict';

import { finish, made, open, shown, visit } from './browser.mjs';

const [images] = process.argv.slice(4);
const customer = images.split('/spaces/')[0];
await made('POST', `${customer}/roles`, { name: 'staff' });
const window = await open();
const { page } = window;
const choose = async (from, to) => {
  await visit(page, images);
  for (let n = from; n < to; n += 1) await page.locator('.grid input').nth(n).check();
  await page.waitForSelector(`.selection >> text=${to - from} selected`);
};
const done = async () => {
  await page.click('dialog button[type=submit]');
  await page.waitForFunction(() => !document.querySelector('dialog[open]'));
  await shown(page);
};
await choose(0, 10);
await page.click('.selection button.main');
await page.locator('dialog textarea').first().fill('exhibition\n1932');
await done();
const { member } = await made('GET', images);
assert.deepEqual(member.map(({ tags }) => tags.includes('exhibition')), member.map((_, n) => n < 10));
assert.ok(member.every(({ tags }) => tags.includes('map')), 'other tags stay');

await choose(0, 2);
await page.click('.selection button.main');
await page.check('dialog .choices label:has-text("staff") input');
await done();
await page.waitForFunction(() => document.querySelectorAll('.grid .protected').length === 2);
const rolesOf = async () => (await made('GET', images)).member.slice(0, 3).map(({ roles }) => roles.length);
assert.deepEqual(await rolesOf(), [1, 1, 0]);
await choose(0, 1);
await page.click('.selection button.main');
await page.check('dialog label:has-text("those with one of these roles") input');
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog .summary >> text=Tick a role');
await page.check('dialog label:has-text("everybody") input');
await done();
assert.deepEqual(await rolesOf(), [0, 1, 0]);

// Tags that somebody else gives meanwhile stay.
await choose(0, 2);
await page.click('.selection button.main');
await page.locator('dialog textarea').first().fill('late');
await made('PATCH', member[0]['@id'], { tags: ['map', 'of somebody else'] });
await done();
assert.deepEqual((await made('GET', member[0]['@id'])).tags.sort(), ['late', 'map', 'of somebody else']);

// A set of more than one page is changed as a whole, and not where it is another one since.
const names = Array.from({ length: 103 }, (_, n) => `reader-${String(n).padStart(3, '0')}`);
for (const name of names) await made('PUT', `${customer}/roles/${name}`, { name });
const defaults = `${images.replace(/\/images$/, '')}/defaultRoles`;
await made('POST', defaults, { member: names.slice(0, 102) });
const openSet = async () => {
  await visit(page, defaults);
  await page.click('.head button:has-text("Change members")');
  await page.waitForFunction(() => document.querySelector('dialog textarea')?.value.split('\n').length === 102);
};
await openSet();
await page.locator('dialog textarea').press('Control+End');
await page.keyboard.type(`\n${names[102]}`);
await done();
assert.equal((await made('GET', `${defaults}?pageSize=1`)).totalItems, 103);
await made('POST', defaults, { member: names.slice(0, 102) });
await openSet();
await made('POST', defaults, { member: names.slice(0, 50) });
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog .summary >> text=Somebody changed this');
assert.equal((await made('GET', `${defaults}?pageSize=1`)).totalItems, 50);

await choose(3, 4);
await page.click('.selection button.danger');
await page.fill('dialog input', '2');
await page.click('dialog button[type=submit]');
await page.waitForSelector('dialog .summary');
await page.fill('dialog input', '1');
await done();
assert.equal((await made('GET', images)).totalItems, member.length - 1);
await finish({ faults: window.faults.filter((fault) => !/status of 412/.test(fault)) });
