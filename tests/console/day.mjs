// A librarian's day, from the first page: clicks are counted, those into a field that is typed into, too, unless it has focus already; and
// what is dropped.
//
//   node day.mjs ROOT KEY:SECRET WHOLE BROKEN FOLDER PASSWORD
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';

import { base, drop as dropFiles, finish, made, open, picture, shown, tabTo, visit } from './browser.mjs';

const [whole, broken, folder, password] = process.argv.slice(4);
const window = await open({ anonymous: true });
const { page } = window;
let clicks = 0;
const click = async (selector) => { clicks += 1; await page.click(selector); };
const drop = async (files) => { clicks += 1; await dropFiles(page, files); };
const closed = async () => { await page.waitForFunction(() => !document.querySelector('dialog[open]')); await shown(page); };

/** Types into the field that has focus, which must be this one. */
const type = async (selector, text) => {
  await page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);
  await page.keyboard.type(text);
};

// Who logs in sees their library.
await visit(page, `${base}/`);
await click('.log-in [name=name]');
await page.keyboard.type('anna@example.org');
await tabTo(page, '.log-in [name=secret]');
await page.keyboard.type(password);
await page.keyboard.press('Enter');
await page.waitForSelector('.session .who >> text=anna');
await click('.leads a:has-text("Spaces")');
// A space.
await click('.head button:has-text("New space")');
await type('dialog [name=name]', 'Glass plates');
await click('dialog button[type=submit]');
await page.waitForFunction(() => document.title.startsWith('Glass plates'));
await shown(page);
const space = page.url();
// Twenty files, of which one is broken.
for (let n = 0; n < 20; n += 1) await copyFile(n === 11 ? broken : whole, path.join(folder, `plate-${n}.png`));
await drop([folder]);
await page.waitForSelector('dialog .note >> text=20 files');
await click('dialog button:has-text("Register")');
// They come.
await page.waitForFunction(() => document.querySelector('.big')?.textContent.startsWith('20 of 20'));
// The broken one says why, and the right file takes its place.
await page.waitForSelector('.errors .message');
await click('.errors a');
await page.waitForSelector('.viewer.failed');
await picture(page, 'broken');
await drop([whole]);
await page.waitForSelector('dialog .files li');
await picture(page, 'replace');
await click('dialog button:has-text("Send and process")');
await closed();
await page.waitForSelector('.stage[data-open]');
// Ten are tagged, two protected, one deleted.
await click('.breadcrumb a:has-text("images")');
await page.waitForSelector('.grid');
const choose = async (from, to) => {
  const box = (n) => page.locator('.grid input').nth(n);
  clicks += 1;
  await box(from).click();
  if (to - from === 1) return;
  clicks += 1;
  await box(to - 1).click({ modifiers: ['Shift'] });
  await page.waitForSelector(`.selection >> text=${to - from} selected`);
};
await choose(0, 10);
await click('.selection button.main');
await type('dialog textarea', 'exhibition');
await click('dialog button[type=submit]');
await closed();
await choose(0, 2);
await click('.selection button.main');
await click('dialog .choices input >> nth=0');
await click('dialog button[type=submit]');
await closed();
await choose(5, 6);
await click('.selection button.danger');
await type('dialog input', '1');
await click('dialog button[type=submit]');
await closed();

// What is protected is still seen by those whose it is.
await page.waitForFunction(() => document.querySelectorAll('.grid img[src*="/iiif-img/"]').length === 2);
await click('.tools button:has-text("Log out")');
await page.waitForSelector('main .log-in');
assert.equal((await fetch(space)).status, 401);

const { member } = await made('GET', `${space}/images`);
assert.equal(member.length, 19);
assert.equal(member.filter(({ tags }) => tags.includes('exhibition')).length, 9);
assert.equal(member.filter(({ roles }) => roles.length).length, 2);
assert.deepEqual(member.filter(({ error }) => error), []);
console.log(`${clicks} clicks`);
// As docs/console.md says.
assert.equal(clicks, 23);
// Visitors are not told how many customers there are; which ids are free is asked of the service.
await finish({ faults: window.faults.filter((fault) => !/status of 40[01]/.test(fault)) });
