// The sheet with the form of an operation: made of the class that it expects, or as JSON.
import { isGood, send } from './api.js';
import { button, el, freshId } from './dom.js';
import { draftNote, dropDraft, keepDraft, readDraft, secretsOf, withoutSecrets } from './drafts.js';
import { fieldsOf, writable } from './forms.js';
import { parse, write } from './json.js';
import { Once } from './once.js';
import { fail, finish } from './operations.js';
import { sheet, summaryOf } from './sheet.js';
import { words } from './words.js';

const w = words.operation;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Opens the form of an operation. */
export const open = (operation, target, page) => {
  const { method, expects } = operation;
  const { vocabulary, doc } = page;
  const kind = method === 'POST' ? 'create' : method === 'PUT' ? 'replace' : 'change';
  const initial = method === 'POST' ? {} : doc;
  const of = vocabulary.classes.has(expects) && !/Collection$/.test(expects) ? expects : undefined;
  // What has a form of its own.
  const only = kind === 'change' && page.apart
    ? writable(of, vocabulary).map(({ name }) => name).filter((name) => !page.apart.includes(name)) : undefined;
  const fields = of && writable(of, vocabulary).length ? fieldsOf({ of, page, initial, kind, only }) : undefined;
  const putsId = method === 'POST' && of && vocabulary.class(of).operations.some((one) => one.method === 'PUT');
  const own = el('input', { id: freshId('own'), autocomplete: 'off', spellcheck: 'false' });
  const raw = el('textarea', { class: 'raw', rows: 12, spellcheck: 'false', 'aria-label': w.raw });
  const place = el('div');
  let isRaw = !fields;
  if (isRaw) raw.value = write(initial, 2);
  const secret = of ? secretsOf(of, vocabulary) : new Set();
  const secrets = new Set([...vocabulary.classes.values()].flatMap(({ properties }) => [...properties.values()])
    .filter(({ readable }) => !readable).map(({ name }) => name));
  const draft = readDraft(method, target);
  const isDraft = Boolean(draft?.id || draft?.isRaw || Object.keys(draft?.body ?? {}).length);
  // What was entered before was entered over what was read then.
  const over = isDraft && draft.etag ? { doc: draft.doc, etag: draft.etag }
    : { doc: method === 'POST' ? undefined : doc, etag: page.exchange.etag };
  if (isDraft) {
    own.value = draft.id ?? '';
    if (draft.isRaw) [isRaw, raw.value] = [true, write(draft.body, 2)]; else fields?.fill(draft.body);
  }
  const [once, stale] = [new Once(operation), method === 'POST' ? {} : import('./stale.js')];

  /** Parts what the fields say into what may be seen and kept, and what is secret. */
  const parted = () => {
    const said = Object.entries(fields.body());
    const of = (isSecret) => Object.fromEntries(said.filter(([name]) => secret.has(name) === isSecret));
    return { open: of(false), hidden: of(true) };
  };
  const bodyOf = () => {
    if (!isRaw) return fields.body();
    const written = parse(raw.value);
    return fields && isObject(written) ? { ...parted().hidden, ...written } : written;
  };
  /** Keeps what was entered, and what it was entered over; JSON that is not whole is kept once it is. */
  const keep = () => {
    let body;
    try { body = isRaw ? withoutSecrets(parse(raw.value), secrets) : parted().open; } catch { return; }
    // Where the vocabulary is not known, nobody knows what is secret.
    if (vocabulary.classes.size) keepDraft(method, target, { body, isRaw, id: own.value || undefined, ...over });
  };
  const say = (title, faults) => {
    const summary = summaryOf(title, faults, isRaw ? undefined : fields);
    place.replaceChildren(summary);
    summary.focus();
  };
  const submit = async (event, base = over) => {
    event?.preventDefault();
    let body;
    try { body = bodyOf(); } catch (error) { return say(w.noJson, [{ message: error.message }]); }
    const missing = isRaw ? [] : fields.missing();
    if (missing.length) {
      fields.mark(missing);
      return say(w.faults(missing.length), missing);
    }
    if (method === 'PATCH' && Object.keys(body).length === 0) return say(w.nothing, []);
    submitButton.disabled = true;
    const { sendOver, conflictOf } = await stale;
    const id = putsId ? own.value.trim() : '';
    const { exchange, now } = await (id ? putNew(id, body) : method === 'POST' ? post(body)
      : sendOver(method, target, { page, body, ...base }));
    submitButton.disabled = false;
    if (isGood(exchange)) {
      dropDraft(method, target);
      return finish(exchange, page, dialog);
    }
    if (exchange.status === 412 && id) return say(w.taken(id), []);
    if (exchange.status === 412 && isGood(now) && now.doc) {
      const conflict = conflictOf({
        now, body, initial: base.doc, again: () => submit(undefined, { doc: now.doc, etag: now.etag }),
        discard: () => { dropDraft(method, target); dialog.close(); page.reload(); },
      });
      place.replaceChildren(conflict);
      return conflict.focus();
    }
    return fail(exchange, isRaw ? undefined : fields, place);
  };
  const putNew = async (id, body) => ({
    exchange: await send('PUT', `${target.split('?')[0]}/${encodeURIComponent(id)}`, { body, headers: { 'if-none-match': '*' } }),
  });
  const post = async (body) => {
    const exchange = await send('POST', target, { body, headers: once.headers(write(body)) });
    once.answered(exchange);
    return { exchange };
  };
  /** Shows what was written as JSON in the fields; returns whether they hold all of it. */
  const toFields = () => {
    let written;
    try { written = parse(raw.value); } catch (error) { say(w.noJson, [{ message: error.message }]); return false; }
    if (!isObject(written)) { say(w.noObject, []); return false; }
    const lost = fields.show(written);
    if (lost.length) say(w.noFields(lost), []);
    return lost.length === 0;
  };
  const toggle = fields ? button(isRaw ? w.fields : w.raw, () => {
    if (isRaw && !toFields()) return;
    place.replaceChildren();
    if (!isRaw) {
      const { open: shown, hidden } = parted();
      raw.value = write(shown, 2);
      if (Object.keys(hidden).length) place.append(el('p', { class: 'note' }, w.hidden));
    }
    isRaw = !isRaw;
    toggle.textContent = isRaw ? w.fields : w.raw;
    content.replaceChildren(isRaw ? raw : fields.element);
    if (!isRaw) keep();
  }, { class: 'quiet' }) : undefined;
  const content = el('div', {}, isRaw ? raw : fields.element);
  const submitButton = el('button', { type: 'submit', class: 'main' }, method === 'POST' ? operation.label : w.save);
  const form = el('form', {
    onsubmit: submit, novalidate: true,
    oninput: keep,
  },
  place, isDraft ? draftNote(() => { dropDraft(method, target); dialog.close(); open(operation, target, page); }) : undefined,
  content,
  putsId ? el('div', { class: 'field' }, el('label', { for: own.id }, w.ownId), own,
    el('p', { class: 'about' }, w.ownIdExplained)) : undefined,
  el('div', { class: 'actions bottom' }, submitButton, button(w.cancel, () => dialog.close()), toggle));
  const dialog = sheet(operation.label, operation.description && operation.description !== operation.title
    ? el('p', { class: 'about' }, operation.description) : undefined, form);
  (content.querySelector('input, textarea, select') ?? submitButton).focus();
};
