// Files and folders that are dropped on a page: it shows that it takes them, and they go on after the page is loaded anew.
//
//   node drops.mjs ROOT KEY:SECRET SPACE LARGE SMALL FOLDER
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ask, drag, drop, finish, made, open, picture, shown, visit } from './browser.mjs';

const [space, large, small, folder] = process.argv.slice(4);
const customer = space.split('/spaces/')[0];
const window = await open();
const { page, requests } = window;
/** Whether the browser would ask whoever leaves the page. */
const asks = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
const inSheet = (text) => page.waitForSelector(`dialog[open] >> text=${text}`);
const uploads = (method) => requests.filter((request) => request.method === method && /\/uploads(\/|$)/.test(request.url)).length;

// A folder of 120 images, one in a folder of its own, one that is no image, and what systems put beside them.
await mkdir(path.join(folder, 'Album', 'verso'), { recursive: true });
const bytes = await readFile(small);
for (let n = 1; n < 120; n += 1) await writeFile(path.join(folder, 'Album', `leaf ${n}.png`), bytes);
await writeFile(path.join(folder, 'Album', 'verso', 'leaf 1.png'), bytes);
await writeFile(path.join(folder, 'Album', 'list.pdf'), '%PDF-1.7 and so on');
await writeFile(path.join(folder, 'Album', '.DS_Store'), 'x');

// The whole page shows that it takes them, and no more once they are gone.
await visit(page, space);
const isShown = page.waitForSelector('.drop >> text=Drop files to add images to Glass plates');
await drag(page, [path.join(folder, 'Album')]);
await isShown;
await picture(page, 'drop');
await page.waitForSelector('.drop', { state: 'hidden' });
await drop(page, [path.join(folder, 'Album')]);
await inSheet('121 files');
assert.match(await page.textContent('dialog .note'), /1 cannot become an image, and is left out/);
const names = await page.locator('dialog .files .name').allTextContents();
assert.deepEqual([names.length, names[0], names[1], names[9]], [121, 'leaf 1.png', 'leaf 2.png', 'leaf 10.png']);
assert.match(await page.locator('dialog .files li', { hasText: 'list.pdf' }).textContent(), /no image that is read here/);
assert.equal(uploads('POST') + uploads('PATCH'), 0, 'nothing is sent before it is confirmed');
// What is in the list already is not there twice.
await drop(page, [path.join(folder, 'Album', 'leaf 7.png'), small]);
await inSheet('123 files');
await page.click('dialog button:has-text("Register")');
await inSheet('123 listed: 122 registered, 1 refused.');
// More than a hundred are one batch.
assert.equal(await page.locator('dialog p a').count(), 1);
await page.click('dialog p a');
await shown(page);
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('122 of 122'));

// The page is left while a file is on its way: the same file goes on where it was.
await visit(page, space);
await page.route('**/uploads/*', async (route) => {
  const isLate = Number(route.request().headers()['upload-offset']) >= 3 << 20;
  return route.request().method() === 'PATCH' && isLate ? undefined : route.continue();
});
await drop(page, [large]);
assert.equal(await asks(), false, 'nobody is asked while nothing is sent');
await page.click('dialog button:has-text("Register")');
await page.waitForFunction(() => document.querySelector('dialog .files progress')?.value >= 3 << 20);
assert.equal(await asks(), true, 'whoever leaves while a file is on its way is asked');
await page.reload();
await shown(page);
await page.waitForSelector('main .note >> text=A file was begun before');
await page.unroute('**/uploads/*');
await page.click('.head button:has-text("Add images")');
await page.waitForSelector('dialog .begun li');
await picture(page, 'begun');
const [before, posts] = [requests.length, uploads('POST')];
await drop(page, [large]);
await inSheet('sent before');
assert.equal(await page.locator('dialog .begun li').count(), 0);
await page.click('dialog button:has-text("Register")');
// Where nothing was refused, the batch is shown.
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('1 of 1'));
assert.equal(uploads('POST'), posts, 'no second upload was made');
const methods = requests.slice(before).filter(({ url }) => /\/uploads\//.test(url)).map(({ method }) => method);
assert.equal(methods[0], 'HEAD');
const { member } = await made('GET', `${space}/images?pageSize=500`);
assert.equal(member.length, 123);
const image = member.find(({ id }) => id === 'Large-plate');
assert.equal(image.error, '');
assert.equal(Number((await ask('GET', image.origin)).headers.get('content-length')), (await readFile(large)).length);
// It is not remembered any more; what was begun and is not wanted is forgotten by the service too.
assert.equal(await page.evaluate(() => localStorage.getItem('uploads')), null);
await page.route('**/uploads/*', async (route) => (route.request().method() === 'PATCH' ? undefined : route.continue()));
await visit(page, space);
await drop(page, [large]);
await page.click('dialog button:has-text("Register")');
await page.waitForFunction(() => localStorage.getItem('uploads') !== null);
const [left] = await page.evaluate(() => Object.values(JSON.parse(localStorage.getItem('uploads'))).map(({ address }) => address));
await page.keyboard.press('Escape');
await shown(page);
const isThere = async () => (await ask('HEAD', left, undefined, { 'tus-resumable': '1.0.0' })).status;
assert.equal(await isThere(), 200, 'what the sheet is closed over is kept');
await page.click('.head button:has-text("Add images")');
await page.click('dialog .begun button');
await page.waitForFunction(() => localStorage.getItem('uploads') === null);
for (let tries = 0; await isThere() !== 404; tries += 1) {
  assert.ok(tries < 100, 'what was forgotten is still there');
  await new Promise((done) => { setTimeout(done, 50); });
}
await page.unroute('**/uploads/*');
assert.equal(await asks(), false);

// On the page of the queue it is asked to which space they go.
await visit(page, `${customer}/queue`);
await drop(page, [small]);
await inSheet('1 file');
await page.click('dialog button:has-text("Register")');
await page.waitForSelector('dialog .fault >> text=Say to which space');
await page.click('dialog .offered button:has-text("Glass plates")');
await page.click('dialog button:has-text("Register")');
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('1 of 1'));
assert.equal((await made('GET', `${space}/images?pageSize=1`)).totalItems, 124);

// Where nothing takes them, the page stays.
await visit(page, customer);
await page.evaluate(() => { document.querySelector('h1').dataset.mark = 'the same'; });
await drop(page, [small]);
await page.waitForTimeout(300);
assert.equal(await page.getAttribute('h1', 'data-mark'), 'the same');
assert.equal(await page.locator('dialog').count(), 0);
await finish({ faults: window.faults.filter((fault) => !/status of 400/.test(fault)) });
