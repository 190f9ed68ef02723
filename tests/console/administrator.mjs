// What only administrators make, by keyboard alone: customers, which nobody deletes, and storage policies; and who is bound by one.
//
//   node administrator.mjs ROOT KEY:SECRET
import assert from 'node:assert/strict';

import { ask, base, finish, made, open, shown, tabTo, visit } from './browser.mjs';
import { keyboardOf } from './keyboard.mjs';

const window = await open();
const { page } = window;
const { openSheet, enter, submit, closed, remove, conflict } = keyboardOf(page);
const made201 = (list) => page.waitForFunction((start) => location.pathname.startsWith(start)
  && document.querySelector('.head [data-method=PATCH]'), `/${list}/`);

await visit(page, `${base}/customers`);
await openSheet('POST');
await submit();
await page.waitForSelector('dialog .summary');
await enter('name', 'city-library');
await submit();
await made201('customers');
await shown(page);
const customer = page.url();
await openSheet('PATCH');
await enter('displayName', 'City Library');
await submit();
await closed();
await shown(page);
assert.equal((await made('GET', customer)).displayName, 'City Library');
await conflict('displayName', ['The City Library', 'Library of the city', 'City Library']);
assert.equal(await page.locator('.head [data-method=DELETE]').count(), 0, 'customers are not deleted');

await visit(page, `${base}/storagePolicies`);
await openSheet('POST');
await enter('maximumNumberOfStoredImages', '10');
await submit();
await made201('storagePolicies');
await shown(page);
const policy = page.url();
await openSheet('PATCH');
await enter('maximumNumberOfStoredImages', '20');
await submit();
await closed();
await shown(page);
await conflict('maximumNumberOfStoredImages', ['30', '40', '20'], { isNumber: true });

// The customer is bound by it, which its page shows.
await visit(page, `${customer}/storage`);
await openSheet('PATCH');
await enter('storagePolicy', policy);
await submit();
await closed();
await shown(page);
await page.waitForSelector('[role=meter][aria-valuemax="30"]');
assert.match(await page.textContent('.meters'), /Images.*0 of 30/);
await visit(page, customer);
await page.waitForSelector('[role=meter][aria-valuetext="0 of 30"]');
await page.click('h2 a:has-text("Storage")');
await page.waitForFunction(() => location.pathname.endsWith('/storage'));
// What is in use is not deleted, and it is said why.
await visit(page, policy);
await openSheet('DELETE');
await page.keyboard.type(decodeURIComponent(policy.split('/').pop()));
await page.keyboard.press('Enter');
await page.waitForSelector('dialog .summary >> text=in use');
await page.keyboard.press('Escape');
await made('PATCH', `${customer}/storage`, { storagePolicy: 'default' });
await tabTo(page, '.head [data-method=DELETE]');
await remove();
assert.equal((await ask('GET', policy)).status, 404);
await finish({ faults: window.faults.filter((fault) => !/status of (400|409|412)/.test(fault)) });
