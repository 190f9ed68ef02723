// Who is logged in: the form, the header, the end of a session. All of it is shown only where the service has sessions.
import { base, get, send } from './api.js';
import { announce, button, el } from './dom.js';
import { words } from './words.js';

const ADDRESS = `${base}/console/session`;

/** Who is logged in: `undefined` where there are no sessions, `null` where nobody is. */
export let me;

const FLAG = 'logged in';

/** Returns whether somebody was logged in here when it was asked last: otherwise most pages need not ask. */
export const wasLoggedIn = () => localStorage.getItem(FLAG) !== null;

/** Asks who is logged in. */
export const ask = async () => {
  const { status, doc } = await get(ADDRESS, { quiet: true });
  me = status === 404 || status === 0 || status === 405 ? undefined : status === 200 ? doc : null;
  if (me) localStorage.setItem(FLAG, '1'); else localStorage.removeItem(FLAG);
  return me;
};

/** Redeems the token of a log-in link, which stands in the fragment and so is sent to nobody else; returns whether it counted. */
export const redeem = async () => {
  const token = /^#log-in=([A-Za-z0-9_-]{32,})$/.exec(location.hash)?.[1];
  if (!token) return false;
  history.replaceState(null, '', location.pathname);
  const { status } = await send('POST', ADDRESS, { body: { token }, quiet: true, headers: { 'content-type': 'application/json' } });
  return status >= 200 && status < 300;
};

const leave = async () => {
  await send('DELETE', ADDRESS, { quiet: true });
  location.assign(`${base}/`);
};

/** Returns the part of the header that tells who is logged in. */
export const tools = () => {
  if (me === undefined) return [];
  if (me === null) return [el('a', { href: `${base}/#log-in`, class: 'button' }, words.logIn)];
  const { name, customer, customerName } = me;
  const where = typeof customer === 'string' ? customer : customer?.['@id'];
  return [el('span', { class: 'me', dir: 'auto' }, where ? el('a', { href: where }, name ?? customerName ?? words.session.account) : name),
    button(words.logOut, leave, { class: 'quiet' })];
};

/** Warns two minutes before a session ends, and lets it be extended. */
export const watch = (bar) => {
  if (!me?.expires && !me?.idle) return;
  const warn = async () => {
    await ask();
    const left = (Date.parse(me?.idle ?? me?.expires ?? 0) - Date.now()) / 60000;
    if (me === null) return bar.replaceChildren(el('p', {}, words.session.ended, ' ', el('a', { href: `${base}/#log-in` }, words.logIn)));
    if (Number.isNaN(left) || left > 2.5) return bar.replaceChildren();
    const text = words.session.expires(Math.max(1, Math.round(left)));
    announce(text);
    return bar.replaceChildren(el('p', {}, text, ' ', button(words.session.extend, async () => {
      await get(`${base}/`, { quiet: true });
      bar.replaceChildren();
    })));
  };
  setInterval(warn, 60000);
};

/** Returns the form by which people log in; `done` is called after it. */
export const form = (done) => {
  const w = words.session;
  const fault = el('p', { class: 'fault', role: 'alert' });
  const name = el('input', { id: 'log-in-name', name: 'name', autocomplete: 'username', required: true, spellcheck: 'false', autocapitalize: 'none' });
  const secret = el('input', { id: 'log-in-secret', name: 'secret', type: 'password', autocomplete: 'current-password', required: true });
  const choice = el('div', { class: 'field' });
  const submit = async (event) => {
    event.preventDefault();
    fault.textContent = '';
    const isMail = name.value.includes('@');
    const customer = choice.querySelector('select')?.value;
    const body = isMail ? { email: name.value.trim(), password: secret.value, customer } : { key: name.value.trim(), secret: secret.value };
    const { status, doc } = await send('POST', ADDRESS, { body, quiet: true, headers: { 'content-type': 'application/json' } });
    if (status >= 200 && status < 300) return done();
    const customers = doc?.customers ?? [];
    if (status === 409 && customers.length) {
      choice.replaceChildren(el('label', { for: 'log-in-customer' }, w.which),
        el('select', { id: 'log-in-customer' }, customers.map((one) => el('option', { value: one.id ?? one.name ?? one }, one.displayName ?? one.name ?? one))));
    }
    fault.textContent = doc?.detail ?? words.status[status] ?? words.serverFault;
    return name.focus();
  };
  return el('form', { class: 'log-in', id: 'log-in', onsubmit: submit }, el('h2', {}, w.title), el('p', {}, w.explain),
    el('div', { class: 'field' }, el('label', { for: name.id }, w.key), name),
    el('div', { class: 'field' }, el('label', { for: secret.id }, w.secret), secret),
    choice, fault, el('button', { class: 'main', type: 'submit' }, w.submit));
};
