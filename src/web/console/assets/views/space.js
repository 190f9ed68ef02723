// A space: how many images it holds, the first of them, its defaults.
import { customerOf, getLater, isGood } from '../api.js';
import { begun } from '../begun.js';
import { button, el, link, redraw } from '../dom.js';
import { takeDrops } from '../drop.js';
import { follow } from '../follow.js';
import { headOf, sectionsOf } from '../generic.js';
import { write } from '../json.js';
import { words } from '../words.js';
import { grid, isMoving } from './images.js';
import { storageOf } from './storage.js';

const w = words.space;
const SHOWN = 16;

/** Shows a space. */
export const view = (page) => {
  const { doc } = page;
  const pictures = el('section', { class: 'preview', 'aria-label': w.images });
  const address = `${doc.images}?pageSize=${SHOWN}`;
  let before;
  const draw = ({ member = [], totalItems, totalItemsEstimated }) => {
    const now = write([member, totalItems]);
    if (now === before) return;
    before = now;
    const count = w.count(totalItems, words.items(totalItems, totalItemsEstimated));
    redraw(pictures, [el('h2', {}, link(doc.images, count)),
      member.length ? grid({ ...page, selection: undefined }, member) : el('p', { class: 'faint' }, words.collection.empty),
      totalItems > member.length ? el('p', {}, link(doc.images, w.all)) : undefined]);
  };
  getLater(address).then((exchange) => {
    if (!isGood(exchange) || page.signal.aborted) return;
    draw(exchange.doc);
    follow(page, exchange.doc, { url: address, etag: exchange.etag, seen: draw, done: (list) => !isMoving(list.member ?? []) });
  });
  pictures.append(el('h2', {}, link(doc.images, w.images)), el('div', { class: 'reserve' }));
  const customer = customerOf(page.url);
  const open = async (files) => {
    const { queueOf, register } = await import('./register.js');
    register(page, await queueOf(customer), { space: doc.id, files });
  };
  const add = button(words.register.button, () => open([]), { class: 'main' });
  const mayWrite = (doc['hydra:operation'] ?? []).length > 0;
  if (mayWrite) takeDrops(page, words.register.drop(page.title), open);
  const left = mayWrite ? begun(customer, doc.id).length : 0;
  return [headOf(page, { actions: [...(mayWrite ? [add] : []), ...page.actions] }),
    left ? el('p', { class: 'note' }, words.register.begun(left)) : undefined, pictures, storageOf(page, doc.storage),
    ...sectionsOf(page, ['id', 'name', 'images', 'storage'])];
};
