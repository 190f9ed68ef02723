// From the root, every link within the API: each page is shown, nothing goes wrong, and programs get JSON-LD there.
import assert from 'node:assert/strict';

import { ask, base, finish, open, visit } from './browser.mjs';

const window = await open();
const { page } = window;
const [seen, waiting, wrong] = [new Set(), [`${base}/`], []];
/** Addresses that differ in order, page or filters are tried once for each kind of collection. */
const kindOf = (address) => {
  const { pathname, searchParams } = new URL(address);
  const names = [...searchParams.keys()].sort();
  return names.length ? `${pathname.split('/').pop()}?${names}` : pathname;
};
/** Of many members that are alike, some are tried. */
const tried = new Map();
const isOneOfMany = (address) => {
  const above = new URL(address).pathname.replace(/\/[^/]*$/, '');
  tried.set(above, (tried.get(above) ?? 0) + 1);
  return /\/(images|changes|deliveries|batches|spaces)$/.test(above) && tried.get(above) > 6;
};
while (waiting.length) {
  const address = waiting.shift();
  const kind = kindOf(address);
  if (seen.has(kind) || isOneOfMany(address)) continue;
  seen.add(kind);
  const data = await ask('GET', address);
  // Lists of different values are plain arrays for everybody.
  if (Array.isArray(data.doc)) continue;
  const answer = await visit(page, address);
  const headers = answer.headers();
  const found = [answer.status(), data.status, headers['content-type'], /no-store/.test(headers['cache-control']),
    /Accept, Cookie/.test(headers.vary), data.headers.get('content-type')];
  const wanted = [200, 200, 'text/html;charset=utf-8', true, true, 'application/ld+json'];
  if (`${found}` !== `${wanted}`) wrong.push(`${address}: ${found} ${data.text.slice(0, 300)}`);
  const { headings, links } = await page.evaluate(() => ({
    headings: [...document.querySelectorAll('h1')].map((h1) => h1.textContent.trim()),
    links: [...document.querySelectorAll('main a[href], .breadcrumb a[href]')].map((a) => a.href),
  }));
  if (headings.length !== 1 || headings[0] === '') wrong.push(`${address}: headings ${headings}`);
  for (const link of links) {
    const { origin, pathname } = new URL(link);
    const isOfApi = origin === new URL(base).origin
      && !/^\/(iiif-img|thumbs|degraded|samples|vocab|openapi|console)|\/(events|uploads)$/.test(pathname);
    if (isOfApi) waiting.push(link.split('#')[0]);
  }
}
assert.deepEqual(wrong, []);
assert.ok(seen.size > 60, `${seen.size} pages`);

// Back never shows JSON, whatever was read of the address meanwhile.
await visit(page, `${base}/customers`);
await page.click('table tbody a');
await page.waitForFunction(() => document.querySelector('.leads'));
await page.goto('about:blank');
await page.goBack();
await page.waitForFunction(() => document.querySelector('.leads'));
await page.goBack();
await page.waitForFunction(() => document.querySelector('table tbody a'));
assert.match(await page.content(), /<main/);

// Keys lead anywhere, and can be turned off.
const home = () => page.waitForFunction((root) => location.href === root, `${base}/`);
await visit(page, `${base}/customers`);
await page.keyboard.press('g');
await page.keyboard.press('h');
await home();
await page.keyboard.press('/');
await page.keyboard.type('customers');
await page.keyboard.press('Enter');
await page.waitForFunction(() => location.pathname === '/customers');
await page.keyboard.press('?');
await page.uncheck('dialog input');
await page.keyboard.press('Escape');
await page.waitForFunction(() => !document.querySelector('dialog'));
await page.keyboard.press('g');
await page.keyboard.press('h');
await page.keyboard.press('/');
assert.equal(await page.locator('dialog').count(), 0);
assert.match(page.url(), /customers$/);
await finish(window);
