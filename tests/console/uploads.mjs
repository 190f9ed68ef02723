// Files that are sent from the browser: chosen and dropped, on after broken connections, left out and cancelled; of the others images
// are made.
//
//   node uploads.mjs ROOT KEY:SECRET SPACE LARGE SMALL
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { ask, finish, made, open, picture, shown, tabTo, visit } from './browser.mjs';

const [space, large, small] = process.argv.slice(4);
const number = Number(space.split('/').pop());
const customer = space.split('/spaces/')[0];
const picked = await readFile(small);
const file = (name, buffer = picked, mimeType = 'image/png') => ({ name, mimeType, buffer });
const window = await open();
const { page } = window;

// An image that has the name of a file already.
await made('PUT', `${space}/images/plate`, { origin: 'https://example.org/a.jpg', label: 'the first' });

// The connection of the large file breaks off twice, the service stands still once; that of the slow one is never answered.
const names = new Map();
let [broken, held, lost] = [0, 0, 0];
page.on('response', (response) => {
  const metadata = response.request().headers()['upload-metadata'];
  const name = /filename (\S+?)(,|$)/.exec(metadata ?? '')?.[1];
  if (response.status() === 201 && name) names.set(response.headers().location, Buffer.from(name, 'base64').toString());
});
await page.route('**/uploads/*', async (route) => {
  const name = names.get(route.request().url());
  if (route.request().method() !== 'PATCH') return route.continue();
  if (name === 'slow.png') { held += 1; return undefined; }
  if (name === 'lost.png') {
    lost += 1;
    const problem = { type: `${space.split('/customers/')[0]}/vocab#Conflict`, title: 'Conflict', detail: 'a part of this upload is lost' };
    return route.fulfill({ status: 409, headers: { 'tus-resumable': '1.0.0' }, contentType: 'application/ld+json',
      body: JSON.stringify(problem) });
  }
  if (name === 'Large plate.png') {
    broken += 1;
    if (broken === 2 || broken === 3) return route.abort('connectionreset');
    if (broken === 5) return route.fulfill({ status: 503, headers: { 'tus-resumable': '1.0.0' }, body: '{}' });
  }
  return route.continue();
});

await visit(page, space);
await page.click('.head button:has-text("Add images")');
await page.waitForSelector('dialog input[type=file]');
assert.ok(await page.evaluate(() => document.activeElement.matches('dialog input[type=file]')), 'files are the first to be chosen');
await page.setInputFiles('dialog input[type=file]', [file('plate.png'), file('slow.png'), file('lost.png'), file('left out.png'),
  file('empty.png', Buffer.alloc(0)), file('notes.pdf', Buffer.from('%PDF-1.7'), 'application/pdf')]);
await page.waitForSelector('dialog .files li >> nth=5');
// More of them, by another choice, and dropped; one has a name that another has.
await page.setInputFiles('dialog input[type=file]', large);
const dropped = await page.evaluateHandle((bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(bytes)], 'Karte Süd & <b>.png', { type: 'image/png' }));
  transfer.items.add(new File([Uint8Array.from(bytes)], 'plate.png', { type: 'image/png' }));
  return transfer;
}, [...picked]);
await page.dispatchEvent('dialog', 'dragover', { dataTransfer: dropped });
assert.equal(await page.locator('dialog.takes').count(), 1);
await page.dispatchEvent('dialog', 'drop', { dataTransfer: dropped });
await page.waitForSelector('dialog .files li >> nth=8');
assert.equal(await page.locator('dialog.takes').count(), 0);
assert.equal(window.requests.filter(({ method }) => method === 'POST').length, 0, 'nothing is sent before it is confirmed');
// By the keyboard.
await tabTo(page, '[aria-label="Leave out: left out.png"]');
await page.keyboard.press('Enter');
await page.waitForFunction(() => document.querySelectorAll('dialog .files li').length === 8);
// What can become no image is told of, and why.
assert.match(await page.textContent('dialog .note'), /8 files, .* to be sent; 2 cannot become images, and are left out/);
const line = (name) => page.locator('dialog .files li', { has: page.locator('.name', { hasText: name }) });
assert.match(await line('notes.pdf').textContent(), /no image that is read here \(JPEG, PNG, /);
assert.match(await line('empty.png').textContent(), /empty/);
assert.ok(await page.evaluate(() => document.activeElement.matches('dialog input[type=file]')), 'focus is not lost');
const axe = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const judge = async () => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run('dialog', { resultTypes: ['violations'] }));
  const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('; ')}`), []);
};
await judge();

await tabTo(page, 'dialog .bottom button.main');
await page.keyboard.press('Enter');
await page.waitForFunction(() => [...document.querySelectorAll('dialog .files .state')].some((state) =>
  state.textContent.includes('goes on by itself')));
const progress = await line('Large plate').locator('progress').evaluate(({ value, max }) => [value, max]);
assert.ok(progress[0] > 0 && progress[0] < progress[1], `some of it is sent: ${progress}`);
await picture(page, 'uploads');
await judge();
await line('slow.png').locator('button').click();
await page.waitForFunction(() => /\d+ listed: \d+ registered/.test(document.querySelector('dialog').textContent));
const said = await page.textContent('dialog');
assert.match(said, /7 listed: 4 registered, 3 refused\./);
assert.match(await line('lost.png').textContent(), /not sent: a part of this upload is lost/);
assert.equal(lost, 1, 'what cannot succeed is not repeated');
assert.ok(broken >= 6, `the large file was sent in ${broken} requests`);
assert.ok(held >= 1);

await page.click('dialog a:not([download])');
await shown(page);
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('4 of 4'));
const { member } = await made('GET', `${space}/images?orderBy=id`);
const of = (id) => member.find((image) => image.id === id);
assert.deepEqual(member.map(({ id }) => id).sort(), ['Karte-Sud-b-', 'Large-plate', 'plate', 'plate-2', 'plate-3']);
assert.equal(of('plate').label, 'the first', 'what is there stays as it is');
const read = async (image) => {
  const answer = await ask('GET', image.origin);
  assert.equal(answer.status, 200, image.origin);
  return Number(answer.headers.get('content-length'));
};
assert.equal(await read(of('Large-plate')), (await readFile(large)).length);
for (const id of ['plate-2', 'plate-3', 'Karte-Sud-b-', 'Large-plate']) {
  assert.equal(of(id).error, '', id);
  assert.ok(of(id).width > 0 && of(id).origin.startsWith(`${customer}/uploads/`), id);
}
assert.equal(of('plate-2').space, number);

// What was cancelled is not kept.
const slow = [...names].find(([, name]) => name === 'slow.png')[0];
const gone = async (address) => (await ask('HEAD', address, undefined, { 'tus-resumable': '1.0.0' })).status === 404;
for (let tries = 0; !await gone(slow); tries += 1) {
  assert.ok(tries < 100, 'the cancelled upload is still there');
  await new Promise((done) => { setTimeout(done, 50); });
}
await finish({ faults: window.faults.filter((fault) => !/status of (400|409|503)|ERR_CONNECTION_RESET|ERR_FAILED/.test(fault)) });
