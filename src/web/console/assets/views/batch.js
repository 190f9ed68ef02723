// Batches: how far they are, what failed and why. It moves by itself while the page is seen, until the batch is done.
import { getLater } from '../api.js';
import { announce, el, link, redraw } from '../dom.js';
import { follow } from '../follow.js';
import { headOf, sectionsOf, valueOf } from '../generic.js';
import { moment, span } from '../time.js';
import { nameOf, number, words } from '../words.js';

const w = words.batch;

const isDone = (batch) => batch.finished !== undefined;
const shareOf = ({ count, completed = 0, errors = 0 }) => (count ? Math.floor(((completed + errors) / count) * 100) : 100);

/** Returns how far a batch is in words. */
export const progressText = ({ count = 0, completed = 0, errors = 0 }) =>
  w.progress(number(completed + errors), number(count), errors);

/** Returns a bar of what is done, failed and left; the words beside it say the same. */
export const barOf = (batch) => {
  const { count = 0, completed = 0, errors = 0 } = batch;
  const part = (kind, amount) => {
    const element = el('i', { class: kind });
    element.style.flexGrow = `${amount}`;
    return amount ? element : undefined;
  };
  const left = Math.max(0, count - completed - errors);
  return el('span', { class: 'bar-of', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': `${count}`,
    'aria-valuenow': `${completed + errors}`, 'aria-label': progressText(batch) },
  part('done', count ? completed : 1), part('wrong', errors), part('left', left));
};

/** Shows what failed, by message, once that is read; until then, what failed before stands there. */
const showErrors = async (page, batch, place) => {
  if (!batch.errors || !batch.errorImages) { place.replaceChildren(); return; }
  const section = (...children) => el('section', {}, el('h2', {}, w.failed), el('div', { class: 'errors' }, children));
  if (!place.hasChildNodes()) place.append(section(el('p', { class: 'faint' }, words.loading)));
  const { doc } = await getLater(batch.errorImages);
  const failed = doc?.member ?? [];
  const groups = new Map();
  for (const image of failed) groups.set(image.error, [...(groups.get(image.error) ?? []), image]);
  const group = ([error, images]) => el('div', { class: 'group' },
    el('p', { class: 'message' }, '⚠ ', el('span', { dir: 'auto' }, error), ' ',
      el('span', { class: 'count' }, w.images(images.length))),
    el('ul', { class: 'chips' }, images.slice(0, 50).map((image) => el('li', {}, link(image['@id'], nameOf(image))))));
  const rest = batch.errors > failed.length
    ? el('p', {}, w.first(number(failed.length), number(batch.errors)), ' ', link(batch.errorImages, w.allErrors)) : undefined;
  redraw(place, [section([...groups].map(group), rest)]);
};

const timesOf = (batch) => {
  const parts = [];
  if (batch.submitted) parts.push([w.submitted, moment(batch.submitted)]);
  if (isDone(batch)) parts.push([w.finished,
    [moment(batch.finished), batch.submitted ? ` (${w.after(span(batch.submitted, batch.finished))})` : '']]);
  else if (batch.estCompletion) parts.push([w.estimated, moment(batch.estCompletion)]);
  return el('dl', { class: 'fields' }, parts.map(([term, value]) => [el('dt', {}, term), el('dd', {}, value)]));
};

/** Which of its numbers a batch tells of the collections that it leads to. */
const COUNTED = { completedImages: 'completed', errorImages: 'errors' };

/** Has the counts beside the links move with the bar; once the batch is done, they are read again, for images may have been deleted. */
const recount = (sections, batch) => {
  for (const count of sections.flatMap((section) => [...section.querySelectorAll('.count[data-of]')])) {
    const told = batch[COUNTED[count.dataset.of]];
    if (isDone(batch)) count.dispatchEvent(new Event('renew'));
    else if (told !== undefined && count.textContent) count.textContent = number(told);
  }
};

/** Shows a batch. */
export const view = (page) => {
  const live = el('section', { class: 'progress', 'aria-label': w.title });
  const failed = el('div', {});
  let told = shareOf(page.doc);
  let errors = -1;
  const draw = (batch) => {
    live.replaceChildren(barOf(batch), el('p', { class: 'big' }, progressText(batch)), timesOf(batch));
    if (batch.errors !== errors) showErrors(page, batch, failed);
    errors = batch.errors;
    const share = shareOf(batch);
    if (Math.floor(share / 10) > Math.floor(told / 10) || (isDone(batch) && told < 100)) announce(progressText(batch));
    told = share;
  };
  draw(page.doc);
  const sections = sectionsOf(page, ['id', 'count', 'completed', 'errors', 'submitted', 'finished', 'estCompletion']);
  const seen = (batch) => { draw(batch); recount(sections, batch); };
  follow(page, page.doc, { seen, done: isDone });
  return [headOf(page, { actions: page.actions }), live, failed, ...sections];
};

/** Returns batches as a table with bars. */
export const table = (page, members, { heading }) => {
  const named = (name) => page.vocabulary.property('Batch', name) ?? { name, range: [], operations: [] };
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words.collection.members }, el('table', {},
    el('caption', { class: 'unseen' }, page.title),
    el('thead', {}, el('tr', {}, heading({ ...named('id'), range: [] }), el('th', { scope: 'col' }, w.title),
      ['submitted', 'finished'].map((name) => heading(named(name))))),
    el('tbody', {}, members.map((batch) => el('tr', {}, el('th', { scope: 'row' }, link(batch['@id'], w.one(batch.id))),
      el('td', { class: 'wide' }, barOf(batch), ' ', progressText(batch)),
      ['submitted', 'finished'].map((name) => el('td', {}, batch[name] ? valueOf(batch[name], named(name)) : '')))))));
};
