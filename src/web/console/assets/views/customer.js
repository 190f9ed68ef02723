// A customer: where everything of it is, and how much it stores.
import { el } from '../dom.js';
import { headOf, sectionsOf } from '../generic.js';
import { storageOf } from './storage.js';

/** Shows a customer. */
export const view = (page) => {
  const described = page.vocabulary.class(page.className);
  const [leads, ...others] = sectionsOf(page, ['storage']);
  return [headOf(page, { actions: page.actions }), described.description ? el('p', { class: 'lede' }, described.description) : undefined,
    leads, storageOf(page, page.doc.storage), ...others];
};
