// Collections: pictures and table, filters, order, pages, counts; a vocabulary with gaps; a batch that moves by itself.
//
//   node collections.mjs ROOT KEY:SECRET SPACE-IMAGES BATCH-OF-ORIGIN
import assert from 'node:assert/strict';

import { base, finish, isLight, made, open, picture, shown, visit } from './browser.mjs';

const [images, origin] = process.argv.slice(4);
const window = await open();
const { page, requests } = window;

// Pictures are where they will be before they are there.
await page.addInitScript(() => {
  globalThis.shifts = 0;
  new PerformanceObserver((list) =>
    list.getEntries().forEach((entry) => { globalThis.shifts += entry.value; })).observe({ type: 'layout-shift', buffered: true });
});
await visit(page, images);
await page.evaluate(() => { globalThis.shifts = 0; });
await page.waitForFunction(() => [...document.querySelectorAll('.grid img')].some((img) => img.complete && img.naturalWidth));
const count = await page.locator('.grid > li').count();
assert.ok(count >= 20, `${count} pictures`);
await page.waitForLoadState('networkidle');
assert.equal(await page.evaluate(() => globalThis.shifts), 0, 'nothing moves while thumbnails load');
assert.ok((await page.locator('.grid .under').allTextContents()).some((text) => /no such file/.test(text)), 'what failed says why');

// What is sent before anything is seen is small, images excepted.
await isLight(page);

// The table, its order, its filters.
await page.click('.choice button >> text=Table');
await page.waitForSelector('table.images');
await page.click('thead a >> text=Number 1');
await shown(page);
await page.waitForSelector('th[aria-sort=ascending]');
await page.click('thead a >> text=Number 1');
await page.waitForSelector('th[aria-sort=descending]');
assert.match(page.url(), /orderByDescending=number1/);
await page.click('summary >> text=Filter');
await page.fill('.filters input[name=string1]', 'shelf 1');
await page.click('.filters button[type=submit]');
await page.waitForFunction(() => document.querySelectorAll('table.images tbody tr').length === 10);
await page.waitForLoadState('networkidle');
await page.fill('.filters input[name=string1]', 'no such shelf');
await page.keyboard.press('Enter');
await page.waitForSelector('.empty');
await page.click('.empty a');
await page.waitForSelector('table.images');

// A filter that its field cannot show as a day is kept when another is set; days are those of UTC.
await visit(page, `${images}?createdAfter=2020-01-01T12%3A30%3A00Z&createdBefore=2099-01-01`);
assert.deepEqual(await page.locator('.filters [name^=created]').evaluateAll((fields) => fields.map(({ type, value }) => [type, value])),
  [['text', '2020-01-01T12:30:00Z'], ['date', '2099-01-01']]);
assert.equal(await page.locator('.filters label >> text=Created after (UTC)').count(), 1);
await page.fill('.filters input[name=string1]', 'shelf 1');
await page.keyboard.press('Enter');
await page.waitForFunction(() => document.querySelectorAll('table.images tbody tr').length === 10);
assert.equal(new URL(page.url()).searchParams.get('createdAfter'), '2020-01-01T12:30:00Z');

// The way back leads to the place in the list.
await visit(page, images);
const last = page.locator('table.images tbody tr').last().locator('th a');
await last.scrollIntoViewIfNeeded();
const place = await page.evaluate(() => scrollY);
assert.ok(place > 300, `${place}`);
await last.click();
await page.waitForFunction(() => document.querySelector('.facts'));
await shown(page);
assert.equal(await page.evaluate(() => scrollY), 0, 'another page begins at its top');
await page.goBack();
await page.waitForFunction((wanted) => document.querySelector('table.images') && scrollY === wanted, place);
await shown(page);

// Spaces tell how many images they hold.
await visit(page, images.replace(/\/[^/]+\/images$/, ''));
await page.waitForFunction((wanted) => [...document.querySelectorAll('td.number .count')].some((cell) => cell.textContent === wanted),
  `${count}`);

// A batch reaches its end without being loaded again.
const space = Number(images.split('/').at(-2));
const member = Array.from({ length: 30 }, (_, n) => ({ space, id: `moving-${n}`, origin: `${origin}?${n}` }));
const customer = images.split('/spaces/')[0];
const batch = await made('POST', `${customer}/queue`, { '@type': 'Collection', member });
const before = requests.length;
await visit(page, batch['@id']);
const loads = () => requests.slice(before).filter(({ type }) => type === 'document').length;
await page.waitForFunction(() => !document.querySelector('.big')?.textContent.startsWith('0 of'));
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('30 of 30'));
assert.equal(loads(), 1);
assert.ok(requests.slice(before).filter(({ url }) => url.startsWith(batch['@id'])).length < 40);
await page.waitForFunction(() => /after/.test(document.querySelector('.progress')?.textContent));
const beside = (...wanted) => page.waitForFunction((all) => {
  const counts = [...document.querySelectorAll('.leads .count')].map(({ textContent }) => textContent);
  return all.every((count, n) => counts[n] === count);
}, wanted);
await beside('30', '30', '0');
const ended = requests.length;
await page.waitForTimeout(3000);
assert.equal(requests.slice(ended).filter(({ url }) => url === batch['@id']).length, 0, 'it stops');

// The counts beside its links move with the bar, as the batch tells them, and are read again at its end.
const steps = [10, 20, 30].map((completed) => ({
  ...batch, completed, errors: completed / 10 - 1, finished: completed === 30 ? batch.submitted : undefined,
}));
let step = 0;
await page.route(batch['@id'], (route) => route.fulfill({
  contentType: 'application/ld+json', headers: { etag: `"${step}"` }, body: JSON.stringify(steps[step]),
}));
await visit(page, batch['@id'].replace(/\/\d+$/, ''));
await page.click('tbody a');
await beside('30', '30', '0');
step = 1;
await beside('30', '20', '1');
step = 2;
await beside('30', '30', '0');
await page.unroute(batch['@id']);

// So do images in a list, one by one, and what is not seen asks for nothing.
const watched = Array.from({ length: 6 }, (_, n) => ({ space, id: `watched-${n}`, origin: `${origin}?w${n}`, string1: 'watched' }));
await made('POST', `${customer}/queue`, { '@type': 'Collection', member: watched });
const list = `${images}?string1=watched`;
await visit(page, list);
await page.evaluate(() => { document.querySelector('h1').dataset.mark = 'the same'; });
await page.waitForFunction(() => [...document.querySelectorAll('[data-id] img')].filter((img) => img.complete
  && img.naturalWidth).length === 6);
assert.equal(await page.getAttribute('h1', 'data-mark'), 'the same');
const stopped = requests.length;
await page.waitForTimeout(2500);
assert.equal(requests.slice(stopped).filter(({ url }) => url === list).length, 0, 'it stops');

// A vocabulary with gaps, and a collection of very many light members: no more than is seen is read.
const vocabulary = await made('GET', '/vocab');
for (const described of vocabulary.supportedClass) {
  if (described['@id'] === 'vocab:Space') {
    delete described.supportedOperation;
    described.supportedProperty[0].property.range = ['https://example.org/odd'];
  }
  if (described['@id'] === 'vocab:Role') { delete described.supportedProperty; described.supportedOperation = [{ '@type': 'Operation' }]; }
}
await page.route('**/vocab?format=jsonld', (route) =>
  route.fulfill({ contentType: 'application/ld+json', body: JSON.stringify(vocabulary) }));
const light = Array.from({ length: 100 }, (_, n) => ({ '@id': `${customer}/spaces/${n + 1000}`, '@type': 'Space' }));
await page.route((url) => /\/spaces\/1\d\d\d$/.test(url.pathname), (route) =>
  route.fulfill({ contentType: 'application/ld+json',
  body: JSON.stringify({ '@id': route.request().url(), '@type': 'Space', name: `space ${route.request().url().slice(-4)}`, id: 1 }) }));
await page.route((url) => url.href === `${customer}/spaces?pageSize=100`, (route) => route.fulfill({
  contentType: 'application/ld+json',
    body: JSON.stringify({ '@id': `${customer}/spaces`, '@type': 'Collection', totalItems: 10000, member: light }),
}));
await visit(page, `${customer}/spaces`);
const asked = requests.length;
await page.evaluate((address) => {
  const a = document.createElement('a');
  a.href = address;
  document.querySelector('main').append(a);
  a.click();
}, `${customer}/spaces?pageSize=100`);
await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('10,000')
  && document.querySelectorAll('tbody tr').length === 100);
await page.waitForFunction(() => document.querySelector('tbody tr')?.textContent.includes('space 1000'));
await page.waitForLoadState('networkidle');
const read = requests.slice(asked).filter(({ url }) => /\/spaces\/1\d\d\d$/.test(url)).length;
assert.ok(read > 0 && read < 60, `${read} members were read`);
await visit(page, `${customer}/roles`);
await page.click('tbody a');
await shown(page);
if (process.env.HYDRIA_CONSOLE_PICTURES) {
  const many = Array.from({ length: 600 }, (_, n) => ({ space, id: `pictured-${n}`, origin: `${origin}?${n}` }));
  const pictured = await made('POST', `${customer}/queue`, { '@type': 'Collection', member: many });
  await visit(page, pictured['@id']);
  await page.waitForFunction(() => !document.querySelector('.big')?.textContent.startsWith('0 of'));
  await picture(page, 'batch');
  await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('600 of 600'));
}

await finish(window);
