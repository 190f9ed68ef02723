// A change or deletion of many images: how far it is, until it is done.
import { announce, el, link } from '../dom.js';
import { follow } from '../follow.js';
import { headOf, sectionsOf, valueOf } from '../generic.js';
import { moment, span } from '../time.js';
import { number, words } from '../words.js';
import { barOf, progressText } from './batch.js';

const w = words.job;
const isDone = (job) => job.finished !== undefined;

/** Returns what a job does, in words. */
const titleOf = ({ action, count }) => (w.titles[action] ?? w.titles.other)(number(count ?? 0));

/** Returns the state of a job in words. */
const stateOf = (job) => {
  if (job.error) return el('p', { class: 'failed', dir: 'auto' }, `⚠ ${job.error}`);
  if (job.cancelled) return el('p', {}, w.cancelled);
  return undefined;
};

/** Shows a job. */
export const view = (page) => {
  const live = el('section', { class: 'progress', 'aria-label': words.batch.title });
  const failed = el('div', {});
  const draw = (job) => {
    live.replaceChildren(...[barOf(job), el('p', { class: 'big' }, progressText(job)), stateOf(job),
      el('dl', { class: 'fields' }, el('dt', {}, w.asked), el('dd', {}, moment(job.created)),
        isDone(job) ? [el('dt', {}, words.batch.finished),
          el('dd', {}, moment(job.finished), ` (${words.batch.after(span(job.created, job.finished))})`)] : '')].filter(Boolean));
    failed.replaceChildren(...(job.messages?.length ? [el('section', {}, el('h2', {}, words.batch.failed),
      el('ul', {}, job.messages.map((message) => el('li', { class: 'message', dir: 'auto' }, message))))] : []));
  };
  draw(page.doc);
  follow(page, page.doc, { done: isDone, seen: (job) => {
    draw(job);
    // What can be done with it is another thing now.
    if (isDone(job)) { announce(progressText(job)); page.reload(); }
  } });
  return [headOf(page, { title: titleOf(page.doc), actions: page.actions }), live, failed,
    ...sectionsOf(page, ['id', 'action', 'count', 'completed', 'errors', 'messages', 'created', 'finished', 'error', 'cancelled'])];
};

/** Returns jobs as a table with bars. */
export const table = (page, members, { heading }) => {
  const named = (name) => page.vocabulary.property('Job', name) ?? { name, range: [], operations: [] };
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': words.collection.members }, el('table', {},
    el('caption', { class: 'unseen' }, page.title),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, w.what), el('th', { scope: 'col' }, words.batch.title),
      ['created', 'finished'].map((name) => heading(named(name))))),
    el('tbody', {}, members.map((job) => el('tr', {}, el('th', { scope: 'row' }, link(job['@id'], titleOf(job))),
      el('td', { class: 'wide' }, barOf(job), ' ', progressText(job)),
      ['created', 'finished'].map((name) => el('td', {}, job[name] ? valueOf(job[name], named(name)) : '')))))));
};
