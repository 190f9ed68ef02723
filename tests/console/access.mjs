// Every view in both themes: axe finds nothing serious; nothing is wider than 320 pixels; pictures for the documentation.
//
//   node access.mjs ROOT KEY:SECRET NAME=ADDRESS…
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { finish, open, picture, visit } from './browser.mjs';

const axe = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const pages = process.argv.slice(4)
  .map((argument) => [argument.slice(0, argument.indexOf('=')), argument.slice(argument.indexOf('=') + 1)]);
/** Pages of which the documentation has pictures. */
const KEPT = new Set(['root', 'customer', 'space', 'images', 'image', 'failed', 'storage', 'user', 'vocabulary']);
const windows = [];

/** Judges what is shown. The policy of the page lets no script in but the console's own, so axe comes past it. */
const judge = async (page, what) => {
  await page.evaluate(axe);
  // A theme changes nothing but colours.
  const rules = /dark$/.test(what) ? { type: 'rule', values: ['color-contrast'] }
    : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
  const found = await page.evaluate((runOnly) => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly }), rules);
  const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious.map(({ id, nodes }) =>
    `${what}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`), []);
};

for (const colorScheme of ['light', 'dark']) {
  const window = await open({ colorScheme });
  windows.push(window);
  for (const [name, address] of pages) {
    await visit(window.page, address);
    await window.page.waitForLoadState('networkidle');
    await judge(window.page, `${name}, ${colorScheme}`);
    if (colorScheme === 'light' && KEPT.has(name)) {
      if (name === 'image') await window.page.waitForSelector('.stage[data-open]');
      await picture(window.page, name);
    }
    if (name === 'images') {
      await window.page.click('.choice button >> text=Table');
      await window.page.waitForLoadState('networkidle');
      await judge(window.page, `the table of ${name}, ${colorScheme}`);
      if (colorScheme === 'light') await picture(window.page, 'table');
      await window.page.click('.choice button >> text=Pictures');
    }
    const sheet = window.page.locator('.head [data-method=POST], .head [data-method=PATCH]').first();
    if (await sheet.count()) {
      await sheet.click();
      const isOpen = await window.page.waitForSelector('dialog[open] form', { timeout: 2000 }).catch(() => undefined);
      if (isOpen) await judge(window.page, `the form of ${name}, ${colorScheme}`);
      await window.page.keyboard.press('Escape');
    }
  }
}
const narrow = await open({ width: 320, height: 640 });
windows.push(narrow);
for (const [name, address] of pages) {
  await visit(narrow.page, address);
  await narrow.page.waitForLoadState('networkidle');
  const width = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 320, `${name} is ${width} pixels wide`);
}
// So are the form of the log-in, and the one over a page.
for (const colorScheme of ['light', 'dark']) {
  const visitor = await open({ anonymous: true, colorScheme });
  windows.push(visitor);
  for (const address of ['/', '/customers']) {
    await visit(visitor.page, address);
    await visitor.page.waitForSelector('main .log-in');
    await judge(visitor.page, `${address} of a visitor, ${colorScheme}`);
  }
  if (colorScheme === 'light') await picture(visitor.page, 'refused');
  await visit(visitor.page, '/vocab');
  await visitor.page.click('.tools >> text=Log in');
  await visitor.page.waitForSelector('dialog.over');
  await judge(visitor.page, `the log-in over a page, ${colorScheme}`);
}
await finish(...windows.map(({ faults }) => ({ faults: faults.filter((fault) => !/status of 4/.test(fault)) })));
