// Images as rows: what is shown of them before they are sent, and how they are sent in batches.
import { isGood, problemOf, send } from '../api.js';
import { el } from '../dom.js';
import { number, words } from '../words.js';

const w = words.register;
const PREVIEW = 100;
const COLUMNS = ['id', 'origin', 'label', 'string1', 'number1', 'tags'];

/** Images in a batch: as many as the service takes where nobody set another number, and fewer once it refuses so many. */
let most = 1000;

/** Returns what makes the keys of one sheet others than those of the same rows in another. */
export const freshMark = () => [...crypto.getRandomValues(new Uint8Array(16))].join('.');

/** Returns the key under which a batch is sent once, however often it is sent in one sheet. */
const keyOf = async (mark, text) => {
  const hash = await crypto.subtle?.digest('SHA-256', new TextEncoder().encode(`${mark} ${text}`));
  const bytes = [...new Uint8Array(hash ?? 0)].slice(0, 16);
  return hash && `"console-${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
};

/** Returns the number of the member that a fault is about. */
export const indexOf = ({ propertyPath = '', pointer = '' }) =>
  Number(/member\[(\d+)\]/.exec(propertyPath)?.[1] ?? /\/member\/(\d+)/.exec(pointer)?.[1] ?? NaN);

/** Returns whether it was the number of images, or their bytes, that was refused. */
const isTooMany = ({ status, doc }) => status === 413
  || (status === 400 && (doc?.violations ?? []).some(({ pointer }) => pointer === '#/member'));

/** Sends rows as one batch. Rows that are refused get the reasons, and the others are sent without them. */
const sendBatch = async (queue, rows, sheet) => {
  for (let left = rows; left.length;) {
    const body = { '@type': 'Collection', member: left.map(({ member }) => member) };
    const key = await keyOf(sheet.mark, JSON.stringify(body));
    const exchange = await send('POST', queue, { body, quiet: true, headers: key ? { 'idempotency-key': key } : {} });
    if (isGood(exchange)) return { batch: exchange.doc, registered: left.length };
    // What was refused is judged anew when it is sent again; what was not answered is the same request.
    if (exchange.status >= 400 && exchange.status < 500) sheet.mark = freshMark();
    if (isTooMany(exchange) && left.length > 1) { most = Math.ceil(left.length / 2); return { isTooMany: true, registered: 0 }; }
    const { title, detail, faults } = problemOf(exchange);
    if (exchange.status !== 400) return { stopped: [title, detail].filter(Boolean).join(' '), registered: 0, left };
    const refused = new Set();
    for (const fault of faults) {
      const index = indexOf(fault);
      if (left[index]) { left[index].faults.push(fault.message); refused.add(index); }
    }
    if (refused.size === 0) { left.forEach((row) => row.faults.push(detail || title)); return { registered: 0 }; }
    left = left.filter((_, index) => !refused.has(index));
  }
  return { registered: 0 };
};

/** Returns the beginning of a text: a table of very long ones is of no use, and slow to lay out. */
const brief = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

const rowOf = ({ line, member, faults }, columns) => {
  const cell = (name) => el('td', { dir: 'auto', class: name === 'origin' || name === 'label' ? 'long' : undefined },
    brief([member[name] ?? ''].flat().join(', ')));
  return el('tr', { class: faults.length ? 'wrong' : undefined }, el('td', { class: 'number' }, `${line}`),
    el('td', { class: 'why' }, faults.join('; ')), columns.map(cell));
};

/** Returns what is shown of a table before it is sent: rows with faults first. */
export const previewOf = ({ rows, unknown }) => {
  const [bad, good] = [rows.filter(({ faults }) => faults.length), rows.filter(({ faults }) => !faults.length)];
  const columns = COLUMNS.filter((name) => rows.some(({ member }) => member[name] !== undefined));
  const heads = [w.line, w.fault, ...columns].map((name) => el('th', { scope: 'col' }, name));
  const table = () => el('table', {}, el('caption', { class: 'unseen' }, w.preview), el('thead', {}, el('tr', {}, heads)),
    el('tbody', {}, [...bad, ...good].slice(0, PREVIEW).map((row) => rowOf(row, columns))));
  return [el('p', { class: 'note', role: 'status' }, w.found(number(rows.length), number(bad.length))),
    unknown.length ? el('p', { class: 'fault' }, w.unknown(unknown.join(', '))) : undefined,
    rows.length ? el('div', { class: 'scroll preview-table', tabindex: '0', role: 'region', 'aria-label': w.preview }, table()) : undefined,
    rows.length > PREVIEW ? el('p', { class: 'faint' }, w.rest(number(rows.length - PREVIEW))) : undefined].filter(Boolean);
};

/**
 * Sends rows in as few batches as the service takes. `tell` is called with how many were registered by each.
 * `sheet.mark` is that of the sheet. Returns the batches, and why it stopped, if it did; `isOver` tells whether nobody waits for it
 * any more.
 */
export const sendRows = async (queue, rows, { tell, isOver, sheet }) => {
  const batches = [];
  for (let at = 0; at < rows.length && !isOver();) {
    const some = rows.slice(at, at + most);
    const sent = await sendBatch(queue, some, sheet);
    if (sent.isTooMany) continue;
    if (sent.batch) { batches.push(sent.batch); some.forEach((row) => { row.isSent = row.faults.length === 0; }); }
    tell(sent.registered);
    if (sent.stopped) return { batches, stopped: sent.stopped };
    at += some.length;
  }
  return { batches, stopped: '' };
};
