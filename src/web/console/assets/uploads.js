// Files that are sent to the service, by tus 1.0.0: in pieces, on from where a broken connection left off.
import { problemOf } from './api.js';
import { forget, keep, keyOf, recall } from './begun.js';
import { words } from './words.js';

/** Bytes of a piece: at first, at least and at most. A piece takes from one to four seconds, so that progress is seen. */
const [FIRST, LEAST, MOST] = [1 << 20, 128 << 10, 16 << 20];
/** Seconds until a request is repeated that had no answer, at first and at most. */
const PAUSE = [1, 30];
/** Repetitions without anything sent between them, at most. */
const REPEATS = 10;
/** Files that are sent at the same time: a browser has six connections. */
const AT_ONCE = 2;

/** What a file is stopped by: words for people, and whether it may go on later. */
export class Stopped extends Error {
  constructor(text, isFinal) { super(text); this.isFinal = isFinal; }
}

const ask = async (method, address, { headers = {}, body, signal } = {}) => {
  try {
    return await fetch(address, { method, signal, body, cache: 'no-store', headers: { 'tus-resumable': '1.0.0', ...headers } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return undefined;
  }
};

/** Returns why an answer is none that a file can go on after. */
const refusalOf = async (answer) => {
  let doc;
  try { doc = await answer.json(); } catch { doc = undefined; }
  const { title, detail } = problemOf({ status: answer.status, doc, headers: [...answer.headers] });
  // What is in conflict is said by the service alone.
  if (answer.status === 409 && detail) return new Stopped(detail, true);
  const isFinal = ![401, 403].includes(answer.status);
  return new Stopped([title, detail].filter(Boolean).join(' '), isFinal);
};

/** Returns whether a request may succeed that is repeated later. */
const isPassing = async (answer) => {
  if (!answer || (answer.status >= 500 && answer.status !== 507) || [408, 423, 429].includes(answer.status)) return true;
  if (answer.status !== 409) return false;
  // Where the upload stands elsewhere, it is asked where; any other conflict is there the next time, too.
  const problem = await answer.clone().json().catch(() => undefined);
  return /#OffsetConflict$/.test(problem?.type);
};

/** Waits, and no longer than until the network is there again. */
const sleep = (seconds, signal) => new Promise((done, failed) => {
  const listening = new AbortController();
  const end = (finish, value) => { clearTimeout(timer); listening.abort(); finish(value); };
  const timer = setTimeout(() => end(done), seconds * 1000);
  signal.addEventListener('abort', () => end(failed, signal.reason), { signal: listening.signal });
  addEventListener('online', () => end(done), { signal: listening.signal });
});

/** Returns the seconds to wait: those of a pause, or more where the service says so. */
const secondsOf = (pause, answer) => Math.min(Math.max(pause, Number(answer?.headers.get('retry-after')) || 0), 300);

const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** The addresses of uploads that files of this page go to. */
const claimed = new Set();

/** Has the service forget an upload that was begun. */
export const remove = (key, address) => {
  forget(key, address);
  claimed.delete(address);
  return ask('DELETE', address);
};

/** Returns how many bytes a file may have, or `undefined` where that is not known. */
export const mostOf = async (uploads) => Number((await ask('OPTIONS', uploads))?.headers.get('tus-max-size')) || undefined;

/** A file on its way. `state`: waiting, sending, pausing, done, failed or cancelled. */
export class Upload {
  /** `uploads`: where uploads are made; `path`: the name with its folders; `space`: the number of the space that it is for. */
  constructor(file, { uploads, path = file.name, space }) {
    Object.assign(this, { file, uploads, space, state: 'waiting', sent: 0, why: '', address: undefined });
    this.key = keyOf(uploads, path, file);
    this.listeners = new Set();
    this.aborter = new AbortController();
    // What was begun before goes on.
    const before = recall(this.key);
    if (!before || claimed.has(before.address)) return;
    [this.address, this.sent, this.isRecalled] = [before.address, before.sent, true];
    claimed.add(this.address);
  }

  tell(state, why = '') {
    [this.state, this.why] = [state, why];
    this.listeners.forEach((listener) => listener(this));
  }

  /** Remembers how far it is. */
  remember() {
    const { uploads, address, sent, space, file: { name, size } } = this;
    keep(this.key, { uploads, address, name, size, sent, space });
  }

  /** Has the service forget what it has. */
  drop() {
    if (this.address) remove(this.key, this.address);
    [this.address, this.sent] = [undefined, 0];
  }

  /** Stops sending, and has the service forget what it has. */
  cancel() {
    if (this.state === 'cancelled') return;
    this.aborter.abort();
    this.drop();
    this.tell('cancelled');
  }

  /** Stops sending; what the service has stays there, and the same file goes on from it. */
  pause() {
    this.aborter.abort();
    claimed.delete(this.address);
  }

  /** An image names it: it is not sent again. */
  used() {
    forget(this.key, this.address);
    claimed.delete(this.address);
  }

  /** Sends the file, or the rest of it. Resolves when it is done, failed or cancelled. */
  async send() {
    if (this.state === 'done' || this.state === 'cancelled') return;
    const { signal } = this.aborter;
    this.tell('sending');
    try {
      await this.find(signal);
      await this.make(signal);
      await this.sendRest(signal);
      this.tell('done');
    } catch (error) {
      if (signal.aborted) return;
      if (error.isFinal) this.drop();
      this.tell('failed', error instanceof Stopped ? error.message : `${error}`);
    }
  }

  async repeated(request, signal) {
    let pause = PAUSE[0];
    for (let repeat = 0; ; repeat += 1) {
      const answer = await request();
      if (!await isPassing(answer)) return answer;
      if (repeat === REPEATS) throw answer ? await refusalOf(answer) : new Stopped(words.status[0], false);
      this.tell('pausing');
      await sleep(secondsOf(pause, answer), signal);
      pause = Math.min(pause * 2, PAUSE[1]);
    }
  }

  /** Looks whether what was begun before is still there; if not, it begins anew. */
  async find(signal) {
    if (!this.isRecalled) return;
    const answer = await this.repeated(() => ask('HEAD', this.address, { signal }), signal);
    const isThis = answer.ok && Number(answer.headers.get('upload-length')) === this.file.size;
    if (!answer.ok && answer.status !== 404) throw new Stopped(words.status[answer.status] ?? `${answer.status}`, false);
    this.isRecalled = false;
    if (isThis) return;
    forget(this.key, this.address);
    claimed.delete(this.address);
    [this.address, this.sent] = [undefined, 0];
  }

  async make(signal) {
    if (this.address) return;
    const { name, type, size } = this.file;
    const metadata = [['filename', name.slice(0, 250)], ...(type ? [['filetype', type.slice(0, 100)]] : [])];
    const headers = { 'upload-length': `${size}`, 'upload-metadata': metadata.map(([key, value]) => `${key} ${encoded(value)}`).join(',') };
    const answer = await this.repeated(() => ask('POST', this.uploads, { headers, signal }), signal);
    if (answer.status !== 201) throw await refusalOf(answer);
    this.address = answer.headers.get('location');
    this.sent = 0;
    claimed.add(this.address);
    this.remember();
  }

  /** Returns how many bytes the service has. */
  async offset(signal) {
    const answer = await this.repeated(() => ask('HEAD', this.address, { signal }), signal);
    if (!answer.ok) throw new Stopped(words.status[answer.status] ?? `${answer.status}`, answer.status === 404);
    return Number(answer.headers.get('upload-offset'));
  }

  async sendRest(signal) {
    let [piece, repeats, pause] = [FIRST, 0, PAUSE[0]];
    this.sent = await this.offset(signal);
    while (this.sent < this.file.size) {
      this.tell('sending');
      const began = performance.now();
      const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': `${this.sent}` };
      const answer = await ask('PATCH', this.address, { headers, signal, body: this.file.slice(this.sent, this.sent + piece) });
      if (answer?.status === 204) {
        this.sent = Number(answer.headers.get('upload-offset'));
        this.remember();
        const seconds = (performance.now() - began) / 1000;
        if (seconds < 1) piece = Math.min(piece * 2, MOST); else if (seconds > 4) piece = Math.max(piece / 2, LEAST);
        [repeats, pause] = [0, PAUSE[0]];
        continue;
      }
      if (!await isPassing(answer)) throw await refusalOf(answer);
      if (repeats === REPEATS) throw answer ? await refusalOf(answer) : new Stopped(words.status[0], false);
      repeats += 1;
      piece = Math.max(piece / 2, LEAST);
      this.tell('pausing');
      await sleep(secondsOf(pause, answer), signal);
      pause = Math.min(pause * 2, PAUSE[1]);
      this.sent = await this.offset(signal);
    }
  }
}

/** Sends files, some at a time, until each is done, failed or cancelled. */
export const sendAll = async (all) => {
  const waiting = all.filter(({ state }) => state === 'waiting' || state === 'failed');
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await one.send();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
};
