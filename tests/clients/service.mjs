// What every script here begins with: where the service is, and the key of who asks.
//
//   node SCRIPT.mjs ROOT KEY:SECRET

const [address, key] = process.argv.slice(2);
if (!address || !key) {
  throw new Error('two arguments are needed: the address of the root, and KEY:SECRET');
}

/** Address of the root, without its final slash. */
export const base = address.replace(/\/$/, '');
export const authorization = `Basic ${Buffer.from(key).toString('base64')}`;

export const HYDRA = 'http://www.w3.org/ns/hydra/core#';
export const SCHEMA = 'http://schema.org/';
export const VOCAB = `${base}/vocab#`;

/** A name that no other run gives. */
export const fresh = (words) => `${words} ${process.pid}-${Date.now()}`;

/** `fetch` with the key. */
export const fetchWithKey = (url, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('authorization', authorization);
  return fetch(url, { ...init, headers });
};

/** What was done, for who reads the log of a failure. */
export const said = (...words) => console.log(...words);

// A client that waits for ever must not keep the tests waiting.
setTimeout(() => {
  console.error('it took more than five minutes');
  process.exit(1);
}, 300_000).unref();
