// How much is stored, and how much of what may be stored that is.
import { getLater, isGood } from '../api.js';
import { el, link } from '../dom.js';
import { headOf, sectionsOf } from '../generic.js';
import { moment } from '../time.js';
import { bytes, nameOf, number, words } from '../words.js';

const w = words.storage;
/** Each with the member of the policy that bounds it, and how it is written. */
const MEASURES = [
  ['numberOfStoredImages', 'maximumNumberOfStoredImages', w.images, number],
  ['totalSizeOfStoredImages', 'maximumTotalSizeOfStoredImages', w.originals, bytes],
];

/** Returns a bar of the share that is used. */
const meterOf = (label, stored, bound, text) => {
  const [used, most] = [Number(stored), Number(bound)];
  const share = most > 0 ? Math.min(1, used / most) : 1;
  const part = (kind, amount) => {
    const element = el('i', { class: kind });
    element.style.flexGrow = `${amount}`;
    return element;
  };
  return el('span', { class: 'bar-of', role: 'meter', 'aria-label': label, 'aria-valuemin': '0', 'aria-valuemax': `${most}`,
    'aria-valuenow': `${Math.min(used, most)}`, 'aria-valuetext': text },
    part(share >= 0.9 ? 'wrong' : 'done', share), part('left', 1 - share));
};

/** Returns what is stored beside what may be; without a policy, what is stored. */
const metersOf = (storage, policy) =>
  el('div', { class: 'meters' }, MEASURES.filter(([used]) => storage[used] !== undefined).map(([used, most, label, write]) => {
  const isBound = policy?.[most] !== undefined;
  const text = isBound ? w.of(write(storage[used]), write(policy[most])) : write(storage[used]);
  return el('div', { class: 'meter' }, el('span', {}, label), isBound ? meterOf(label, storage[used], policy[most], text) : undefined,
    el('span', { class: 'much' }, text));
}), storage.totalSizeOfThumbnails === undefined ? undefined
  : el('div', { class: 'meter' }, el('span', {}, w.derived), policy ? el('span', {}) : undefined,
    el('span', { class: 'much' }, bytes(storage.totalSizeOfThumbnails))));

const policyOf = async (storage) => {
  const address = storage.storagePolicy?.['@id'] ?? storage.storagePolicy;
  const exchange = address ? await getLater(address) : undefined;
  return exchange && isGood(exchange) ? exchange.doc : undefined;
};

/** Returns the section of a page that says how much is stored; its room is kept until it is known. */
export const storageOf = (page, address) => {
  if (!address) return undefined;
  const body = el('div', { class: 'meters' });
  body.style.minHeight = '5.4rem';
  getLater(address).then(async (exchange) => {
    if (!isGood(exchange) || page.signal.aborted) return;
    body.replaceChildren(...metersOf(exchange.doc, await policyOf(exchange.doc)).childNodes);
  });
  return el('section', {}, el('h2', {}, link(address, w.title)), body);
};

/** Shows how much is stored. */
export const view = (page) => {
  const { doc } = page;
  const meters = el('section', { 'aria-label': w.title }, metersOf(doc));
  const under = el('p', { class: 'faint' });
  policyOf(doc).then((policy) => {
    if (page.signal.aborted) return;
    if (policy) {
      meters.replaceChildren(metersOf(doc, policy));
      under.append(w.policy, ' ', link(policy['@id'], nameOf(policy)), '. ');
    } else under.append(w.noPolicy, ' ');
    if (doc.lastCalculated) under.append(w.changed, ' ', moment(doc.lastCalculated), '.');
  });
  return [headOf(page, { actions: page.actions }), meters, under,
    ...sectionsOf(page, [...MEASURES.map(([name]) => name), 'totalSizeOfThumbnails', 'lastCalculated', 'storagePolicy'])];
};
