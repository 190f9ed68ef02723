// The queue: what waits, and the batches under way.
import { get, isGood } from '../api.js';
import { button, el, link, redraw } from '../dom.js';
import { takeDrops } from '../drop.js';
import { follow } from '../follow.js';
import { headOf, sectionsOf } from '../generic.js';
import { moment } from '../time.js';
import { number, words } from '../words.js';
import { barOf, progressText } from './batch.js';

const w = words.queue;

/** Shows a queue. */
export const view = (page) => {
  const live = el('section', { class: 'progress', 'aria-label': w.waiting });
  const batches = el('div', { class: 'batches' });
  const draw = async (queue) => {
    const waits = queue.imagesWaiting ?? queue.size ?? 0;
    const inBatches = queue.batchesWaiting === undefined ? '' : w.batches(number(queue.batchesWaiting));
    live.replaceChildren(el('p', { class: 'big' }, w.images(number(waits)), inBatches),
      queue.estCompletion ? el('p', {}, `${words.batch.estimated}: `, moment(queue.estCompletion)) : '');
    if (!queue.active) return;
    const exchange = await get(queue.active, { quiet: true, signal: page.signal }).catch(() => undefined);
    if (!exchange || !isGood(exchange)) return;
    redraw(batches, (exchange.doc.member ?? []).map((batch) => el('p', { class: 'line' },
      link(batch['@id'], words.batch.one(batch.id)), ' ', barOf(batch), ' ', progressText(batch))));
  };
  draw(page.doc);
  follow(page, page.doc, { seen: draw, done: (queue) => !(queue.imagesWaiting ?? queue.size) });
  const open = async (files) => {
    const { register } = await import('./register.js');
    register(page, page.url.split(/[?#]/)[0], { files });
  };
  const add = button(words.register.button, () => open([]), { class: 'main' });
  const mayWrite = (page.doc['hydra:operation'] ?? []).length > 0;
  if (mayWrite) takeDrops(page, words.register.dropQueue, open);
  return [headOf(page, { actions: [...(mayWrite ? [add] : []), ...page.actions] }), live, batches,
    ...sectionsOf(page, ['size', 'batchesWaiting', 'imagesWaiting', 'estCompletion'])];
};
