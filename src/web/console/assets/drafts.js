// What was entered and not sent, kept for as long as the browser's tab lives. What is secret is not kept.
import { parse, write } from './json.js';

const keyOf = (method, url) => `draft ${method} ${url}`;

/** Drafts of forms, kept for as long as the browser's tab lives; what is secret is not kept. */
export const drafts = {
  /** Keeps what was entered, and what it was entered over: `doc`, with its tag. */
  keep: (method, url, body, { doc, etag }) => {
    try { sessionStorage.setItem(keyOf(method, url), write({ body, doc, etag })); } catch { /* It is lost when the sheet is closed. */ }
  },
  read: (method, url) => { try { return parse(sessionStorage.getItem(keyOf(method, url))); } catch { return null; } },
  drop: (method, url) => sessionStorage.removeItem(keyOf(method, url)),
};
