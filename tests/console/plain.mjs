// Without script: links, paging, the way to the JSON, and the log-in.
import assert from 'node:assert/strict';

import { base, credentials, finish, open } from './browser.mjs';

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

// Who is not logged in is offered no log-out, and who is no log-in.
const visitor = await open({ anonymous: true, javaScriptEnabled: false });
const [logIn, logOut] = ['Log in', 'Log out'].map((label) => visitor.page.locator(`main button >> text=${label}`));
const offers = async (...counts) => assert.deepEqual([await logIn.count(), await logOut.count()], counts);
await visitor.page.goto(`${base}/`);
await offers(1, 0);
const [key, secret] = credentials.split(':');
// After a mistake there is the form again, which leads to no address that is nothing to be read.
await visitor.page.fill('#key', key);
await visitor.page.fill('#secret', 'mistyped');
await logIn.click();
await offers(1, 0);
assert.match(await visitor.page.textContent('.log-in .fault'), /do not belong together/);
await visitor.page.fill('#key', key);
await logIn.click();
assert.match(await visitor.page.textContent('.log-in .fault'), /secret is missing/);
await visitor.page.fill('#key', key);
await visitor.page.fill('#secret', secret);
await logIn.click();
assert.equal(visitor.page.url(), `${base}/`);
await offers(0, 1);
await logOut.click();
await offers(1, 0);

// A page that is refused leads back to itself after a mistake too.
await visitor.page.goto(`${spaces}?pageSize=2`);
for (const typed of ['mistyped', secret]) {
  await visitor.page.fill('#key', key);
  await visitor.page.fill('#secret', typed);
  await logIn.click();
}
assert.equal(visitor.page.url(), `${spaces}?pageSize=2`);
await finish(window, visitor);
