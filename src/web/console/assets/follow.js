// What is under way is read again and again while the page is seen: by its entity tag, soon at first, then ever less often, until
// it is done.
import { get, isGood } from './api.js';
import { announce } from './dom.js';
import { words } from './words.js';

/** First and longest time between two readings, in milliseconds, and the longest where nothing changes. */
const [FIRST, LONGEST, LONGEST_UNCHANGED] = [1000, 10000, 30000];

/**
 * Reads an address until `done` says so of what it is, and calls `seen` with each state.
 * `first`: what was read already; `url`, `etag`: of what, where that is not the page's own document.
 */
export const follow = (page, first, { seen, done, url = page.url, etag = page.exchange.etag }) => {
  if (done(first)) return;
  let [wait, tag, timer, isLooking] = [FIRST, etag, undefined, false];
  const next = () => { clearTimeout(timer); timer = setTimeout(look, wait); };
  const look = async () => {
    // A window that is not seen asks for nothing, and looks at once when it is seen again.
    if (document.visibilityState !== 'visible' || isLooking) return;
    isLooking = true;
    const exchange = await get(url, { known: tag, quiet: true, signal: page.signal }).catch(() => undefined);
    isLooking = false;
    // Without a session there is nothing to be seen until somebody asks for the page again.
    if (!exchange || page.signal.aborted || exchange.status === 401) return;
    // Somebody may have deleted it, or the right to see it.
    if ([403, 404, 410].includes(exchange.status)) { stop(); announce(words.status[exchange.status] ?? words.status[404]); return; }
    if (isGood(exchange) && exchange.doc) {
      tag = exchange.etag;
      seen(exchange.doc);
      if (done(exchange.doc)) { stop(); return; }
      wait = Math.min(wait * 1.15, LONGEST);
    } else wait = Math.min(wait * 1.5, LONGEST_UNCHANGED);
    next();
  };
  const ended = new AbortController();
  const stop = () => { clearTimeout(timer); ended.abort(); };
  document.addEventListener('visibilitychange', look, { signal: ended.signal });
  page.signal.addEventListener('abort', stop);
  next();
};
