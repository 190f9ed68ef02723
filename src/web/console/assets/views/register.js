// Images from files, addresses or a table: read, shown with what is wrong with them, and sent in batches once that is confirmed.
import { get } from '../api.js';
import { chosen, takeDropsOf } from '../drop.js';
import { announce, button, el, freshId, link } from '../dom.js';
import { draftNote, dropDraft, keepDraft, readDraft } from '../drafts.js';
import { beforeLeaving } from '../leaving.js';
import { sheet } from '../sheet.js';
import { suggest } from '../suggest.js';
import { read, refusedCsv, textOf } from '../table.js';
import { Stopped } from '../uploads.js';
import { nameOf, number, words } from '../words.js';
import { Files } from './files.js';
import { freshMark, previewOf, sendRows } from './rows.js';

const w = words.register;

const isTable = ({ name, type }) => /\.(csv|tsv|txt)$/i.test(name) || /^text\/(csv|plain|tab-separated-values)$/.test(type);

/** Returns the field in which the space is told to which images go, and how to read it. */
const spaceField = (page, changed) => {
  const input = el('input', { id: freshId('space'), inputmode: 'numeric', autocomplete: 'off', oninput: changed });
  const fault = el('p', { class: 'fault', id: `${input.id}-fault` });
  input.setAttribute('aria-describedby', fault.id);
  const offered = el('ul', { class: 'chips offered' });
  const choose = (space) => { input.value = `${space.id}`; changed(); };
  suggest('Space', page).then(({ members }) => offered.replaceChildren(...members.map((space) => el('li', {},
    button(nameOf(space), () => choose(space), { class: 'quiet' })))));
  const mark = (text) => {
    fault.textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true'); else input.removeAttribute('aria-invalid');
  };
  return {
    element: el('div', { class: 'field' }, el('label', { for: input.id }, w.space), input, offered, fault),
    read: () => (/^\d+$/.test(input.value.trim()) ? Number(input.value) : undefined),
    ask: () => { mark(w.whichSpace); input.focus(); },
    mark,
  };
};

/**
 * Opens the sheet in which images are registered. `given`: the number of the space that they go to, where that is not asked;
 * `files`: those that were dropped.
 */
export const register = async (page, queue, { space: given, files: dropped = [] } = {}) => {
  const placeholder = 'https://example.org/page-1.jpg';
  const text = el('textarea', { id: freshId('rows'), rows: 7, spellcheck: 'false', placeholder });
  const file = el('input', { type: 'file', id: freshId('file'), multiple: true });
  const preview = el('div', { class: 'form-fields' });
  const bar = el('div', {});
  let table = { rows: [], unknown: [] };
  let isRunning = false;
  const sent = { mark: freshMark() };
  const isOver = () => !dialog.open;
  const hasRows = () => table.rows.some(({ faults, isSent }) => faults.length === 0 && !isSent);
  const allow = () => { start.disabled = isRunning || (!hasRows() && !files.sendable().length); };
  const files = new Files(queue, () => {
    allow();
    if (!isRunning && document.activeElement === document.body) file.focus();
  });
  const show = () => {
    table = read(text.value, field ? field.read() : given);
    preview.replaceChildren(...(text.value.trim() ? previewOf(table) : []));
    allow();
  };
  const kept = `${queue} ${given ?? ''}`;
  /** Keeps what was entered until some of it is registered. */
  const keep = () => (text.value.trim() ? keepDraft('register', kept, { text: text.value }) : dropDraft('register', kept));
  const field = given === undefined ? spaceField(page, () => { field.mark(''); show(); }) : undefined;
  const fail = (error) => {
    if (!(error instanceof Stopped)) throw error;
    announce(w.stopped(error.message));
    bar.replaceChildren(el('p', { class: 'summary' }, w.stopped(error.message)));
  };
  const take = async (some) => {
    for (const { file: one } of some.filter((each) => isTable(each.file))) {
      const found = await textOf(one).catch(() => undefined);
      bar.replaceChildren(...(found === undefined ? [el('p', { class: 'summary', role: 'alert' }, w.noText(one.name))] : []));
      text.value = found ?? '';
      keep();
      show();
    }
    await files.take(some.filter((each) => !isTable(each.file)), field ? field.read() : given).catch(fail);
  };
  text.addEventListener('input', () => { keep(); show(); });
  file.addEventListener('change', async () => {
    const some = chosen(file);
    file.value = '';
    await take(some);
  });
  const run = async () => {
    const space = field ? field.read() : given;
    if (space === undefined && files.sendable().length) return field.ask();
    isRunning = true;
    allow();
    const tell = (said, share = 1) => {
      if (bar.textContent === said) return;
      bar.replaceChildren(el('p', { class: 'note' }, said));
      // Those who listen hear of each tenth.
      if (Math.floor(share * 10) > heard) announce(said);
      heard = share === 1 ? 0 : Math.floor(share * 10);
    };
    let heard = 0;
    const [batches, wanted] = [[], [...table.rows]];
    const before = [...files.all.map(({ row }) => row), ...wanted].filter((row) => row?.isSent).length;
    let [registered, stopped] = [before, ''];
    const total = () => wanted.length + files.all.filter(({ state }) => state !== 'cancelled').length;
    const sendThem = async (rows) => {
      const good = rows.filter(({ faults, isSent }) => faults.length === 0 && !isSent);
      const count = (more) => {
        if (more) dropDraft('register', kept);
        registered += more;
        tell(w.sent(number(registered), number(total())));
      };
      const more = await sendRows(queue, good, { isOver, tell: count, sheet: sent });
      batches.push(...more.batches);
      stopped = more.stopped;
      return stopped;
    };
    try {
      const unsent = files.all.map(({ row }) => row).filter((row) => row && !row.isSent);
      if (!await sendThem([...wanted, ...unsent])) {
        await files.send(space, wanted.map(({ member }) => member.id), {
          isOver,
          register: sendThem,
          tell: (done, count, sent, size) => tell(w.filesSent(number(done), number(count), w.bytes(sent), w.bytes(size)), sent / size),
        });
      }
    } catch (error) {
      isRunning = false;
      fail(error);
      return allow();
    }
    isRunning = false;
    if (isOver()) return undefined;
    const refused = [...wanted.filter(({ faults }) => faults.length), ...files.settle(space)];
    const done = stopped ? w.stopped(stopped) : w.done(number(total()), number(registered), number(refused.length));
    announce(done);
    // Where nothing is left to be seen here, what becomes of them is.
    if (!stopped && !refused.length && batches.length === 1 && before === 0) {
      isLeft = true;
      dialog.close();
      return page.go(batches[0]['@id']);
    }
    const links = batches.map((batch, n) => [n ? ', ' : '', link(batch['@id'], words.batch.one(batch.id))]);
    const csv = () => URL.createObjectURL(new Blob([refusedCsv(refused)], { type: 'text/csv' }));
    bar.replaceChildren(el('p', { class: stopped ? 'summary' : 'note' }, done), batches.length ? el('p', {}, `${w.batches}: `, links) : '',
      refused.length ? el('a', { download: 'refused.csv', href: csv() }, w.download) : '');
    // What is not sent for now goes on with another press.
    start.disabled = !stopped && !files.sendable().length;
    return undefined;
  };
  const start = button(w.start, () => beforeLeaving(run), { class: 'main', disabled: true });
  const dialog = sheet(w.title, el('div', { class: 'form-fields' }, field?.element,
    el('div', { class: 'field' }, el('label', { for: file.id }, w.file), file, el('p', { class: 'about' }, w.explain)), files.element,
    el('div', { class: 'field' }, el('label', { for: text.id }, w.addresses), text, el('p', { class: 'about' }, w.explainAddresses)),
    preview, bar,
    el('div', { class: 'actions bottom' }, start, button(words.operation.close, () => dialog.close()))));
  takeDropsOf(dialog, take);
  let isLeft = false;
  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('a:not([download])')) return;
    isLeft = true;
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    // What was begun goes on when the same files are chosen again.
    files.all.filter(({ row }) => !row?.isSent).forEach((upload) => upload.pause());
    if (bar.hasChildNodes() && !isLeft) page.reload();
  });
  file.focus();
  const draft = readDraft('register', kept);
  if (draft) {
    text.value = draft.text;
    text.before(draftNote((event) => { event.target.closest('.note').remove(); text.value = ''; keep(); show(); text.focus(); }));
    show();
  }
  if (dropped.length) { await take(dropped); start.focus(); } else await files.showBegun().catch(fail);
};

/** Returns the queue of the customer that a space belongs to, found by links. */
export const queueOf = async (address) => {
  const { doc } = await get(address, { quiet: true });
  return doc?.queue;
};
