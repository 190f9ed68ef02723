// The root, for somebody who is not logged in and for everybody else: what this is, and where to begin.
import { base } from '../api.js';
import { el, link } from '../dom.js';
import { headOf, sectionsOf } from '../generic.js';
import { form } from '../login.js';
import { ask, me } from '../session.js';
import { words } from '../words.js';

export const view = (page) => {
  const w = words.first;
  // Who has one customer only wants to see that.
  const done = async () => { await ask(); return me && !me.administrator ? page.go(me.customer) : page.reload(); };
  const entry = me ? undefined : form(done);
  // What is counted for visitors is refused.
  page.isCounted = Boolean(me);
  return [headOf(page, { title: words.brand, kind: null }),
    el('p', { class: 'lede' }, w.what),
    el('div', { class: entry ? 'beside' : '' }, el('div', {}, ...sectionsOf(page)), entry),
    el('p', { class: 'faint' }, link(page.vocabulary.address, w.vocabulary), ' · ', el('a', { href: `${base}/openapi.json` }, w.openapi))];
};
