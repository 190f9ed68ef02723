// Images from addresses or a table: read, shown with faults by line, and sent in batches once that is confirmed.
import { get, isGood, problemOf, send } from '../api.js';
import { announce, button, el, freshId, link } from '../dom.js';
import { sheet } from '../sheet.js';
import { idOf, read, refusedCsv } from '../table.js';
import { Stopped, Upload, sendAll } from '../uploads.js';
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

/** Returns the number of the member that a fault is about. */
const indexOf = ({ propertyPath = '', pointer = '' }) => Number(/member\[(\d+)\]/.exec(propertyPath)?.[1] ?? /\/member\/(\d+)/.exec(pointer)?.[1] ?? NaN);

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

/** Stops all that is to be done, and says why. */
const stop = (exchange) => {
  const { title, detail } = problemOf(exchange);
  throw new Stopped([title, detail].filter(Boolean).join(' '), false);
};

/** Returns which ids of a space are those of images; so many are asked about at once. */
const ASKED = 50;
const takenOf = async (allImages, space, ids) => {
  const taken = new Set();
  for (let at = 0; at < ids.length; at += ASKED) {
    const some = ids.slice(at, at + ASKED);
    const exchange = await send('POST', allImages, { quiet: true, body: { '@type': 'Collection', member: some.map((id) => ({ id, space })) } });
    if (!isGood(exchange) && exchange.status !== 400) stop(exchange);
    // Those that are not there are faults.
    const missing = new Set(isGood(exchange) ? [] : problemOf(exchange).faults.map(indexOf));
    some.forEach((id, index) => { if (!missing.has(index)) taken.add(id); });
  }
  return taken;
};

/** Returns the id, or the first of `id-2`, `id-3` and so on, that is none of these. */
const freeOf = (id, taken) => {
  for (let n = 1; ; n += 1) {
    const free = n === 1 ? id : `${id}-${n}`;
    if (!taken.has(free)) return free;
  }
};

/** Returns the first of an id, `id-2`, `id-3` and so on that neither these are nor an image of the space is; the id itself was asked about. */
const freeIn = async (allImages, space, wanted, taken) => {
  for (;;) {
    const free = freeOf(wanted, taken);
    if (free === wanted || !(await takenOf(allImages, space, [free])).size) return free;
    taken.add(free);
  }
};

const isTable = ({ name, type }) => /\.(csv|tsv|txt)$/i.test(name) || /^text\/(csv|plain|tab-separated-values)$/.test(type);

/** Returns the line of a file in the list, which follows its progress. */
const lineOf = (upload, leave) => {
  const { file } = upload;
  const [as, state] = [el('span', { class: 'faint', dir: 'auto' }), el('span', { class: 'state' })];
  const bar = el('progress', { max: `${file.size || 1}`, 'aria-label': file.name });
  const act = button('', () => leave(upload), { class: 'quiet' });
  const line = el('li', {}, el('span', { class: 'name', dir: 'auto' }, file.name), as, el('span', { class: 'faint' }, w.bytes(file.size)), bar, state, act);
  const show = () => {
    const percent = file.size ? Math.floor((100 * upload.sent) / file.size) : 0;
    as.textContent = upload.id && upload.id !== file.name ? w.as(upload.id) : '';
    bar.value = upload.state === 'done' ? file.size || 1 : upload.sent;
    state.textContent = w.states[upload.state](percent, upload.why);
    state.classList.toggle('fault', upload.state === 'failed');
    const verb = ['sending', 'pausing'].includes(upload.state) ? w.cancel : w.leaveOut;
    act.textContent = verb;
    act.setAttribute('aria-label', w.leave(verb, file.name));
    act.hidden = upload.state === 'done' || upload.state === 'cancelled';
  };
  upload.listeners.add(show);
  show();
  return line;
};

/** Opens the sheet in which images are registered; `space`: the number of the space that they go to. */
export const register = async (page, queue, space) => {
  const text = el('textarea', { id: freshId('rows'), rows: 7, spellcheck: 'false', placeholder: 'https://example.org/page-1.jpg' });
  const file = el('input', { type: 'file', id: freshId('file'), multiple: true });
  const preview = el('div', { class: 'form-fields' });
  const list = el('ul', { class: 'files', 'aria-label': w.files });
  const bar = el('div', {});
  let table = { rows: [], unknown: [] };
  let uploads = [];
  const isOver = () => !dialog.open;
  const allow = () => { start.disabled = !table.rows.some(({ faults }) => faults.length === 0) && !uploads.some(({ row }) => !row); };
  const show = () => {
    table = read(text.value, space);
    preview.replaceChildren(...(text.value.trim() ? previewOf(table) : []));
    allow();
  };
  const leave = (upload) => {
    const isWaiting = upload.state !== 'sending' && upload.state !== 'pausing';
    upload.cancel();
    if (!isWaiting) return;
    uploads = uploads.filter((other) => other !== upload);
    upload.line.remove();
    file.focus();
    allow();
  };
  const take = async (files) => {
    for (const one of files) {
      if (isTable(one)) { text.value = await one.text(); show(); continue; }
      const upload = new Upload(one);
      upload.wanted = idOf(encodeURIComponent(one.name));
      upload.id = freeOf(upload.wanted, new Set(uploads.map(({ id }) => id)));
      upload.line = lineOf(upload, leave);
      if (one.size === 0) upload.tell('failed', w.empty);
      uploads.push(upload);
      list.append(upload.line);
    }
    allow();
  };
  text.addEventListener('input', show);
  file.addEventListener('change', async () => { await take([...file.files]); file.value = ''; });
  /** Sends the files, and makes rows of those that came through. */
  const sendFiles = async () => {
    const left = uploads.filter(({ row, state, file: { size } }) => !row && state !== 'cancelled' && size > 0);
    if (left.length === 0) return [];
    const exchange = await get(queue.replace(/\/[^/]+$/, ''), { quiet: true });
    if (!isGood(exchange)) stop(exchange);
    const { doc } = exchange;
    // An image of the same name stays as it is.
    const names = [...table.rows.map(({ member }) => member.id), ...uploads.filter((one) => !left.includes(one)).map(({ id }) => id)];
    const taken = new Set([...names, ...await takenOf(doc.allImages, space, [...new Set(left.map(({ wanted }) => wanted))])]);
    for (const one of left) { one.id = await freeIn(doc.allImages, space, one.wanted, taken); taken.add(one.id); one.tell(one.state, one.why); }
    const tell = () => {
      const sent = w.filesSent(number(left.filter(({ state }) => state === 'done').length), number(left.length));
      if (bar.textContent !== sent) { bar.replaceChildren(el('p', { class: 'note' }, sent)); announce(sent); }
    };
    left.forEach((one) => one.listeners.add(tell));
    await sendAll(left, doc.uploads);
    left.forEach((one) => one.listeners.delete(tell));
    return left.filter(({ state }) => state === 'done').map((one) => {
      one.row = { line: '', member: { id: one.id, space, origin: one.address }, faults: [] };
      return one.row;
    });
  };
  const run = async () => {
    start.disabled = true;
    let sentFiles;
    try {
      sentFiles = await sendFiles();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      announce(w.stopped(error.message));
      bar.replaceChildren(el('p', { class: 'summary' }, w.stopped(error.message)));
      start.disabled = false;
      return;
    }
    if (isOver()) return;
    const wanted = [...table.rows, ...uploads.map(({ row }) => row).filter(Boolean)];
    const good = [...new Set([...wanted, ...sentFiles])].filter(({ faults, isSent }) => faults.length === 0 && !isSent);
    const [batches, total] = [[], wanted.length + uploads.filter(({ row, state }) => !row && state !== 'cancelled').length];
    let [registered, stopped] = [wanted.filter(({ isSent }) => isSent).length, ''];
    for (let at = 0; at < good.length && !stopped && !isOver(); at += SIZE) {
      const some = good.slice(at, at + SIZE);
      const sent = await sendRows(queue, some);
      registered += sent.registered;
      if (sent.batch) { batches.push(sent.batch); some.forEach((row) => { row.isSent = row.faults.length === 0; }); }
      stopped = sent.stopped ?? '';
      bar.replaceChildren(el('p', { class: 'note' }, w.sent(number(registered), number(total))));
    }
    const failed = uploads.filter(({ row, state }) => !row && state === 'failed');
    const refused = [...wanted.filter(({ faults }) => faults.length),
      ...failed.map(({ file: { name }, id, why }) => ({ line: '', member: { file: name, id, space }, faults: [why] }))];
    for (const one of uploads.filter(({ row }) => row?.faults.length)) {
      const why = one.row.faults.join('; ');
      one.row = undefined;
      one.tell('failed', why);
    }
    const done = stopped ? w.stopped(stopped) : w.done(number(total), number(registered), number(refused.length));
    announce(done);
    bar.replaceChildren(el('p', { class: stopped ? 'summary' : 'note' }, done),
      batches.length ? el('p', {}, `${w.batches}: `, batches.map((batch, n) => [n ? ', ' : '', link(batch['@id'], words.batch.one(batch.id))])) : '',
      refused.length ? el('a', { download: 'refused.csv', href: URL.createObjectURL(new Blob([refusedCsv(refused)], { type: 'text/csv' })) }, w.download) : '');
    // What is not sent for now goes on with another press.
    if (stopped || uploads.some(({ row, state, file: { size } }) => !row && state === 'failed' && size > 0)) start.disabled = false;
  };
  const start = button(w.start, run, { class: 'main', disabled: true });
  const dialog = sheet(w.title, el('div', { class: 'form-fields' }, el('p', { class: 'about' }, w.explain),
    el('div', { class: 'field' }, el('label', { for: file.id }, w.file), file), list,
    el('div', { class: 'field' }, el('label', { for: text.id }, w.addresses), text), preview, bar,
    el('div', { class: 'actions bottom' }, start, button(words.operation.close, () => dialog.close()))));
  dialog.addEventListener('dragover', (event) => { event.preventDefault(); dialog.classList.add('over'); });
  dialog.addEventListener('dragleave', ({ relatedTarget }) => { if (!dialog.contains(relatedTarget)) dialog.classList.remove('over'); });
  dialog.addEventListener('drop', (event) => {
    event.preventDefault();
    dialog.classList.remove('over');
    take([...event.dataTransfer.files]);
  });
  let isLeft = false;
  dialog.addEventListener('click', (event) => {
    if (!event.target.closest('a:not([download])')) return;
    isLeft = true;
    dialog.close();
  });
  dialog.addEventListener('close', () => {
    // No image will name them.
    uploads.filter(({ row }) => !row?.isSent).forEach((upload) => upload.cancel());
    if (bar.hasChildNodes() && !isLeft) page.reload();
  });
  file.focus();
};

/** Returns the queue of the customer that a space belongs to, found by links. */
export const queueOf = async (address) => {
  const { doc } = await get(address, { quiet: true });
  return doc?.queue;
};
