// Who is logged in: the header, the end of a session, and how the same person goes on after it.
import { base, get, isGood, whenActing, whenUnauthenticated } from './api.js';
import { forgetAll } from './begun.js';
import { announce, button, el } from './dom.js';
import { overPage, sendSession, SESSION } from './login.js';
import { words } from './words.js';

const w = words.session;

/** Who is logged in: `null` where nobody is, `undefined` until it is asked. */
export let me;

/** Who was logged in last on this page: after the end of a session they are asked to log in again. */
let last;

const [FLAG, ACCOUNT] = ['logged in', 'account'];

/** Whether nobody else has logged in in another window of this browser since the page was shown. */
const isSame = () => !last || (localStorage.getItem(ACCOUNT) ?? last.address) === last.address;
whenActing(isSame);
addEventListener('storage', ({ key }) => { if (key === ACCOUNT && !isSame()) location.reload(); });

/** Returns whether somebody was logged in here when it was asked last: otherwise most pages need not ask. */
export const wasLoggedIn = () => localStorage.getItem(FLAG) !== null;

/** Where the header tells who is logged in. */
const place = el('div', { class: 'session' });

/** Asks who is logged in, and shows it. */
export const ask = async () => {
  const { status, doc } = await get(SESSION, { quiet: true });
  // Without an answer nothing is known.
  if (status !== 200 && status !== 401) return me;
  me = status === 200 ? doc : null;
  if (me) {
    // What somebody else entered and did not send, and where they were, is not for this account.
    const before = sessionStorage.getItem(ACCOUNT);
    if (before !== null && before !== me.address) sessionStorage.clear();
    sessionStorage.setItem(ACCOUNT, me.address);
    last = me;
    localStorage.setItem(FLAG, '1');
    localStorage.setItem(ACCOUNT, me.address);
  } else [FLAG, ACCOUNT].forEach((name) => localStorage.removeItem(name));
  draw();
  return me;
};

/**
 * Redeems the token of a log-in link, which stands in the fragment and so is sent to nobody else; returns the exchange,
 * `undefined` without one.
 */
export const redeem = async () => {
  const token = /^#log-in=([A-Za-z0-9_-]{32,})$/.exec(location.hash)?.[1];
  if (!token) return undefined;
  history.replaceState(null, '', location.pathname);
  return sendSession('POST', { token });
};

const leave = async () => {
  const exchange = await sendSession('DELETE');
  if (!isGood(exchange)) return announce(words.status[exchange.status] ?? words.serverFault);
  [FLAG, ACCOUNT].forEach((name) => localStorage.removeItem(name));
  // What was entered and not sent is nobody else's, and neither are the names of files.
  sessionStorage.clear();
  forgetAll();
  return location.assign(`${base}/`);
};

let over;

/** Opens the form over the page, unless it is open already; returns whether somebody logged in. */
const openForm = (before) => {
  over ??= overPage(before).finally(() => { over = undefined; });
  return over;
};

/** Leads to the form of the page, or opens one over it. */
const enter = async () => {
  const field = document.querySelector('#log-in input');
  if (field) return field.focus();
  const before = last;
  if (!await openForm(before)) return undefined;
  return await ask() && me.address === before?.address ? undefined : location.reload();
};

/** Returns how an account is called: a key by its beginning. */
const shortName = ({ kind, name }) => (kind === 'Key' ? w.keyNamed(name.length > 10 ? `${name.slice(0, 8)}…` : name) : name);

const draw = () => {
  if (!me) return place.replaceChildren(button(words.logIn, enter));
  const { address, customer, customerName, name, role } = me;
  return place.replaceChildren(el('a', { href: customer, dir: 'auto', class: 'of' }, customerName),
    el('a', { href: address, dir: 'auto', class: 'who', title: name }, shortName(me)),
    role === 'readonly' ? el('span', { class: 'tag' }, w.reads) : '',
    button(words.logOut, leave, { class: 'quiet' }));
};

/** Returns the part of the header that tells who is logged in. */
export const tools = () => { draw(); return place; };

/** Whether the form over the page was closed: nothing that happens by itself opens it again. */
let isDeclined = false;
let asking;

/** Has whoever was logged in log in again; returns whether it is the same account. */
const again = async () => {
  const before = last;
  // Perhaps that was done in another window.
  if (!await ask() && (!await openForm(before) || !await ask())) {
    isDeclined = true;
    return false;
  }
  isDeclined = false;
  if (me.address === before.address) return true;
  // What is shown belongs to somebody else.
  location.reload();
  return new Promise(() => {});
};

whenUnauthenticated(async ({ isUrgent }) => {
  if (!last || (isDeclined && !isUrgent)) return false;
  asking ??= again().finally(() => { asking = undefined; });
  return asking;
});

/** Warns two minutes before a session ends, and lets it be extended. */
export const watch = (bar) => {
  const look = async () => {
    if (!last) return;
    const before = last.address;
    await ask();
    // What is shown belongs to somebody else.
    if (me && me.address !== before) { location.reload(); return; }
    if (!me) {
      bar.replaceChildren(el('p', {}, w.ended, ' ', button(words.logIn, async () => { if (await again()) bar.replaceChildren(); })));
      return;
    }
    const left = (Date.parse(me.idle) - Date.now()) / 60000;
    if (left > 2.5) { bar.replaceChildren(); return; }
    const text = w.expires(Math.max(1, Math.round(left)));
    announce(text);
    bar.replaceChildren(el('p', {}, text, ' ', Date.parse(me.idle) < Date.parse(me.expires) ? button(w.extend, async () => {
      await get(`${base}/`, { quiet: true });
      await look();
    }) : ''));
  };
  setInterval(look, 60000);
};
