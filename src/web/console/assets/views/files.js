// The files that are to become images: listed with what becomes of each, sent, and named so that no image of the same id is changed.
import { customerOf, get, isGood, problemOf, send } from '../api.js';
import { begun } from '../begun.js';
import { button, el } from '../dom.js';
import { FORMATS, formatOf } from '../recognise.js';
import { idOf } from '../table.js';
import { Stopped, Upload, mostOf, remove, sendAll } from '../uploads.js';
import { number, words } from '../words.js';
import { indexOf } from './rows.js';

const w = words.register;

/** Files that are sent before images are made of them: a customer has room for some thousands that no image names. */
const GROUP = 1000;

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
    const body = { '@type': 'Collection', member: some.map((id) => ({ id, space })) };
    const exchange = await send('POST', allImages, { quiet: true, body });
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

/** Gives each file an id that neither these are nor any image of the space is; the ids that are wanted were asked about. */
const nameAll = async (allImages, space, uploads, taken) => {
  for (let open = uploads; open.length;) {
    for (const one of open) {
      one.id = freeOf(one.wanted, taken);
      taken.add(one.id);
    }
    const others = open.filter(({ id, wanted }) => id !== wanted);
    const found = await takenOf(allImages, space, others.map(({ id }) => id));
    open = others.filter(({ id }) => found.has(id));
  }
};

/** Returns the line of a file in the list, which follows its progress. */
export const lineOf = (upload, leave) => {
  const { file } = upload;
  const [as, state] = [el('span', { class: 'faint as', dir: 'auto' }), el('span', { class: 'state' })];
  const bar = el('progress', { max: `${file.size || 1}`, 'aria-label': file.name });
  const act = button('', () => leave(upload), { class: 'quiet' });
  const line = el('li', {}, el('span', { class: 'name', dir: 'auto' }, file.name), as,
    el('span', { class: 'faint size' }, w.bytes(file.size)), bar, state, act);
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

/** Sees whether a file can be sent at all; otherwise it says why, and is not sent. */
export const examine = async (upload, most) => {
  const { file } = upload;
  const refuse = (why) => { upload.isHopeless = true; upload.tell('failed', why); };
  if (file.size === 0) return refuse(w.empty);
  if (most && file.size > most) return refuse(w.tooLarge(w.bytes(most)));
  const format = await formatOf(file).catch(() => null);
  if (format === null) return refuse(w.unreadable);
  return format ? undefined : refuse(w.noImage(FORMATS.join(', ')));
};

/** The files of a sheet. `queue`: that of the customer to which they are sent; `changed` is called when there are more or fewer. */
export class Files {
  constructor(queue, changed) {
    Object.assign(this, { queue, changed, all: [], keys: new Set(), ids: new Set() });
    this.element = el('div', { class: 'form-fields sent' });
    this.list = el('ul', { class: 'files', 'aria-label': w.files });
    [this.before, this.summary] = [el('div', {}), el('p', { class: 'note', role: 'status', hidden: true })];
    this.element.append(this.before, this.list, this.summary);
  }

  /** Returns the customer, and how large a file may be, asked once. */
  async customer() {
    if (this.known) return this.known;
    const exchange = await get(customerOf(this.queue), { quiet: true });
    if (!isGood(exchange)) stop(exchange);
    this.known = { doc: exchange.doc, most: await mostOf(exchange.doc.uploads) };
    return this.known;
  }

  /** Shows what was begun before and waits for its file. */
  async showBegun() {
    const { doc } = await this.customer();
    const waiting = begun(doc['@id']).filter(([key]) => !this.keys.has(key));
    const line = ([key, { address, name, size, sent }]) => {
      const forget = async () => { await remove(key, address); this.showBegun(); };
      return el('li', {}, el('span', { class: 'name', dir: 'auto' }, name),
        el('span', { class: 'faint' }, w.partOf(w.bytes(sent), w.bytes(size))),
        button(w.forget, forget, { class: 'quiet', 'aria-label': w.leave(w.forget, name) }));
    };
    const note = () => [el('p', { class: 'note' }, w.begun(waiting.length)), el('ul', { class: 'files begun' }, waiting.map(line))];
    this.before.replaceChildren(...(waiting.length ? note() : []));
  }

  /** Adds files to the list, `{file, path}`; those that are in it already are left out. */
  async take(files, space) {
    const { doc, most } = await this.customer();
    for (const { file, path } of files) {
      const upload = new Upload(file, { uploads: doc.uploads, path, space });
      if (this.keys.has(upload.key)) continue;
      upload.wanted = idOf(file.name);
      upload.id = freeOf(upload.wanted, this.ids);
      upload.line = lineOf(upload, () => this.leave(upload));
      this.keys.add(upload.key);
      this.ids.add(upload.id);
      this.all.push(upload);
      this.list.append(upload.line);
      upload.isExamined = examine(upload, most);
    }
    await Promise.all(this.all.map(({ isExamined }) => isExamined));
    this.count();
    this.showBegun();
  }

  count() {
    const bad = this.all.filter(({ isHopeless }) => isHopeless).length;
    const size = this.sendable().reduce((sum, { file }) => sum + file.size, 0);
    this.summary.hidden = this.all.length === 0;
    this.summary.textContent = w.filesFound(this.all.length, w.bytes(size), bad);
    this.changed();
  }

  /** Returns the files that are to be sent, or images made of them. */
  sendable() {
    return this.all.filter(({ row, state, isHopeless }) => !row && state !== 'cancelled' && !isHopeless);
  }

  leave(upload) {
    const isWaiting = upload.state !== 'sending' && upload.state !== 'pausing';
    upload.cancel();
    if (!isWaiting) return;
    this.all = this.all.filter((other) => other !== upload);
    this.keys.delete(upload.key);
    this.ids.delete(upload.id);
    upload.line.remove();
    this.count();
  }

  /** Sends what is left, group by group, and hands over the rows of each; `names`: ids that are those of others. */
  async send(space, names, { tell, isOver, register }) {
    const left = this.sendable();
    if (left.length === 0) return;
    const { doc } = await this.customer();
    this.summary.hidden = true;
    // An image of the same name stays as it is.
    const others = this.all.filter((one) => !left.includes(one)).map(({ id }) => id);
    const wanted = [...new Set(left.map((one) => one.wanted))];
    await nameAll(doc.allImages, space, left, new Set([...names, ...others, ...await takenOf(doc.allImages, space, wanted)]));
    left.forEach((one) => one.tell(one.state, one.why));
    const size = left.reduce((sum, { file }) => sum + file.size, 0);
    const count = () => {
      const done = left.filter(({ state }) => state === 'done').length;
      tell(done, left.length, left.reduce((sum, { sent }) => sum + sent, 0), size);
    };
    left.forEach((one) => { one.space = space; one.listeners.add(count); });
    for (let at = 0; at < left.length && !isOver(); at += GROUP) {
      const group = left.slice(at, at + GROUP);
      await sendAll(group);
      if (isOver()) return;
      const rows = group.filter(({ state }) => state === 'done').map((one) => {
        one.row = { line: '', member: { id: one.id, space, origin: one.address }, faults: [] };
        return one.row;
      });
      if (await register(rows)) return;
      group.filter(({ row }) => row?.isSent).forEach((one) => one.used());
    }
  }

  /** Takes back what the service refused; returns those that became no image, with the reasons. */
  settle(space) {
    // What was registered by a second press is an image as well.
    this.all.filter(({ row }) => row?.isSent).forEach((one) => one.used());
    for (const one of this.all.filter(({ row }) => row?.faults.length)) {
      const why = one.row.faults.join('; ');
      one.row = undefined;
      one.tell('failed', why);
    }
    return this.all.filter(({ row, state }) => !row && state === 'failed')
      .map(({ file: { name }, id, why }) => ({ line: '', member: { file: name, id, space }, faults: [why] }));
  }
}
