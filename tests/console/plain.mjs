// Without script: links, paging, and the way to the JSON.
import assert from 'node:assert/strict';

import { base, finish, open } from './browser.mjs';

const window = await open({ javaScriptEnabled: false });
const { page } = window;
await page.goto(`${base}/`);
await page.click('main a >> text=/customers');
await page.click('main details a');
assert.match(page.url(), /\/customers\/\d+$/);
await page.click('main dd a >> text=/spaces');
const spaces = page.url();
await page.goto(`${spaces}?pageSize=2`);
const first = await page.locator('main summary a').first().textContent();
assert.ok(await page.isVisible('main summary a'), 'the members are seen');
await page.click('nav[aria-label=Pages] a >> text=next');
assert.match(page.url(), /page=2/);
assert.notEqual(await page.locator('main summary a').first().textContent(), first);
await page.click('footer a >> text=As JSON');
const json = JSON.parse(await page.textContent('body'));
assert.equal(json.member.length, 2);
await finish(window);
