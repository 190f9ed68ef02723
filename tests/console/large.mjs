// Very many images: a space of them opens as one of ten does, and what a filter matches is changed and deleted as one.
//
//   node large.mjs ROOT KEY:SECRET FEW MANY
import assert from 'node:assert/strict';

import { finish, isLight, made, open, shown, visit } from './browser.mjs';

const [few, many] = process.argv.slice(4);
const window = await open();
const { page, requests } = window;

// As many requests, whatever it holds; and what is sent before anything is seen is small, images excepted.
const opened = async (address) => {
  const before = requests.length;
  await visit(page, address);
  await page.waitForLoadState('networkidle');
  const asked = ({ method, url }) => `${method} ${new URL(url).pathname.replace(/\/spaces\/\d+/, '/spaces/…')}`;
  return requests.slice(before).map(asked).sort();
};
for (const of of [(images) => images, (images) => images.replace(/\/images$/, '')]) {
  assert.deepEqual(await opened(of(many)), await opened(of(few)));
}
await visit(page, many);
assert.match(await page.textContent('h1'), /20,000/);
assert.equal(await page.locator('.grid > li').count(), 100);
await page.waitForLoadState('networkidle');
await isLight(page);

// What matches is counted, and nothing is done unless the count is typed, and is still right.
const summary = () => page.waitForSelector('dialog .summary');
const counted = (count) => page.waitForSelector(`dialog .note >> text=${count} match`);
const type = (count) => page.fill('dialog [inputmode=numeric]', `${count}`);
const submit = () => page.click('dialog [type=submit]');
await visit(page, `${many}?string1=some`);
await page.click('.head [data-method=PATCH]');
await submit();
await summary();
await page.fill('dialog [name=string2]', 'seen');
await submit();
await counted('300');
await type(299);
await submit();
await summary();
assert.equal((await made('GET', `${many}?string2=seen&pageSize=1`)).totalItems, 0);
await type(300);
await submit();
await page.waitForFunction(() => !document.querySelector('dialog[open]'));
await shown(page);
assert.equal((await made('GET', `${many}?string2=seen&pageSize=1`)).totalItems, 300);

// More than a thousand are a job, which moves by itself until it is done.
await visit(page, `${many}?string1=more`);
await page.click('.head [data-method=PATCH]');
await page.fill('dialog [name=string3]', 'by a job');
await submit();
await counted('1,300');
await type(1300);
await submit();
await page.waitForSelector('h1 >> text=Change of 1,300 images');
const loads = requests.filter(({ type: kind }) => kind === 'document').length;
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('1,300 of 1,300')
  && /after/.test(document.querySelector('.progress').textContent));
assert.equal(requests.filter(({ type: kind }) => kind === 'document').length, loads);
assert.equal((await made('GET', `${many}?string3=by%20a%20job&pageSize=1`)).totalItems, 1300);
await shown(page);

// Somebody adds one after the count: nothing is deleted, and it is said.
await visit(page, `${few}?string1=gone`);
await page.click('.head [data-method=DELETE]');
await counted('4');
await made('PUT', `${few}/late`, { origin: 'https://example.org/late.png', string1: 'gone' });
await type(4);
await submit();
await summary();
assert.equal((await made('GET', `${few}?string1=gone&pageSize=1`)).totalItems, 5);
await page.keyboard.press('Escape');
await page.click('.head [data-method=DELETE]');
await counted('5');
await type(5);
await submit();
await page.waitForFunction(() => !document.querySelector('dialog[open]'));
await page.waitForSelector('.empty');
assert.equal((await made('GET', `${few}?pageSize=1`)).totalItems, 6);
await finish({ faults: window.faults.filter((fault) => !/status of (409|412)/.test(fault)) });
