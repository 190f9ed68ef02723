// Another file in the place of an image's original: sent, and named as its origin, so that the image is made anew.
import { customerOf, get, isGood, problemOf } from '../api.js';
import { chosen, takeDropsOf } from '../drop.js';
import { announce, button, el, freshId } from '../dom.js';
import { beforeLeaving } from '../leaving.js';
import { sheet, summaryOf } from '../sheet.js';
import { sendOver } from '../stale.js';
import { Upload, mostOf, sendAll } from '../uploads.js';
import { nameOf, words } from '../words.js';
import { examine, lineOf } from './files.js';

const w = words.register.replace;

/** Opens the sheet in which another file is sent for an image; `files`: those that were dropped on its page. */
export const replace = async (page, dropped = []) => {
  const place = el('div', {});
  const input = el('input', { type: 'file', id: freshId('file') });
  const list = el('ul', { class: 'files' });
  let [upload, tag] = [undefined, page.exchange.etag];
  const say = (title, faults = []) => {
    const summary = summaryOf(title, faults);
    place.replaceChildren(summary);
    summary.focus();
  };
  const allow = () => { start.disabled = !upload || upload.isHopeless || ['sending', 'pausing'].includes(upload.state); };
  const take = async (files) => {
    if (files.length === 0) return;
    if (files.length > 1) { say(w.several); return; }
    const exchange = await get(customerOf(page.url), { quiet: true });
    if (!isGood(exchange)) { say(problemOf(exchange).title); return; }
    const { uploads } = exchange.doc;
    place.replaceChildren();
    upload?.pause();
    upload = new Upload(files[0].file, { uploads, path: files[0].path });
    list.replaceChildren(lineOf(upload, () => { upload.cancel(); upload = undefined; list.replaceChildren(); input.focus(); allow(); }));
    await examine(upload, await mostOf(uploads));
    allow();
    if (!upload.isHopeless) start.focus();
  };
  const run = async () => {
    start.disabled = true;
    place.replaceChildren();
    await beforeLeaving(() => sendAll([upload]));
    allow();
    if (!dialog.open || upload?.state !== 'done') return;
    const { exchange, now } = await sendOver('PATCH', page.url.split(/[?#]/)[0], { page, body: { origin: upload.address }, etag: tag });
    if (isGood(exchange)) {
      upload.used();
      isUsed = true;
      announce(words.operation.done);
      dialog.close();
      page.reload();
      return;
    }
    const { title, detail, faults } = problemOf(exchange);
    if (exchange.status === 412) tag = now.etag ?? tag;
    say(exchange.status === 412 ? w.changed : title, exchange.status === 412 ? [] : faults.length ? faults : [{ message: detail }]);
  };
  let isUsed = false;
  const start = button(w.start, run, { class: 'main', disabled: true });
  const dialog = sheet(w.title, el('div', { class: 'form-fields' }, place, el('p', { class: 'about' }, w.explain(nameOf(page.doc))),
    el('div', { class: 'field' }, el('label', { for: input.id }, w.file), input), list,
    el('div', { class: 'actions bottom' }, start, button(words.operation.close, () => dialog.close()))));
  input.addEventListener('change', async () => { const files = chosen(input); input.value = ''; await take(files); });
  takeDropsOf(dialog, take);
  // What was begun goes on when the same file is chosen again.
  dialog.addEventListener('close', () => { if (!isUsed) upload?.pause(); });
  input.focus();
  await take(dropped);
};
