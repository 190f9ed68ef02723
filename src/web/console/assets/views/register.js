// Images from addresses or a table: read, shown with faults by line, and sent in batches once that is confirmed.
import { get, isGood, problemOf, send } from '../api.js';
import { announce, button, el, freshId, link } from '../dom.js';
import { sheet } from '../sheet.js';
import { read, refusedCsv } from '../table.js';
import { number, words } from '../words.js';

const w = words.register;
const SIZE = 100;
const PREVIEW = 100;
const COLUMNS = ['id', 'origin', 'label', 'string1', 'number1', 'tags'];

/** Returns the key under which a batch is sent once, however often it is sent. */
const keyOf = async (text) => {
  const hash = await crypto.subtle?.digest('SHA-256', new TextEncoder().encode(text));
  return hash && `"console-${[...new Uint8Array(hash)].slice(0, 16).map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
};

/** Sends rows as one batch. Rows that are refused get the reasons, and the others are sent without them. */
const sendRows = async (queue, rows) => {
  for (let left = rows; left.length;) {
    const body = { '@type': 'Collection', member: left.map(({ member }) => member) };
    const key = await keyOf(JSON.stringify(body));
    const exchange = await send('POST', queue, { body, quiet: true, headers: key ? { 'idempotency-key': key } : {} });
    if (isGood(exchange)) return { batch: exchange.doc, registered: left.length };
    const { title, detail, faults } = problemOf(exchange);
    if (exchange.status !== 400) return { stopped: [title, detail].filter(Boolean).join(' '), registered: 0, left };
    const refused = new Set();
    for (const { propertyPath = '', pointer = '', message } of faults) {
      const index = Number(/member\[(\d+)\]/.exec(propertyPath)?.[1] ?? /\/member\/(\d+)/.exec(pointer)?.[1] ?? NaN);
      if (left[index]) { left[index].faults.push(message); refused.add(index); }
    }
    if (refused.size === 0) { left.forEach((row) => row.faults.push(detail || title)); return { registered: 0 }; }
    left = left.filter((_, index) => !refused.has(index));
  }
  return { registered: 0 };
};

/** Returns the beginning of a text: a table of very long ones is of no use, and slow to lay out. */
const brief = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

const previewOf = ({ rows, unknown }) => {
  const bad = rows.filter(({ faults }) => faults.length);
  const columns = COLUMNS.filter((name) => rows.some(({ member }) => member[name] !== undefined));
  return [el('p', { class: 'note', role: 'status' }, w.found(number(rows.length), number(bad.length))),
    unknown.length ? el('p', { class: 'fault' }, w.unknown(unknown.join(', '))) : undefined,
    rows.length ? el('div', { class: 'scroll preview-table', tabindex: '0', role: 'region', 'aria-label': w.preview }, el('table', {},
      el('caption', { class: 'unseen' }, w.preview),
      el('thead', {}, el('tr', {}, [w.line, ...columns, w.fault].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, [...bad, ...rows.filter(({ faults }) => !faults.length)].slice(0, PREVIEW).map(({ line, member, faults }) => el('tr', { class: faults.length ? 'wrong' : undefined },
        el('td', { class: 'number' }, `${line}`), columns.map((name) => el('td', { dir: 'auto', class: name === 'origin' || name === 'label' ? 'long' : undefined }, brief([member[name] ?? ''].flat().join(', ')))), el('td', { class: 'why' }, faults.join('; '))))))) : undefined,
    rows.length > PREVIEW ? el('p', { class: 'faint' }, w.rest(number(rows.length - PREVIEW))) : undefined].filter(Boolean);
};

/** Opens the sheet in which images are registered; `space`: the number of the space that they go to. */
export const register = async (page, queue, space) => {
  const text = el('textarea', { id: freshId('rows'), rows: 7, spellcheck: 'false', placeholder: 'https://example.org/page-1.jpg' });
  const file = el('input', { type: 'file', id: freshId('file'), accept: '.csv,.tsv,.txt,text/csv,text/plain' });
  const preview = el('div', { class: 'form-fields' });
  const bar = el('div', {});
  let table = { rows: [], unknown: [] };
  const show = () => {
    table = read(text.value, space);
    preview.replaceChildren(...(text.value.trim() ? previewOf(table) : []));
    start.disabled = !table.rows.some(({ faults }) => faults.length === 0);
  };
  text.addEventListener('input', show);
  file.addEventListener('change', async () => { if (file.files[0]) { text.value = await file.files[0].text(); show(); } });
  const run = async () => {
    start.disabled = true;
    const good = table.rows.filter(({ faults }) => faults.length === 0);
    const [batches, total] = [[], table.rows.length];
    let [registered, stopped] = [0, ''];
    for (let at = 0; at < good.length && !stopped && dialog.open; at += SIZE) {
      const sent = await sendRows(queue, good.slice(at, at + SIZE));
      registered += sent.registered;
      if (sent.batch) batches.push(sent.batch);
      stopped = sent.stopped ?? '';
      bar.replaceChildren(el('p', { class: 'note' }, w.sent(number(registered), number(total))));
    }
    const refused = table.rows.filter(({ faults }) => faults.length);
    const done = stopped ? w.stopped(stopped) : w.done(number(total), number(registered), number(refused.length));
    announce(done);
    bar.replaceChildren(el('p', { class: stopped ? 'summary' : 'note' }, done),
      batches.length ? el('p', {}, `${w.batches}: `, batches.map((batch, n) => [n ? ', ' : '', link(batch['@id'], words.batch.one(batch.id))])) : '',
      refused.length ? el('a', { download: 'refused.csv', href: URL.createObjectURL(new Blob([refusedCsv(refused)], { type: 'text/csv' })) }, w.download) : '');
    if (stopped) start.disabled = false;
  };
  const start = button(w.start, run, { class: 'main', disabled: true });
  const dialog = sheet(w.title, el('div', { class: 'form-fields' }, el('p', { class: 'about' }, w.explain),
    el('div', { class: 'field' }, el('label', { for: text.id }, w.addresses), text),
    el('div', { class: 'field' }, el('label', { for: file.id }, w.file), file), preview, bar,
    el('div', { class: 'actions bottom' }, start, button(words.operation.close, () => dialog.close()))));
  let isLeft = false;
  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('a:not([download])')) return;
    isLeft = true;
    dialog.close();
  });
  dialog.addEventListener('close', () => { if (bar.hasChildNodes() && !isLeft) page.reload(); });
  text.focus();
};

/** Returns the queue of the customer that a space belongs to, found by links. */
export const queueOf = async (address) => {
  const { doc } = await get(address, { quiet: true });
  return doc?.queue;
};
