// A sheet beside the page, for forms and for what is shown once.
import { button, el, freshId } from './dom.js';
import { words } from './words.js';

/** Opens a sheet beside the page; it is closed by Escape too. */
export const sheet = (title, ...content) => {
  const heading = freshId('sheet');
  const dialog = el('dialog', { class: 'sheet', 'aria-labelledby': heading },
    el('div', { class: 'sheet-head' }, el('h2', { id: heading, tabindex: '-1' }, title),
      button(words.operation.close, () => dialog.close(), { class: 'quiet' })), ...content);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};

/** Returns the summary of what is wrong, which takes focus. */
export const summaryOf = (title, faults, fields) => {
  const element = el('div', { class: 'summary', tabindex: '-1', role: 'alert' }, el('p', {}, el('strong', {}, title)),
    faults.length ? el('ul', {}, faults.map((fault) => {
      const field = fields?.fieldFor(fault);
      return el('li', { dir: 'auto' }, field
        ? el('a', { href: `#${field.id}`, onclick: (event) => { event.preventDefault(); document.getElementById(field.id).focus(); } },
          fault.message)
        : fault.message);
    })) : undefined);
  return element;
};
