// A table of images: faults by line before anything is sent, what the service refuses by line after it.
//
//   node register.mjs ROOT KEY:SECRET SPACE ORIGIN, where a batch has 700 images at most
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { ask, finish, made, open, picture, shown, visit } from './browser.mjs';

const [space, origin] = process.argv.slice(4);
const window = await open();
const { page, requests } = window;
await visit(page, space);
// A part that cannot be loaded is told of.
await page.route('**/views/register.js', (route) => route.abort());
await page.click('.head button:has-text("Add images")');
await page.waitForSelector('.notice >> text=could not be loaded');
await page.unroute('**/views/register.js');
await page.click('.notice button');
await page.waitForFunction(() => !document.querySelector('.notice:not(:empty)'));
await shown(page);
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

// The same table once more, after its images were deleted, is registered once more.
const again = Buffer.from(`origin,id\n${origin}?a,twice-0\n${origin}?b,twice-1\n`);
for (let turn = 0; turn < 2; turn += 1) {
  await visit(page, space);
  await page.click('.head button:has-text("Add images")');
  await page.setInputFiles('dialog input[type=file]', { name: 'maps.csv', mimeType: 'text/csv', buffer: again });
  await page.click('dialog button:has-text("Register")');
  await page.waitForFunction(() => document.title.startsWith('Batch'));
  assert.equal((await made('GET', `${space}/images?pageSize=1`)).totalItems, 4995);
  for (const id of ['twice-0', 'twice-1']) assert.equal((await ask('DELETE', `${space}/images/${id}`)).status, 205);
}

// Tables as people have them: other separators, other encodings, and what is wrong with them said by line.
await visit(page, space);
await page.click('.head button:has-text("Add images")');
const shows = async (name, buffer, ...texts) => {
  await page.setInputFiles('dialog input[type=file]', { name, mimeType: 'text/csv', buffer });
  for (const text of texts) await page.waitForSelector(`dialog >> text=${text}`);
};
const one = 'https://example.org/a.png';
await shows('semicolons.csv', Buffer.from(`origin;label\n${one};"Plate; recto"\n`), '1 found, 0 with faults', 'Plate; recto');
await shows('wide.csv', Buffer.from(`\uFEFForigin\tlabel\n${one}\tKöln\n`, 'utf16le'), '1 found, 0 with faults', 'Köln');
await shows('latin.csv', Buffer.from(`origin,label\n${one},K\xf6ln\n`, 'latin1'), 'latin.csv is not in UTF-8');
assert.equal(await page.inputValue('dialog textarea'), '');
assert.ok(await page.isDisabled('dialog button:has-text("Register")'));
await shows('quote.csv', Buffer.from(`origin,label\n${one},fine\nhttps://example.org/b.png,"open\nhttps://example.org/c.png,x\n`),
  '2 found, 1 with faults', 'a quote that begins in line 3 is not closed');
await shows('nameless.csv', Buffer.from('id,label\na,b\n'), '1 found, 1 with faults', 'there is no origin');
await shows('large.csv', Buffer.from(`origin,number1\n${one},9007199254740993\n`), 'is no whole number, or is too large');
const ends = ['one/full/max/0/default.jpg', 'two/full/max/0/default.jpg', '%E9.jpg'];
await page.fill('dialog textarea', ends.map((end) => `https://example.org/${end}`).join('\n'));
await page.waitForSelector('dialog .note >> text=3 found, 0 with faults');
await page.keyboard.press('Escape');

// A list of addresses: ids are made of them.
await visit(page, space);
await page.click('.head button:has-text("Add images")');
await page.fill('dialog textarea', `${origin}?list\nhttps://example.org/plates/Plate%20VII.tif\n`);
await page.waitForSelector('dialog .note >> text=2 found, 0 with faults');
assert.match(await page.textContent('dialog tbody'), /Plate-VII/);
await finish({ faults: window.faults.filter((fault) => !/status of 400|ERR_FAILED/.test(fault)) });
