// A headless Chromium with the key of a caller, in which nothing may go wrong that a person would not see.
//
//   node SCRIPT.mjs ROOT KEY:SECRET
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { chromium } from 'playwright-core';

export const [base, credentials] = process.argv.slice(2);
const executablePath = (await readFile(new URL('chromium', import.meta.url), 'utf8')).trim();
export const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;

/** Where pictures of pages are kept; nothing is where they are not wanted. */
const pictures = process.env.HYDRIA_CONSOLE_PICTURES;

/**
 * Starts a browser, which `hosts` tells where names are. One that crashes as it starts says nothing of the console, and is
 * started again.
 */
export const launch = async (hosts, tries = 3) => {
  const args = ['--no-sandbox', '--force-color-profile=srgb', ...(hosts ? [`--host-resolver-rules=${hosts}`] : [])];
  try {
    return await chromium.launch({ executablePath, args });
  } catch (error) {
    if (tries === 1) throw error;
    return launch(hosts, tries - 1);
  }
};
const browser = await launch();

/** A folder of files of the console that are used in place of those in the program, so that trying changes needs no compiler. */
const assets = process.env.HYDRIA_CONSOLE_ASSETS;

/** Asserts that what was sent before a page was seen is small, images excepted. */
export const isLight = async (page) => {
  const sent = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !/\/(thumbs|iiif-img)\//.test(name)).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0));
  // Files from elsewhere are not compressed.
  assert.ok(sent > 10_000 && (assets || sent < 100_000), `${sent} bytes`);
};

/** Sends a request as the caller, and returns the answer with its document. */
export const ask = async (method, address, body, headers = {}) => {
  const answer = await fetch(address.startsWith('/') ? base + address : address, {
    method, headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/ld+json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  let doc;
  try { doc = JSON.parse(text); } catch { doc = undefined; }
  return { status: answer.status, headers: answer.headers, doc, text };
};

/** Sends a request that must succeed, and returns the document. */
export const made = async (method, address, body) => {
  const { status, doc, text } = await ask(method, address, body);
  assert.ok(status < 300, `${method} ${address}: ${status} ${text}`);
  return doc;
};

/** Opens a window. `anonymous`: without the key. What goes wrong in it is in `faults`, what it asks for in `requests`. */
export const open = async ({ anonymous = false, width = 1200, height = 900, ...options } = {}) => {
  const context = await browser.newContext({
    viewport: { width, height }, locale: 'en-GB', timezoneId: 'Europe/London', colorScheme: 'light',
    extraHTTPHeaders: anonymous ? {} : { authorization }, ...options,
  });
  context.setDefaultTimeout(60_000);
  if (assets) {
    await context.route(/\/console\/[0-9a-f]{16}\/.*\.(js|css)$/, (route) =>
      route.fulfill({ path: path.join(assets, new URL(route.request().url()).pathname.split('/').slice(3).join('/')) }));
  }
  const page = await context.newPage();
  const [faults, requests] = [[], []];
  // Whether there are sessions is asked once; where there are none, the browser notes the 404. So it does of pages that are not there.
  const isExpected = (message) => /Failed to load resource/.test(message.text()) && (/\/console\/session$/.test(message.location().url)
    || message.location().url === page.url());
  page.on('console', (message) => {
    if (message.type() === 'error' && !isExpected(message)) faults.push(`${page.url()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.stack}`));
  // Whoever is asked whether to leave the page leaves it.
  page.on('dialog', (dialog) => {
    if (dialog.type() === 'beforeunload') return dialog.accept();
    faults.push(`${page.url()}: a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  // The browser's own password box would stand over the page.
  page.on('response', (answer) => {
    if (/basic/i.test(answer.headers()['www-authenticate'] ?? '')) faults.push(`${answer.url()} opens a password box`);
  });
  page.on('request', (request) => {
    requests.push({ method: request.method(), url: request.url(), type: request.resourceType() });
    const isElsewhere = !/^(data|blob|about):/.test(request.url()) && new URL(request.url()).origin !== new URL(base).origin;
    if (isElsewhere) faults.push(`a request elsewhere: ${request.url()}`);
  });
  return { context, page, faults, requests };
};

/** Waits until the console has shown a page. */
export const shown = (page, title) => page.waitForFunction((wanted) => {
  const main = document.getElementById('main');
  return main?.dataset.state === 'shown' && !main.hasAttribute('aria-busy') && (!wanted || document.title.startsWith(wanted));
}, title);

/** Goes to an address as somebody does who types it, and waits until it is shown. */
export const visit = async (page, address) => {
  const answer = await page.goto(address.startsWith('/') ? base + address : address);
  await shown(page).catch((error) => assert.fail(`${page.url()} is not shown: ${error.message}`));
  return answer;
};

/** Logs in by the form that is on the page, or over it. */
export const logIn = async (page, name, secret) => {
  const form = page.locator('dialog.over form, main form.log-in').last();
  await form.locator('[name=name]').fill(name);
  await form.locator('[name=secret]').fill(secret);
  await form.locator('[type=submit]').click();
};

/** Keeps pictures of a page in the documentation, in both themes and narrow, where the run is told to. */
export const picture = async (page, name) => {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  const size = page.viewportSize();
  const keep = (look) => page.screenshot({ path: path.join(pictures, `${name}${look}.png`), animations: 'disabled', caret: 'initial' });
  await keep('');
  await page.emulateMedia({ colorScheme: 'dark' });
  await keep('-dark');
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 320, height: 640 });
  await keep('-narrow');
  await page.setViewportSize(size);
};

/** Moves by the Tab key until what has focus answers a question about it. */
export const tabTo = async (page, selector, { back = false } = {}) => {
  for (let step = 0; step < 400; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  assert.fail(`nothing that has focus is ${selector} at ${page.url()}`);
};

/** Tells the browser of files or folders that the mouse holds, in the middle of the window. */
const hold = async (page, files, types) => {
  const session = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize();
  for (const type of types) {
    await session.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data: { items: [], files, dragOperationsMask: 1 } });
  }
  await session.detach();
};

/** Drags files or folders over the page. */
export const drag = (page, files) => hold(page, files, ['dragEnter', 'dragOver']);

/** Drops files or folders on the page. */
export const drop = (page, files) => hold(page, files, ['dragEnter', 'dragOver', 'drop']);

/** Ends a script: fails where something went wrong in any window. */
export const finish = async (...windows) => {
  const faults = windows.flatMap((window) => window.faults);
  await browser.close();
  assert.deepEqual(faults, []);
};
