// A space: how many images it holds, the first of them, its defaults.
import { getLater, isGood } from '../api.js';
import { button, el, link } from '../dom.js';
import { headOf, sectionsOf } from '../generic.js';
import { words } from '../words.js';
import { grid } from './images.js';

const w = words.space;
const SHOWN = 12;

/** Shows a space. */
export const view = (page) => {
  const { doc } = page;
  const pictures = el('section', { class: 'preview', 'aria-label': w.images });
  getLater(`${doc.images}?pageSize=${SHOWN}`).then((exchange) => {
    if (!isGood(exchange) || page.signal.aborted) return;
    const { member = [], totalItems, totalItemsEstimated } = exchange.doc;
    const count = w.count(totalItems, words.items(totalItems, totalItemsEstimated));
    pictures.replaceChildren(el('h2', {}, link(doc.images, count)),
      member.length ? grid({ ...page, selection: undefined }, member) : el('p', { class: 'faint' }, words.collection.empty),
      totalItems > member.length ? el('p', {}, link(doc.images, w.all)) : '');
  });
  pictures.append(el('h2', {}, link(doc.images, w.images)), el('div', { class: 'reserve' }));
  const add = button(words.register.button, async () => {
    const { queueOf, register } = await import('./register.js');
    register(page, await queueOf(page.url.split(/[?#]/)[0].replace(/\/spaces\/[^/]+$/, '')), doc.id);
  }, { class: 'main' });
  const mayWrite = (doc['hydra:operation'] ?? []).length > 0;
  return [headOf(page, { actions: [...(mayWrite ? [add] : []), ...page.actions] }), pictures, ...sectionsOf(page, ['id', 'name'])];
};
