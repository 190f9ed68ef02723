// Requests that make something: sent again after an answer was lost, each makes it once.

const inHex = (byte) => byte.toString(16).padStart(2, '0');
const fresh = () => `"console-${[...crypto.getRandomValues(new Uint8Array(16))].map(inHex).join('')}"`;

/** The keys of the requests of one sheet, where the operation takes keys. */
export class Once {
  constructor({ method, headers }) {
    this.takesKey = method === 'POST' && headers.includes('Idempotency-Key');
  }

  /** Returns the headers of a request with this body, as text: the same as before for the same body. */
  headers(text = '') {
    if (!this.takesKey) return {};
    if (this.text !== text) [this.text, this.key] = [text, fresh()];
    return { 'idempotency-key': this.key };
  }

  /** Learns of the answer: what was refused is judged anew when it is sent again. */
  answered({ status }) {
    if (status >= 400 && status < 500) this.text = undefined;
  }
}
