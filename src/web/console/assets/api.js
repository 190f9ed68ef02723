// The one place that asks the service. Each exchange is told to those who show it.
import { parse, write } from './json.js';
import { words } from './words.js';

/** The public address of the root, without a final slash. */
export const { base } = document.body.dataset;

/** Listeners, called with every exchange. */
const listeners = new Set();
export const onExchange = (listener) => listeners.add(listener);

/** Returns whether an address is one of this service. */
export const isOwn = (address) => `${address}`.startsWith(`${base}/`);

/** Returns the address of the customer below which an address is. */
export const customerOf = (address) => {
  const path = new URL(address, location.href).href.slice(base.length).split(/[?#]/)[0];
  return `${base}/${path.split('/').slice(1, 3).join('/')}`;
};

/** Returns whether an address is a resource of the API, which the console shows itself. */
export const isResource = (address) => isOwn(address)
  && !/^\/(iiif-img|thumbs|degraded|samples|contexts|console|openapi\.json|healthz|robots\.txt)/.test(address.slice(base.length))
  && !/^\/customers\/[^/]+\/(events|uploads(\/[^/]+)?)$/.test(address.slice(base.length).split(/[?#]/)[0])
  && !/[?&]format=/.test(address);

/** What an exchange is: `{method, url, status, ms, headers, doc, text, etag}`; status 0 where there was no answer. */
const exchangeOf = async (method, url, options, began) => {
  try {
    const response = await fetch(url, options);
    const text = response.status === 304 ? '' : await response.text();
    const headers = [...response.headers];
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    let doc;
    if (isJson && text) {
      try { doc = parse(text); } catch { doc = undefined; }
    }
    const { status } = response;
    return { method, url, status, ms: performance.now() - began, headers, doc, text, etag: response.headers.get('etag') };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return { method, url, status: 0, ms: performance.now() - began, headers: [], text: '', etag: null };
  }
};

/** What is done where nobody is logged in any more: it returns whether the same account is again. */
let logInAgain = async () => false;
export const whenUnauthenticated = (handler) => { logInAgain = handler; };
/** Returns whether the account that the page is shown for is still the one that is logged in. */
let isSameAccount = () => true;
export const whenActing = (check) => { isSameAccount = check; };
const isAboutSession = (url) => url.startsWith(`${base}/console/`);

/**
 * Sends a request as JSON-LD and returns the exchange. Where the session has ended, it is sent again after a log-in.
 * `etag`: what an unsafe request must meet; `known`: the tag of what the reader has; `quiet`: nobody is told of it.
 */
export const send = async (method, url, { body, etag, known, signal, prefer, quiet, cache = 'no-store', headers: more = {} } = {}) => {
  const headers = { accept: 'application/ld+json', ...more };
  if (body !== undefined) headers['content-type'] ??= 'application/ld+json';
  if (etag) headers['if-match'] = etag;
  if (known) headers['if-none-match'] = known;
  const preferred = [method !== 'GET' && method !== 'HEAD' && 'handling=strict', prefer].filter(Boolean).join(', ');
  if (preferred) headers.prefer = preferred;
  const options = { method, headers, signal, cache, body: body === undefined ? undefined : write(body) };
  // Nobody does anything as somebody else who has logged in in another window.
  if (!['GET', 'HEAD'].includes(method) && !isAboutSession(url) && !isSameAccount()) {
    location.reload();
    return new Promise(() => {});
  }
  let exchange = await exchangeOf(method, url, options, performance.now());
  // What is only read without being asked for waits for a log-in, and does not ask for one twice.
  if (exchange.status === 401 && !isAboutSession(url) && await logInAgain({ isUrgent: !quiet || !['GET', 'HEAD'].includes(method) })) {
    exchange = await exchangeOf(method, url, options, performance.now());
  }
  exchange.sent = body;
  if (!quiet) listeners.forEach((listener) => listener(exchange));
  return exchange;
};

/** Reads a resource. */
export const get = (url, options) => send('GET', url, options);

/** Returns whether an exchange brought what was asked for. */
export const isGood = ({ status }) => status >= 200 && status < 300;

/** Returns what went wrong in words: `{title, detail, faults, retry}`. */
export const problemOf = ({ status, doc, headers }) => {
  const retry = headers.find(([name]) => name === 'retry-after')?.[1];
  return {
    title: words.status[status] ?? (status >= 500 ? words.serverFault : doc?.title ?? `${status}`),
    detail: doc?.detail ?? '',
    faults: doc?.violations ?? [],
    requestId: doc?.requestId,
    retry: retry && words.retryAfter(retry),
  };
};

const waiting = [];
let running = 0;
const next = () => {
  if (running >= 4 || waiting.length === 0) return;
  running += 1;
  const { url, done } = waiting.shift();
  get(url, { quiet: true }).then(done, () => {}).finally(() => { running -= 1; next(); });
};

/** Reads a resource when it is its turn: of those that are not urgent, four are read at once. */
export const getLater = (url) => new Promise((done) => { waiting.push({ url, done }); next(); });

/** Forgets what waits to be read, because its page is left. */
export const forgetLater = () => { waiting.length = 0; };
