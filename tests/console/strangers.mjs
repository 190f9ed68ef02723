// What strangers wrote is text: no script of theirs runs, and no address of theirs is a link but those of the web.
//
//   node strangers.mjs ROOT KEY:SECRET ADDRESS…
import assert from 'node:assert/strict';

import { finish, open, visit } from './browser.mjs';

const window = await open();
const { page } = window;
await page.addInitScript(() => { globalThis.alert = () => { globalThis.ran = true; }; });
let shown = 0;
for (const address of process.argv.slice(4)) {
  await visit(page, address);
  const found = await page.evaluate(() => ({
    ran: globalThis.ran === true,
    scripts: document.querySelectorAll('script:not([src]):not([type="application/ld+json"])').length,
    links: [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href')).filter((href) => !/^(https?:\/\/|#|\/)/.test(href)),
    text: document.body.innerText,
  }));
  assert.deepEqual([found.ran, found.scripts, found.links], [false, 0, []], address);
  if (found.text.includes('<script>alert(')) shown += 1;
  // The raw document is opened as well, and the form of each operation.
  await page.click('.traffic > summary');
  for (const button of await page.$$('.head [data-method]')) {
    await button.click();
    // Some forms come with a file of their own, and some buttons have none.
    await page.waitForSelector('dialog[open]', { timeout: 3000 }).catch(() => {});
    await page.keyboard.press('Escape');
  }
  assert.equal(await page.evaluate(() => globalThis.ran === true), false, address);
}
assert.ok(shown >= 3, `${shown} pages show what was written`);
await finish(window);
