// Files that were begun to be sent, remembered by the browser: the same file goes on where it was, after the page is loaded anew too.

const KEY = 'uploads';
/** Milliseconds for which the service keeps an upload that nothing is added to and that no image names. */
const KEPT = 24 * 60 * 60 * 1000;

/** Returns what is remembered, by file: `{uploads, address, name, size, sent, space, at}`. What the service has removed is left out. */
const all = () => {
  let found;
  try { found = JSON.parse(localStorage.getItem(KEY)); } catch { found = undefined; }
  return Object.fromEntries(Object.entries(found ?? {}).filter(([, { at }]) => Date.now() - at < KEPT));
};

/** Stores what is to be remembered; where the browser has no room, files are sent all the same. */
const store = (entries) => {
  try {
    if (Object.keys(entries).length) localStorage.setItem(KEY, JSON.stringify(entries)); else localStorage.removeItem(KEY);
  } catch { /* It begins anew after the page is left. */ }
};

/** Returns what tells a file from others: to whom it is sent, its name with its folders, its size and its last change. */
export const keyOf = (uploads, path, { size, lastModified }) => JSON.stringify([uploads, path, size, lastModified]);

/** Returns what is remembered of a file. */
export const recall = (key) => all()[key];

/** Remembers a file. */
export const keep = (key, entry) => store({ ...all(), [key]: { ...entry, at: Date.now() } });

/** Forgets a file, if what is remembered is this upload. */
export const forget = (key, address) => {
  const { [key]: entry, ...others } = all();
  if (entry?.address === address) store(others);
};

/** Forgets everything: what somebody sent is nobody else's who uses this browser. */
export const forgetAll = () => localStorage.removeItem(KEY);

/** Returns the files that were begun for a customer, or for one of its spaces: `[key, entry]`. */
export const begun = (customer, space) => Object.entries(all())
  .filter(([, { uploads, space: of }]) => uploads.startsWith(`${customer}/`) && (space === undefined || of === space));
