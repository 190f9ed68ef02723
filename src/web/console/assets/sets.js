// A set of references, which is changed as a whole: all of its pages are read before it is, so that nothing on another page is lost.
import { get, isGood, problemOf, send } from './api.js';
import { button, el, freshId, single } from './dom.js';
import { draftNote, dropDraft, keepDraft, readDraft } from './drafts.js';
import { sheet, summaryOf } from './sheet.js';
import { nameOf, words } from './words.js';

const w = words.operation;

/** Reads all members of a collection; `tag` is that of its first page, by which the service judges whether it is another since. */
const readAll = async (address) => {
  let [members, tag] = [[], undefined];
  for (let next = address; next;) {
    const exchange = await get(next, { quiet: true });
    if (!isGood(exchange)) return { exchange };
    tag ??= exchange.etag;
    members = [...members, ...exchange.doc.member ?? []];
    next = exchange.doc.view?.next;
  }
  return { members, tag };
};

/** Opens the sheet in which a set is changed; `finish` is called with what the service answered. */
export const changeSet = async (operation, address, finish) => {
  const place = el('div', {});
  const list = el('textarea', { id: freshId('set'), rows: 10, spellcheck: 'false', disabled: true });
  const say = (exchange) => {
    const { title, detail, faults } = problemOf(exchange);
    const summary = summaryOf(title, faults.length ? faults : [{ message: detail }]);
    place.replaceChildren(summary, ...(exchange.status === 412 ? [draftNote(anew)] : []));
    summary.focus();
  };
  const anew = () => {
    dropDraft('set', address);
    dialog.close();
    changeSet(operation, address, finish);
  };
  let tag;
  const submit = single(async () => {
    const member = list.value.split('\n').map((line) => line.trim()).filter(Boolean);
    const exchange = await send('POST', address, { body: { member }, etag: tag });
    if (!isGood(exchange)) return say(exchange);
    dropDraft('set', address);
    return finish(exchange, dialog);
  });
  const start = el('button', { type: 'submit', class: 'main', disabled: true }, w.save);
  const dialog = sheet(operation.label, el('form', { onsubmit: submit }, place,
    el('div', { class: 'field' }, el('label', { for: list.id }, w.set), list, el('p', { class: 'about' }, w.setExplained)),
    el('div', { class: 'actions bottom' }, start, button(w.cancel, () => dialog.close()))));
  const draft = readDraft('set', address);
  const read = draft ? undefined : await readAll(address);
  if (read?.exchange) return say(read.exchange);
  // What was entered before was entered over what was read then.
  tag = draft ? draft.tag : read.tag;
  list.value = draft?.text ?? read.members.map((one) => one.id ?? nameOf(one)).join('\n');
  if (draft) place.append(draftNote(anew));
  list.addEventListener('input', () => keepDraft('set', address, { text: list.value, tag }));
  [list.disabled, start.disabled] = [false, false];
  return list.focus();
};
