// Files that are dropped: on the whole page where it takes them, and on nothing else: a browser would open them in place of the page.
import { el } from './dom.js';

/** Files of the system, which nobody means when they drop a folder. */
const SYSTEM = /^(\.|Thumbs\.db$|desktop\.ini$)/i;
const inOrder = new Intl.Collator(undefined, { numeric: true });
/** Milliseconds after which files that are no longer dragged over the page are held to be gone: browsers tell of it ten times as often. */
const GONE = 1000;

const hasFiles = (event) => [...event.dataTransfer?.types ?? []].includes('Files');

/** Returns the entries of a folder, which browsers tell in parts. */
const entriesOf = async (folder) => {
  const [reader, found] = [folder.createReader(), []];
  for (;;) {
    const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
    if (some.length === 0) return found;
    found.push(...some);
  }
};

const walk = async (entry, path) => {
  if (entry.isDirectory) {
    const within = (await entriesOf(entry)).filter(({ name }) => !SYSTEM.test(name));
    return (await Promise.all(within.map((one) => walk(one, `${path}${entry.name}/`)))).flat();
  }
  const file = await new Promise((done, failed) => { entry.file(done, failed); });
  return [{ file, path: path + entry.name }];
};

/** Returns the files of a drop, and those in its folders, by name: `{file, path}`. To be called while the drop is handled. */
const filesOf = async (transfer) => {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = await Promise.all(items.filter(Boolean).map((item) => (item instanceof File ? [{ file: item, path: item.name }]
    : walk(item, '').catch(() => []))));
  return found.flat().sort((a, b) => inOrder.compare(a.path, b.path));
};

/** Returns files that were chosen, as those that are dropped. */
export const chosen = (input) => [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/** Has a page take files that are dropped anywhere on it, but for open sheets. `text`: what happens to them; `take`: gets them. */
export const takeDrops = (page, text, take) => {
  const { signal } = page;
  const sign = el('div', { class: 'drop', hidden: true, 'aria-hidden': 'true' }, el('p', {}, text));
  let timer;
  const show = (isOver) => { clearTimeout(timer); sign.hidden = !isOver; };
  const isMine = (event) => hasFiles(event) && !event.defaultPrevented && !document.querySelector('dialog[open]');
  const over = (event) => {
    if (!isMine(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    show(true);
    timer = setTimeout(show, GONE, false);
  };
  document.body.append(sign);
  document.addEventListener('dragenter', over, { signal });
  document.addEventListener('dragover', over, { signal });
  document.addEventListener('dragleave', ({ relatedTarget }) => { if (!relatedTarget) show(false); }, { signal });
  document.addEventListener('drop', async (event) => {
    if (!isMine(event)) return;
    event.preventDefault();
    show(false);
    take(await filesOf(event.dataTransfer));
  }, { signal });
  signal.addEventListener('abort', () => { clearTimeout(timer); sign.remove(); });
};

/** Has an open sheet take files that are dropped on it. */
export const takeDropsOf = (dialog, take) => {
  const show = (isOver) => dialog.classList.toggle('takes', isOver);
  dialog.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(true);
  });
  dialog.addEventListener('dragleave', ({ relatedTarget }) => { if (!dialog.contains(relatedTarget)) show(false); });
  dialog.addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(false);
    take(await filesOf(event.dataTransfer));
  });
};

/** Keeps the browser from opening files that are dropped where nothing takes them. */
export const guard = () => {
  const refuse = (event) => {
    if (!hasFiles(event) || event.defaultPrevented || event.target.closest?.('input[type=file]')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  };
  addEventListener('dragover', refuse);
  addEventListener('drop', refuse);
};
