// Changes of what was read before: they hold for what it is now, where nothing is another thing that people write.
import { get, isGood, send } from './api.js';
import { el } from './dom.js';
import { isNumber, write } from './json.js';
import { humanise, number, words } from './words.js';

const w = words.form;

/** Times that a change is sent again, at most. */
const REPEATS = 4;

/** Returns the names of the members of two documents that are not the same in both. */
const differing = (before, now) => Object.keys({ ...before, ...now })
  .filter((name) => /^[a-z]/i.test(name) && !name.startsWith('hydra:') && write(before[name]) !== write(now[name]));

/** Returns whether nothing differs but what the service itself writes, as far as that can be seen. */
const isAsRead = ({ className, vocabulary }, body, before, now) => {
  const propertyOf = (name) => vocabulary.property(className, name);
  // Whether a password is another now is not told.
  const isSeen = Object.keys(body ?? {}).every((name) => propertyOf(name)?.readable);
  return isSeen && differing(before, now).every((name) => propertyOf(name)?.writable === false);
};

/**
 * Sends a change of a page's resource that must be as it was read: `doc` with the tag `etag`. Where members are others that only the
 * service writes, such as those of an image that was processed meanwhile, it is sent again.
 *
 * Returns `{exchange, now}`: `now` is what it is, read where the change was refused because of that.
 */
export const sendOver = async (method, target, { page, body, doc = page.doc, etag = page.exchange.etag }) => {
  for (let [tag, repeat] = [etag, 0]; ; repeat += 1) {
    const exchange = await send(method, target, { body, etag: tag });
    if (exchange.status !== 412) return { exchange };
    const now = await get(page.url, { quiet: true });
    const isNew = isGood(now) && now.doc && now.etag && now.etag !== tag;
    if (repeat === REPEATS || !isNew || !isAsRead(page, body, doc, now.doc)) return { exchange, now };
    tag = now.etag;
  }
};

const shown = (value) => {
  if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '–';
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value === 'object') return write(value);
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  return isNumber(value) ? number(value) : `${value}`;
};

/** Returns what somebody else changed meanwhile beside what is to be sent, and a way to send it again. */
export const conflictOf = ({ now, body, initial, again, discard }) => {
  const others = new Set(differing(initial, now.doc));
  const names = Object.keys({ ...initial, ...now.doc }).filter((name) => /^[a-z]/i.test(name) && (name in body || others.has(name)));
  const element = el('div', { class: 'conflict', tabindex: '-1' }, el('h3', {}, words.status[412]), el('p', {}, w.conflict),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': w.compare },
      el('table', {}, el('thead', {}, el('tr', {}, el('td', {}),
        [w.yours, w.loaded, w.now].map((label) => el('th', { scope: 'col' }, label)))),
      el('tbody', {}, names.map((name) => el('tr', { class: others.has(name) ? 'changed' : undefined },
        el('th', { scope: 'row' }, humanise(name)),
        [name in body ? body[name] ?? undefined : initial[name], initial[name], now.doc[name]].map((value, index) => el('td', {
          dir: 'auto', class: (index === 0 && name in body) || (index === 2 && others.has(name)) ? 'strong' : undefined,
        }, shown(value)))))))),
    el('div', { class: 'actions' }, el('button', { type: 'button', class: 'main', onclick: again }, w.again),
      el('button', { type: 'button', onclick: discard }, w.reload)));
  return element;
};
