// A table of images: faults by line before anything is sent, what the service refuses by line after it.
//
//   node register.mjs ROOT KEY:SECRET SPACE ORIGIN, where a batch has 700 images at most
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { finish, made, open, picture, shown, visit } from './browser.mjs';

const [space, origin] = process.argv.slice(4);
const window = await open();
const { page, requests } = window;
await visit(page, space);
await page.click('.head button:has-text("Add images")');
const rows = [['origin', 'id', 'label', 'tags', 'number1', 'colour']];
for (let n = 0; n < 5000; n += 1) rows.push([`${origin}?${n}`, `page-${n}`, `"Page ${n}, recto"`, 'a;b', n, 'red']);
rows[3][0] = 'no address';
rows[5][4] = 'many';
rows[9][1] = 'page-0';
// Only the service knows that this is too long.
for (const line of [12, 13, 2000, 4999]) rows[line][2] = 'x'.repeat(1001);
const csv = Buffer.from(rows.map((row) => row.join(',')).join('\n'));
await page.setInputFiles('dialog input[type=file]', { name: 'maps.csv', mimeType: 'text/csv', buffer: csv });
await page.waitForSelector('dialog .note >> text=5,000 found, 3 with faults');
assert.match(await page.textContent('dialog .form-fields'), /not known, and left out: colour/);
assert.deepEqual(await page.locator('dialog tr.wrong td:first-child').allTextContents(), ['4', '6', '10']);
await picture(page, 'preview');
assert.equal(requests.filter(({ method }) => method === 'POST').length, 0, 'nothing is sent before it is confirmed');
await page.click('dialog button:has-text("Register")');
await page.waitForSelector('dialog >> text=5,000 listed: 4,993 registered, 7 refused.');
// The service takes fewer in a batch than were sent at first.
assert.equal(await page.locator('dialog p a').count(), 10);
const [download] = await Promise.all([page.waitForEvent('download'), page.click('dialog a[download]')]);
const refused = (await readFile(await download.path(), 'utf8')).trim().split('\n');
assert.equal(refused.length, 8);
assert.ok(refused.some((line) => line.startsWith('13,') && /label/.test(line.split('"').at(-2))), 'the reason of the service');
await page.click('dialog a:not([download])');
await shown(page);
await page.waitForSelector('.bar-of');
const images = await made('GET', `${space}/images?pageSize=1`);
assert.equal(images.totalItems, 4993);

// A list of addresses: ids are made of them.
await visit(page, space);
await page.click('.head button:has-text("Add images")');
await page.fill('dialog textarea', `${origin}?list\nhttps://example.org/plates/Plate%20VII.tif\n`);
await page.waitForSelector('dialog .note >> text=2 found, 0 with faults');
assert.match(await page.textContent('dialog tbody'), /Plate-VII/);
await finish({ faults: window.faults.filter((fault) => !/status of 400/.test(fault)) });
