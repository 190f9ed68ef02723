// A librarian's day, from the first page, as far as there is no log-in and nothing is uploaded: clicks are counted.
//
//   node day.mjs ROOT KEY:SECRET ORIGIN BROKEN
import assert from 'node:assert/strict';

import { base, finish, made, open, shown, visit } from './browser.mjs';

const [origin, broken] = process.argv.slice(4);
const window = await open();
const { page } = window;
let clicks = 0;
const click = async (selector) => { clicks += 1; await page.click(selector); };
const closed = async () => { await page.waitForFunction(() => !document.querySelector('dialog[open]')); await shown(page); };

await visit(page, `${base}/`);
await click('.leads a:has-text("Customers")');
await page.waitForSelector('tbody a');
await click('tbody a');
await click('.leads a:has-text("Spaces")');
// A space.
await click('.head button:has-text("New space")');
await page.fill('dialog [name=name]', 'Glass plates');
await click('dialog button[type=submit]');
await page.waitForFunction(() => document.title.startsWith('Glass plates'));
await shown(page);
const space = page.url();
// Twenty images, of which one is broken.
await click('.head button:has-text("Add images")');
const lines = Array.from({ length: 20 }, (_, n) => (n === 11 ? broken : `${origin}?${n}`));
const table = ['id,origin,label', ...lines.map((address, n) => `plate-${n},${address},Plate ${n + 1}`)].join('\n');
await page.setInputFiles('dialog input[type=file]', { name: 'plates.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });
await click('dialog button:has-text("Register")');
await page.waitForSelector('text=20 listed: 20 registered, 0 refused.');
// They come.
await click('dialog a:has-text("Batch")');
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('20 of 20'));
// The broken one says why, and is mended.
await page.waitForSelector('.errors .message');
await click('.errors a');
await page.waitForSelector('.viewer.failed');
await click('.head button:has-text("Edit")');
await page.fill('dialog [name=origin]', `${origin}?mended`);
await click('dialog button[type=submit]');
await closed();
await page.waitForSelector('.stage[data-open]');
// Ten are tagged, two protected, one deleted.
await click('.breadcrumb a:has-text("images")');
await page.waitForSelector('.grid');
const choose = async (from, to) => {
  for (let n = from; n < to; n += 1) { clicks += 1; await page.locator('.grid input').nth(n).check(); }
};
await choose(0, 10);
await click('.selection button.main');
await page.locator('dialog textarea').first().fill('exhibition');
await click('dialog button[type=submit]');
await closed();
await choose(0, 2);
await click('.selection button.main');
await page.selectOption('dialog select', 'roles');
await page.check('dialog .choices input >> nth=0');
clicks += 2;
await click('dialog button[type=submit]');
await closed();
await choose(5, 6);
await click('.selection button.danger');
await page.fill('dialog input', '1');
await click('dialog button[type=submit]');
await closed();

const { member } = await made('GET', `${space}/images`);
assert.equal(member.length, 19);
assert.equal(member.filter(({ tags }) => tags.includes('exhibition')).length, 9);
assert.equal(member.filter(({ roles }) => roles.length).length, 2);
assert.deepEqual(member.filter(({ error }) => error), []);
console.log(`${clicks} clicks`);
assert.ok(clicks <= 40, `${clicks} clicks`);
await finish(window);
