// What was entered and not sent, kept for as long as the browser's tab lives. What is secret is not kept.
import { button, el } from './dom.js';
import { parse, write } from './json.js';
import { words } from './words.js';

const w = words.operation;
const keyOf = (kind, address) => `draft ${kind} ${address}`;

/** Keeps what was entered: `draft`, an object without secrets. `kind`: what it was entered for at this address, such as a method. */
export const keepDraft = (kind, address, draft) => {
  try { sessionStorage.setItem(keyOf(kind, address), write(draft)); } catch { /* It is lost when the sheet is closed. */ }
};

/** Returns what was kept, if anything was. */
export const readDraft = (kind, address) => {
  try { return parse(sessionStorage.getItem(keyOf(kind, address))) ?? undefined; } catch { return undefined; }
};

/** Forgets what was kept. */
export const dropDraft = (kind, address) => sessionStorage.removeItem(keyOf(kind, address));

/** Tells that what is shown was entered before; `forget` begins anew. */
export const draftNote = (forget) => el('p', { class: 'note' }, w.draft, ' ', button(w.forget, forget, { class: 'quiet' }));

/** Returns the names of members of a class that are written and never read. */
export const secretsOf = (of, vocabulary) => new Set([...vocabulary.class(of).properties.values()]
  .filter(({ readable }) => !readable).map(({ name }) => name));

/** Returns JSON without the members of these names, wherever they are in it. */
export const withoutSecrets = (value, secrets) => {
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const open = Object.entries(value).filter(([name]) => !secrets.has(name));
  return Object.fromEntries(open.map(([name, one]) => [name, withoutSecrets(one, secrets)]));
};
