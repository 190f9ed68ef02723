// Starts the console on a page: reads what the page holds, shows it, and follows links without loading another page.
import { base, forgetLater, get, isGood, isResource, onExchange, problemOf, send } from './api.js';
import { announce, button, el, link, redraw } from './dom.js';
import { view as collectionView } from './collection.js';
import { guard } from './drop.js';
import { headOf, view as genericView } from './generic.js';
import { parse } from './json.js';
import { form } from './login.js';
import { ask, me, redeem, tools, wasLoggedIn, watch } from './session.js';
import { listen, palette, remember } from './keys.js';
import { actionsOf } from './operations.js';
import { panelOf } from './traffic.js';
import { Vocabulary } from './vocabulary.js';
import { classOf, titleOf, words } from './words.js';

const main = document.getElementById('main');
const { documentation, status, etag } = document.body.dataset;
const vocabulary = new Vocabulary(documentation);
const panels = el('section', { class: 'exchanges', 'aria-label': words.traffic.title });
document.querySelector('footer').prepend(panels);

/** Views by class, the most specific first; what has none is shown by the generic one. */
const VIEWS = {
  ApiDocumentation: () => import('./views/vocabulary.js'),
  Batch: () => import('./views/batch.js'),
  Customer: () => import('./views/customer.js'),
  CustomerStorage: () => import('./views/storage.js'),
  EntryPoint: () => import('./views/first.js'),
  Image: () => import('./views/image.js'),
  Job: () => import('./views/job.js'),
  PortalUser: () => import('./views/portal_user.js'),
  PriorityQueue: () => import('./views/queue.js'),
  Queue: () => import('./views/queue.js'),
  Space: () => import('./views/space.js'),
};

const viewOf = async (doc, className) => {
  if (Array.isArray(doc.member) || doc.totalItems !== undefined) return collectionView;
  const found = Object.keys(VIEWS).find((name) => vocabulary.is(className, name));
  return found ? (await VIEWS[found]()).view : genericView;
};

/** Shows what went wrong, in words. */
const problemView = (exchange, page) => {
  if (exchange.status === 401 && !me) {
    return [headOf(page, { title: words.session.needed, kind: null }),
      form(async () => { await ask(); go(exchange.url, { replace: true }); }),
      el('div', { class: 'actions' }, link(`${base}/`, words.first.start))];
  }
  const { title, detail, faults, requestId, retry } = problemOf(exchange);
  const again = el('button', { type: 'button', onclick: () => go(exchange.url, { replace: true }) }, words.tryAgain);
  return [headOf(page, { title: exchange.status ? `${exchange.status} ${exchange.doc?.title ?? ''}` : words.tryAgain }),
    el('p', { class: 'lede' }, title),
    detail ? el('p', { dir: 'auto' }, detail) : undefined,
    faults.length ? el('ul', {}, faults.map(({ message }) => el('li', {}, message))) : undefined,
    retry ? el('p', {}, retry) : undefined,
    el('div', { class: 'actions' }, exchange.status >= 500 || exchange.status === 0 ? again : undefined,
      link(`${base}/`, words.first.start)),
    requestId ? el('p', { class: 'faint' }, `${words.requestId} ${requestId}`) : undefined];
};

let leaving = new AbortController();

/** Shows an exchange as the page. */
const show = async (exchange, { focus = true, place = 0 } = {}) => {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  forgetLater();
  const { doc, url } = exchange;
  const className = classOf(doc ?? {});
  const isShown = () => !signal.aborted && location.href.split('#')[0] === url.split('#')[0];
  const page = {
    doc, url, exchange, className, vocabulary, signal, title: doc ? titleOf(doc, url) : url,
    actions: [],
    // What ends after its page was left leads nowhere.
    go: (address) => (isShown() ? go(address) : undefined),
    reload: () => (isShown() ? go(url, { replace: true, focus: false }) : undefined),
  };
  if (isGood(exchange) && doc) page.actions = actionsOf(page);
  const parts = isGood(exchange) && doc ? await (await viewOf(doc, className))(page) : problemView(exchange, page);
  if (signal.aborted) return;
  // What is read anew where it is leaves the reader where they are.
  if (focus) main.replaceChildren(...parts.filter(Boolean)); else redraw(main, parts, () => main.querySelector('h1'));
  main.dataset.state = 'shown';
  document.title = doc?.['@type'] === 'EntryPoint' ? words.brand : `${page.title} – ${words.brand}`;
  panels.replaceChildren(panelOf(exchange));
  if (isGood(exchange)) remember(url, page.title);
  breadcrumb(url);
  markTarget();
  if (focus) {
    const anchor = fragmentTarget();
    (anchor || main.querySelector('h1'))?.focus({ preventScroll: !anchor });
    if (!anchor) scrollTo(0, place);
  }
};

/** Returns what the fragment of the address names, if it is on the page. */
const fragmentTarget = () => {
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { /* As it stands. */ }
  return name ? document.getElementById(name) : null;
};

/** Marks what the fragment of the address names, as a browser does that loads a page. */
const markTarget = () => {
  document.querySelectorAll('.target').forEach((element) => element.classList.remove('target'));
  const target = fragmentTarget();
  if (target) { target.classList.add('target'); target.scrollIntoView({ block: 'start' }); }
};
addEventListener('hashchange', () => {
  // A link that logs in, entered where a page of the console is open already.
  if (location.hash.startsWith('#log-in=')) location.reload(); else markTarget();
});

/** Shows the way to an address. Steps that could not be read before are no links. */
const dead = new Set();
const breadcrumb = (url) => {
  const path = new URL(url, location.href).href.slice(base.length).split(/[?#]/)[0];
  const parts = path.split('/').filter(Boolean);
  const steps = parts.map((part, index) => {
    const address = `${base}/${parts.slice(0, index + 1).join('/')}`;
    let text = part;
    try { text = decodeURIComponent(part); } catch { /* As it stands. */ }
    const isHere = index === parts.length - 1;
    return el('li', {}, dead.has(address) ? el('span', { dir: 'auto' }, text)
      : link(address, text, isHere ? { 'aria-current': 'page' } : {}));
  });
  redraw(document.querySelector('.breadcrumb'), [el('ol', {}, steps)]);
};
/** Asks whether steps above a page can be read, once somebody is about to take one. */
const asked = new Set();
const verify = () => document.querySelectorAll('.breadcrumb a:not([aria-current])').forEach(async ({ href }) => {
  if (asked.has(href)) return;
  asked.add(href);
  const { status: got } = await send('HEAD', href, { quiet: true });
  if (got !== 403 && got !== 404) return;
  dead.add(href);
  breadcrumb(shownAt);
});
for (const kind of ['pointerenter', 'focusin']) document.querySelector('.breadcrumb').addEventListener(kind, verify);
onExchange(({ method, url, status: got }) => {
  if (method === 'GET' && (got === 403 || got === 404)) dead.add(url.split(/[?#]/)[0]);
  if (got >= 200 && got < 300) dead.delete(url.split(/[?#]/)[0]);
});

/** Keeps how far the page is scrolled, in pixels, where the browser leads back to. */
let scrolled;
const keepPlace = () => {
  clearTimeout(scrolled);
  // Between two pages, the address is that of the next already.
  if (main.dataset.state === 'shown' && location.href.split('#')[0] === shownAt) history.replaceState({ place: scrollY }, '');
};
addEventListener('scroll', () => { clearTimeout(scrolled); scrolled = setTimeout(keepPlace, 200); }, { passive: true });
addEventListener('pagehide', keepPlace);

/** Counts where somebody went: of several at once, the last counts. */
let turn = 0;

/** Goes to an address of the service. */
async function go(address, { replace = false, focus = true, place = 0 } = {}) {
  const url = new URL(address, location.href).href;
  if (new URL(url).origin !== location.origin || !isResource(url)) return location.assign(url);
  if (!replace) keepPlace();
  turn += 1;
  const mine = turn;
  main.setAttribute('aria-busy', 'true');
  main.dataset.state = 'asked';
  try {
    const exchange = await get(url.split('#')[0], { signal: leaving.signal });
    if (mine !== turn) return undefined;
    if (isGood(exchange) && exchange.doc === undefined) return location.assign(url);
    if (replace) history.replaceState(history.state, '', url);
    else history.pushState(null, '', url);
    shownAt = url.split('#')[0];
    await show(exchange, { focus, place });
    // What stays where it is says itself what was done.
    if (focus) announce(document.title);
  } catch (error) {
    if (error.name === 'AbortError') return undefined;
    console.warn(error);
    location.assign(url);
  } finally {
    if (mine === turn) main.removeAttribute('aria-busy');
  }
  return undefined;
}

document.addEventListener('click', (event) => {
  const anchor = event.target.closest?.('a[href]');
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!anchor || !isPlain || event.defaultPrevented || anchor.target || anchor.hasAttribute('download')) return;
  if (anchor.getAttribute('href').startsWith('#') || anchor.origin !== location.origin || !isResource(anchor.href)) return;
  const [to, here] = [anchor.href.split('#')[0], location.href.split('#')[0]];
  if (to === here && anchor.hash) return;
  event.preventDefault();
  go(anchor.href);
});
let shownAt = location.href.split('#')[0];
addEventListener('popstate', ({ state }) => {
  clearTimeout(scrolled);
  // What is in a form is kept as a draft; what is shown once stays until it is kept.
  document.querySelectorAll('dialog[open].sheet:not(:has(.secret))').forEach((dialog) => dialog.close());
  if (location.href.split('#')[0] !== shownAt) go(location.href, { replace: true, place: state?.place });
});

/** The service has another address than the one of this page: its policy lets no script ask there, and its cookies are kept there. */
const elsewhere = () => {
  const address = base + location.pathname + location.search + location.hash;
  document.documentElement.classList.add('plain');
  main.before(el('div', { class: 'notice' }, el('p', {}, words.first.elsewhere, ' ', link(address, address), '.')));
};

// A part of the console that is loaded when it is needed may not be there.
addEventListener('unhandledrejection', (event) => {
  if (!/module/i.test(`${event.reason?.message}`)) return;
  event.preventDefault();
  announce(words.notLoaded);
  main.before(el('div', { class: 'notice' }, el('p', {}, words.notLoaded, ' ', button(words.loadAnew, () => location.reload()))));
});

const start = async () => {
  if (new URL(base).origin !== location.origin) return elsewhere();
  const redeemed = await redeem();
  if (redeemed && isGood(redeemed)) return location.replace(`${base}/`);
  const text = document.getElementById('doc').textContent;
  const isRoot = location.href.split(/[?#]/)[0] === `${base}/`;
  const patience = new Promise((done) => { setTimeout(done, 2000); });
  const reading = get(`${documentation}?format=jsonld`, { quiet: true, cache: 'default' }).then(({ doc }) => vocabulary.read(doc));
  const asking = isRoot || status === '401' || wasLoggedIn() ? ask() : undefined;
  await Promise.race([Promise.all([reading, asking]), patience]);
  document.querySelector('.tools').replaceChildren(
    el('button', { type: 'button', class: 'quiet', onclick: () => palette(go), title: '/' }, words.keys.palette), tools());
  listen(go);
  guard();
  const headers = [['etag', etag], ['content-type', 'application/ld+json']].filter(([, value]) => value);
  await show({
    method: 'GET', url: location.href, status: Number(status), headers, doc: parse(text), text, etag: etag ?? null,
  }, { focus: false });
  if (history.state?.place && !location.hash) scrollTo(0, history.state.place);
  const bar = el('div', { class: 'notice', role: 'status' });
  main.before(bar);
  if (redeemed) bar.replaceChildren(el('p', {}, redeemed.status === 401 ? words.session.linkIsOver : problemOf(redeemed).title));
  return watch(bar);
};

start().catch((error) => {
  console.warn(error);
  document.documentElement.classList.add('plain');
});
