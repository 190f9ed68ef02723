// Files that are sent to the service, by tus 1.0.0: in pieces, on from where a broken connection left off.
import { problemOf } from './api.js';
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
  const isFinal = ![401, 403].includes(answer.status);
  return new Stopped([title, detail].filter(Boolean).join(' '), isFinal);
};

/** Returns whether a request may succeed that is repeated later. */
const isPassing = (answer) => !answer || answer.status >= 500 && answer.status !== 507 || [408, 409, 423, 429].includes(answer.status);

const sleep = (seconds, signal) => new Promise((done, failed) => {
  const stop = () => { clearTimeout(timer); failed(signal.reason); };
  const timer = setTimeout(() => { signal.removeEventListener('abort', stop); done(); }, seconds * 1000);
  signal.addEventListener('abort', stop, { once: true });
  // Who is connected again need not wait.
  addEventListener('online', () => { clearTimeout(timer); signal.removeEventListener('abort', stop); done(); }, { once: true });
});

const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** A file on its way. `state`: waiting, sending, pausing, done, failed or cancelled. */
export class Upload {
  constructor(file) {
    Object.assign(this, { file, state: 'waiting', sent: 0, why: '', address: undefined });
    this.listeners = new Set();
    this.aborter = new AbortController();
  }

  tell(state, why = '') {
    [this.state, this.why] = [state, why];
    this.listeners.forEach((listener) => listener(this));
  }

  /** Stops sending, and has the service forget what it has. */
  cancel() {
    if (this.state === 'cancelled') return;
    this.aborter.abort();
    if (this.address) ask('DELETE', this.address);
    this.address = undefined;
    this.tell('cancelled');
  }

  /** Sends the file, or the rest of it; `uploads`: where uploads are made. Resolves when it is done, failed or cancelled. */
  async send(uploads) {
    if (this.state === 'done' || this.state === 'cancelled') return;
    const { signal } = this.aborter;
    this.tell('sending');
    try {
      await this.make(uploads, signal);
      await this.sendRest(signal);
      this.tell('done');
    } catch (error) {
      if (signal.aborted) return;
      if (error.isFinal && this.address) { ask('DELETE', this.address); this.address = undefined; this.sent = 0; }
      this.tell('failed', error instanceof Stopped ? error.message : `${error}`);
    }
  }

  async repeated(request, signal) {
    let pause = PAUSE[0];
    for (let repeat = 0; ; repeat += 1) {
      const answer = await request();
      if (!isPassing(answer)) return answer;
      if (repeat === REPEATS) throw answer ? await refusalOf(answer) : new Stopped(words.status[0], false);
      this.tell('pausing');
      await sleep(pause, signal);
      pause = Math.min(pause * 2, PAUSE[1]);
    }
  }

  async make(uploads, signal) {
    if (this.address) return;
    const { name, type, size } = this.file;
    const metadata = [['filename', name.slice(0, 250)], ...(type ? [['filetype', type.slice(0, 100)]] : [])];
    const headers = { 'upload-length': `${size}`, 'upload-metadata': metadata.map(([key, value]) => `${key} ${encoded(value)}`).join(',') };
    const answer = await this.repeated(() => ask('POST', uploads, { headers, signal }), signal);
    if (answer.status !== 201) throw await refusalOf(answer);
    this.address = answer.headers.get('location');
    this.sent = 0;
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
        const seconds = (performance.now() - began) / 1000;
        if (seconds < 1) piece = Math.min(piece * 2, MOST); else if (seconds > 4) piece = Math.max(piece / 2, LEAST);
        [repeats, pause] = [0, PAUSE[0]];
        continue;
      }
      if (!isPassing(answer)) throw await refusalOf(answer);
      if (repeats === REPEATS) throw answer ? await refusalOf(answer) : new Stopped(words.status[0], false);
      repeats += 1;
      piece = Math.max(piece / 2, LEAST);
      this.tell('pausing');
      await sleep(pause, signal);
      pause = Math.min(pause * 2, PAUSE[1]);
      this.sent = await this.offset(signal);
    }
  }
}

/** Sends files, some at a time, until each is done, failed or cancelled. */
export const sendAll = async (all, uploads) => {
  const waiting = all.filter(({ state }) => state === 'waiting' || state === 'failed');
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await one.send(uploads);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
};
