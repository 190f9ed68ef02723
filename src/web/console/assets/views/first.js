// The root, for somebody who is not logged in and for everybody else: what this is, and where to begin.
import { base } from '../api.js';
import { el, link } from '../dom.js';
import { headOf, sectionsOf } from '../generic.js';
import { form, me } from '../session.js';
import { words } from '../words.js';

export const view = (page) => {
  const w = words.first;
  const entry = me === null ? form(() => location.assign(page.target ?? `${base}/`)) : undefined;
  return [headOf(page, { title: words.brand }),
    el('p', { class: 'lede' }, w.what),
    el('div', { class: entry ? 'beside' : '' }, el('div', {}, ...sectionsOf(page)), entry),
    el('p', { class: 'faint' }, link(page.vocabulary.address, w.vocabulary), ' · ', el('a', { href: `${base}/openapi.json` }, w.openapi))];
};
