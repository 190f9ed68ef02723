// Who is asking: log-in and log-out, the end of a session in the middle of something, passwords, people who only read, and forms
// of other sites.
//
//   node login.mjs ROOT KEY:SECRET CUSTOMER IMAGES PASSWORD TOKEN
import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { ask, base, finish, logIn, made, open, picture, shown, visit } from './browser.mjs';

const [customer, images, password, token] = process.argv.slice(4);
const space = images.replace(/\/images$/, '');
const windows = [];
const anonymous = async (options) => { const window = await open({ anonymous: true, ...options }); windows.push(window); return window; };
const closed = (page) => page.waitForFunction(() => !document.querySelector('dialog[open]'));
/** Who is logged in, as the page is told. */
const who = (page) => page.evaluate(async () => {
  const answer = await fetch('/console/session');
  return answer.status === 200 ? answer.json() : answer.status;
});
/** Ends all sessions of an account. */
const endSessions = async (id) => {
  await made('PATCH', `${customer}/portalUsers/${id}`, { enabled: false });
  await made('PATCH', `${customer}/portalUsers/${id}`, { enabled: true });
};

// The first page: what this is, the root, the way in.
const anna = await anonymous();
const { page } = anna;
await visit(page, `${base}/`);
await picture(page, 'first');
assert.match(await page.textContent('.lede'), /Hydria registers the images.*This is its API/s);
for (const text of ['Customers', 'The vocabulary', 'OpenAPI']) {
  assert.ok(await page.locator(`main >> text=${text}`).first().isVisible(), text);
}

// What is wrong is said in words, and meanwhile nobody presses twice.
let letGo;
const held = new Promise((go) => { letGo = go; });
await page.route('**/console/session', async (route) => { if (route.request().method() === 'POST') await held; await route.continue(); });
await logIn(page, 'anna@example.org', 'wrong');
await page.waitForSelector('.log-in button:disabled >> text=Checking');
letGo();
await page.waitForSelector('.log-in .fault >> text=do not belong together');
await page.unroute('**/console/session');
assert.equal(await page.evaluate(() => document.activeElement.name), 'secret');
assert.equal(await page.inputValue('.log-in [name=name]'), 'anna@example.org', 'what was typed is there');
// The same person works for two customers.
await logIn(page, 'anna@example.org', password);
await page.waitForSelector('.log-in select');
assert.deepEqual(await page.locator('.log-in option').allTextContents(), ['library', 'archive']);
await page.selectOption('.log-in select', 'library');
await page.click('.log-in [type=submit]');
await page.waitForFunction((wanted) => location.href === wanted, customer);
await shown(page);
assert.deepEqual(await page.locator('.session a').allTextContents(), ['library', 'anna@example.org']);
assert.equal((await who(page)).role, 'admin');

// The session ends while something is typed: the log-in stands over the page, and what was asked for is done.
const loads = () => anna.requests.filter(({ type }) => type === 'document').length;
const begin = async (name) => {
  await visit(page, `${customer}/spaces`);
  await page.click('.head [data-method=POST]');
  await page.fill('dialog [name=name]', name);
  await endSessions('anna');
  await page.click('dialog [type=submit]');
  await page.waitForSelector('dialog.over');
};
await begin('Glass plates');
const before = loads();
assert.equal(await page.inputValue('dialog.over [name=name]'), 'anna@example.org');
assert.equal(await page.evaluate(() => document.activeElement.name), 'secret');
await picture(page, 'again');
await page.keyboard.type(password);
await page.keyboard.press('Enter');
await page.waitForFunction(() => document.title.startsWith('Glass plates'));
assert.equal(loads(), before, 'no page was loaded for it');
assert.equal((await made('GET', `${customer}/spaces?name=Glass%20plates`)).totalItems, 1);
// Nobody has to: what was typed stays, and is sent when they come back.
await begin('Etchings');
await page.keyboard.press('Escape');
await page.waitForSelector('dialog .summary >> text=You have to log in');
assert.equal(await page.inputValue('dialog [name=name]'), 'Etchings');
await page.click('dialog [type=submit]');
await page.waitForSelector('dialog.over');
await logIn(page, 'anna@example.org', password);
await page.waitForFunction(() => document.title.startsWith('Etchings'));
// Somebody else logs in: nothing of the first is sent as theirs.
await begin('Not mine');
const [key, secret] = process.argv[3].split(':');
await logIn(page, key, secret);
await page.waitForFunction(() => document.querySelector('.session .who')?.textContent.startsWith('Key'));
await shown(page);
assert.equal((await made('GET', `${customer}/spaces?name=Not%20mine`)).totalItems, 0);
await page.click('.head [data-method=POST]');
assert.equal(await page.inputValue('dialog [name=name]'), '', 'nor is it shown to them');
await page.keyboard.press('Escape');
await closed(page);
// A page that is read after the end of a session, too, and what moves by itself asks once.
await page.click('.session >> text=Log out');
await page.waitForSelector('main .log-in');
assert.equal(await who(page), 401);
assert.equal(await page.evaluate(() => sessionStorage.length <= 1 && localStorage.getItem('logged in')), null);
await visit(page, `${customer}/queue`);
await logIn(page, 'anna@example.org', password);
await page.selectOption('.log-in select', 'library');
await page.click('.log-in [type=submit]');
await page.waitForSelector('.head >> text=Queue');
await endSessions('anna');
// What moves by itself may have opened the form before.
await page.evaluate(() => document.querySelectorAll('.breadcrumb a')[1].click());
await page.waitForSelector('dialog.over');
assert.equal(await page.locator('dialog.over').count(), 1);
await page.fill('dialog.over [name=secret]', password);
await page.keyboard.press('Enter');
await page.waitForFunction((wanted) => location.href === wanted, customer);
await shown(page);

// What is protected is shown to those whose it is, in lists and whole, and never by its thumbnails.
await made('PATCH', `${images}/sheet-03`, { roles: ['clickthrough'] });
await visit(page, images);
await page.waitForFunction(() => document.querySelector('[data-id$="/sheet-03"] img[src*="/iiif-img/"]')?.naturalWidth);
await page.click('[data-id$="/sheet-03"] a.name');
await page.waitForSelector('.stage[data-open]');
await page.click('text=Try without credentials');
await page.waitForSelector('text=Nothing but the way to log in.');
await visit(page, customer);

// The own password: the one so far is asked for, and the page stays logged in.
await page.click('.session .who');
await page.waitForSelector('.head >> text=Change password');
await page.click('.head button:has-text("Change password")');
assert.deepEqual(await page.locator('dialog .field [name]').evaluateAll((fields) => fields.map((field) => field.name).sort()),
  ['currentPassword', 'password']);
await page.fill('dialog [name=currentPassword]', 'not it');
await page.fill('dialog [name=password]', 'a new password');
await page.click('dialog [type=submit]');
await page.waitForSelector('dialog [name=currentPassword][aria-invalid=true]');
await page.fill('dialog [name=currentPassword]', password);
await page.click('dialog [type=submit]');
await closed(page);
await shown(page);
assert.equal((await who(page)).name, 'anna@example.org');
const refused = await fetch(`${base}/console/session`, {
  method: 'POST', headers: { origin: base, 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'anna@example.org', password, customer: 'library' }),
});
assert.equal(refused.status, 401);
// An administrator sets that of others, without the one so far.
await visit(page, `${customer}/portalUsers/rea`);
await page.click('.head button:has-text("Set a new password")');
await page.fill('dialog [name=password]', 'set for rea');
await page.click('dialog [type=submit]');
await closed(page);
// An account without a role says that nobody can log in with it.
await made('PUT', `${customer}/portalUsers/new`, { email: 'new@example.org', password });
await visit(page, `${customer}/portalUsers/new`);
await page.waitForSelector('.note >> text=it has no role');

// Nobody acts as somebody else who has logged in in another window: the page is loaded anew.
const writes = () => anna.requests.filter(({ method, url }) => method !== 'GET' && !url.includes('/console/')).length;
await page.click('.head [data-method=PATCH]');
await page.fill('dialog [name=email]', 'newer@example.org');
const written = writes();
await page.evaluate(() => { localStorage.setItem('account', 'somebody else'); document.querySelector('h1').dataset.mark = 'before'; });
await page.click('dialog [type=submit]');
await page.waitForFunction(() => document.querySelector('h1')?.dataset.mark === undefined);
await shown(page);
assert.equal(writes(), written);
assert.equal(await page.evaluate(() => localStorage.getItem('account')), (await who(page)).address);

// Who only reads sees no button that would be refused, and nothing that is withheld.
const rea = await anonymous();
await visit(rea.page, `${base}/`);
await logIn(rea.page, 'rea@example.org', 'set for rea');
await rea.page.waitForFunction((wanted) => location.href === wanted, customer);
await rea.page.waitForSelector('.session .tag >> text=reads only');
assert.equal(await rea.page.locator('main a >> text=/^(Keys|Webhooks)$/').count(), 0);
for (const address of [customer, `${customer}/spaces`, space, images, `${images}/sheet-03`, `${customer}/queue`,
  `${customer}/portalUsers`, `${customer}/portalUsers/anna`, `${customer}/jobs`]) {
  await visit(rea.page, address);
  await rea.page.waitForLoadState('networkidle');
  assert.deepEqual(await rea.page.locator('.head button, .selection button, main [data-method]').allTextContents(), [], address);
}
await rea.page.click('.session .who');
await rea.page.click('.head button:has-text("Change password")');
await rea.page.fill('dialog [name=currentPassword]', 'set for rea');
await rea.page.fill('dialog [name=password]', 'of rea alone');
await rea.page.click('dialog [type=submit]');
await closed(rea.page);
assert.equal((await who(rea.page)).role, 'readonly');
assert.deepEqual(await rea.page.locator('.head button').allTextContents(), ['Change password…']);

// A link logs in once; its token is seen by nobody else, and stays nowhere.
const first = await anonymous();
await first.page.goto(`${base}/#log-in=${token}`);
await first.page.waitForSelector('.session .who');
assert.equal(first.page.url(), `${base}/`);
assert.equal((await who(first.page)).administrator, true);
assert.ok(first.requests.every(({ url }) => !url.split('#')[0].includes(token)));
// An administrator sees what is protected of every customer, in lists and whole.
await visit(first.page, `${images}?roles=clickthrough`);
await first.page.waitForFunction(() => document.querySelector('.grid img[src*="/iiif-img/"]')?.naturalWidth > 0);
await visit(first.page, `${images}/sheet-03`);
await first.page.waitForSelector('.stage[data-open]');
await visit(first.page, `${base}/`);
await first.page.click('.leads a:has-text("Customers")');
await first.page.waitForSelector('tbody a');
await first.page.goBack();
assert.ok(!first.page.url().includes('#'), first.page.url());
const late = await anonymous();
await late.page.goto(`${base}/#log-in=${token}`);
await late.page.waitForSelector('.notice >> text=used already');
assert.equal(late.page.url(), `${base}/`);
assert.equal(await who(late.page), 401);

// Forms of other sites, and of other ports of the same host, which browsers send the cookie with: refused.
const forms = (to) => [
  [`${to}/spaces`, 'text/plain', '{"name":"', '"}'], [`${to}/spaces`, 'application/x-www-form-urlencoded', 'name', 'forged'],
  [`${to}/spaces`, 'multipart/form-data', 'name', 'forged'], [`${base}/console/session`, 'application/x-www-form-urlencoded', 'key', key],
  [`${base}/console/session/end`, 'application/x-www-form-urlencoded', 'target', '/'],
];
const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  response.end(forms(customer).map(([to, type, name, value]) => `<form method=post action="${to}" enctype="${type}">
    <input name="${escape(name)}" value="${escape(value)}"><button>x</button></form>`).join(''));
});
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const count = (await made('GET', `${customer}/spaces`)).totalItems;
for (const host of ['localhost', '127.0.0.1']) {
  const forger = await rea.context.newPage();
  for (let n = 0; n < forms('').length; n += 1) {
    await forger.goto(`http://${host}:${server.address().port}/`);
    const [answer] = await Promise.all([forger.waitForResponse((one) => one.request().method() === 'POST'),
      forger.locator('button').nth(n).click()]);
    assert.ok([401, 403].includes(answer.status()), `${host}: ${forms('')[n]}: ${answer.status()}`);
    assert.equal(answer.headers()['set-cookie'], undefined);
    if (host === 'localhost') assert.equal(answer.status(), 403);
  }
  await forger.close();
}
server.close();
assert.equal((await made('GET', `${customer}/spaces`)).totalItems, count);
assert.equal((await who(rea.page)).role, 'readonly', 'still logged in');

// Without script, the page that is refused has a form, which leads back to it.
const plain = await anonymous({ javaScriptEnabled: false });
await plain.page.goto(`${customer}/spaces?pageSize=2`);
await plain.page.fill('#key', key);
await plain.page.fill('#secret', secret);
await plain.page.click('.log-in button');
assert.equal(plain.page.url(), `${customer}/spaces?pageSize=2`);
assert.ok(await plain.page.locator('main summary a').count() > 0);
await plain.page.goto(`${base}/`);
await plain.page.click('main button >> text=Log out');
assert.equal((await plain.page.goto(`${customer}/spaces`)).status(), 401);

assert.equal((await ask('GET', customer)).status, 200);
await finish(...windows.map(({ faults }) => ({ faults: faults.filter((fault) => !/status of (400|401|403|409)/.test(fault)) })));
