// A sheet beside the page, for forms and for what is shown once.
import { button, el, freshId } from './dom.js';
import { words } from './words.js';

/** Opens a sheet beside the page; it is closed by Escape too. */
export const sheet = (title, ...content) => {
  const heading = freshId('sheet');
  const dialog = el('dialog', { class: 'sheet', 'aria-labelledby': heading },
    el('div', { class: 'sheet-head' }, el('h2', { id: heading, tabindex: '-1' }, title), button(words.operation.close, () => dialog.close(), { class: 'quiet' })), ...content);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};
