// A service whose address is one of http and of another machine: the form says why there is none. The same machine by another
// name is led there.
//
//   node insecure.mjs ROOT KEY:SECRET HOST:PORT
import assert from 'node:assert/strict';

import { base, finish, launch } from './browser.mjs';

const [at] = process.argv.slice(4);
const browser = await launch(`MAP hydria.test:80 ${at}`);
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
await page.goto(`${base}/`);
await page.waitForSelector('.log-in');
assert.match(await page.textContent('.log-in'), /Over http, people log in only on the machine of the service itself.*HYDRIA_PUBLIC_URL/);
assert.equal(await page.locator('.log-in input').count(), 0);
await page.goto(`${base}/customers`);
await page.waitForSelector('.log-in >> text=HYDRIA_PUBLIC_URL');
await page.click('.tools button:has-text("Log in")');
await page.waitForSelector('dialog >> text=HYDRIA_PUBLIC_URL');
assert.equal(await page.locator('dialog input').count(), 0);

// By another name of the same machine, the page leads to the address that it has.
await page.goto(`http://${at}/vocab`);
assert.equal(await page.getAttribute('.notice a', 'href'), `${base}/vocab`);
await browser.close();
await finish();
