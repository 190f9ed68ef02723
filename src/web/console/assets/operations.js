// What can be done: a button for each operation that the resource offers, and a sheet with the form that it needs.
import { base, isGood, problemOf, send } from './api.js';
import { announce, button, copier, el, freshId, single } from './dom.js';
import { drafts, fieldsOf, summaryOf, writable } from './forms.js';
import { partsOf, valueOf } from './generic.js';
import { parse, write } from './json.js';
import { Once } from './once.js';
import { sheet } from './sheet.js';
import { operationOf } from './vocabulary.js';
import { classOf, humanise, titleOf, words } from './words.js';

const w = words.operation;
const ORDER = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Parts of the console that a page can be shown without. */
const later = { many: () => import('./many.js'), sets: () => import('./sets.js'), stale: () => import('./stale.js') };
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const lastOf = (url) => decodeURIComponent(new URL(url, location.href).pathname.split('/').pop());
const above = (url) => url.split(/[?#]/)[0].replace(/\/[^/]*$/, '') || `${base}/`;

/** Returns what a button is called. */
const labelOf = (operation, page) => {
  const { method, action, expects, title } = operation;
  const isCollection = Array.isArray(page.doc.member);
  if (action === 'CreateAction' && expects && !/Collection$/.test(expects)) return w.create(humanise(expects).toLowerCase());
  if (action === 'CreateAction' && !expects) return w.create(humanise(operation.returns ?? '').toLowerCase());
  if (method === 'PATCH' && isCollection) return w.changeAll;
  if (method === 'DELETE' && isCollection) return w.deleteAll;
  return { UpdateAction: w.edit, ReplaceAction: w.replace, DeleteAction: w.delete, AddAction: w.members }[action] ?? title;
};

/** Shows what went well: what GET does not show, else the place where it is. */
const finish = (exchange, page, dialog, { isDeleting } = {}) => {
  dialog?.close();
  const { doc, headers, status } = exchange;
  announce(w.done);
  const place = headers.find(([name]) => name === 'location')?.[1];
  const of = classOf(doc ?? {});
  const hidden = doc && Object.keys(doc).filter((name) => name === 'secret' && doc[name]);
  if (hidden?.length) {
    const row = (name) => [el('dt', {}, humanise(name)), el('dd', {}, el('code', { class: 'secret' }, doc[name]), ' ', copier(words.copy, doc[name], words.copied))];
    const shown = sheet(w.once, el('p', {}, w.onceExplained), el('dl', { class: 'fields' }, ['key', ...hidden].filter((name) => doc[name]).map(row)),
      el('div', { class: 'actions' }, button(w.kept, () => shown.close(), { class: 'main' })));
    shown.addEventListener('close', () => page.reload());
    // Escape is pressed too soon.
    shown.addEventListener('cancel', (event) => event.preventDefault());
    return undefined;
  }
  if (isDeleting) return page.go(above(page.url));
  if ((status === 201 || status === 202) && place) return page.go(place);
  if (doc && of && doc['@id'] === undefined) {
    return sheet(humanise(of), el('dl', { class: 'fields' }, Object.entries(doc).filter(([name]) => /^[a-z]\w*$/i.test(name))
      .map(([name, value]) => [el('dt', {}, humanise(name)), el('dd', {}, valueOf(value, page.vocabulary.property(of, name)))])));
  }
  if (doc?.['@id'] && doc['@id'] !== page.url && !Array.isArray(doc.member)) return page.go(doc['@id']);
  return page.reload();
};

const fail = (exchange, fields, place) => {
  const { title, detail, faults, retry, requestId } = problemOf(exchange);
  const rest = fields?.mark(faults);
  const said = faults.length ? faults : detail ? [{ message: detail }] : [];
  const extra = [retry, exchange.status >= 500 && requestId ? `${words.requestId} ${requestId}` : undefined].filter(Boolean).map((message) => ({ message }));
  const summary = summaryOf(exchange.status === 400 ? w.faults(faults.length || 1) : title, [...said, ...extra], fields);
  place.replaceChildren(summary);
  summary.focus();
  return rest;
};

/** Runs an operation that needs no form. */
const run = async (operation, target, page) => {
  const exchange = await send(operation.method, target);
  if (isGood(exchange)) return finish(exchange, page);
  const place = el('div');
  sheet(operation.label, place);
  return fail(exchange, undefined, place);
};

/** Asks before something is deleted: the last part of its address is typed. */
const remove = (operation, target, page) => {
  const [wanted, stale] = [lastOf(target), later.stale()];
  const place = el('div');
  const typed = el('input', { id: freshId('typed'), autocomplete: 'off', spellcheck: 'false', dir: 'auto' });
  const submit = single(async () => {
    if (typed.value.trim() !== wanted) {
      const summary = summaryOf(w.notTyped(wanted), []);
      place.replaceChildren(summary);
      typed.setAttribute('aria-invalid', 'true');
      return typed.focus();
    }
    const { exchange } = await (await stale).sendOver('DELETE', target, { page });
    return isGood(exchange) ? finish(exchange, page, dialog, { isDeleting: true }) : fail(exchange, undefined, place);
  });
  const dialog = sheet(w.deleteThis(titleOf(page.doc, page.url)), el('form', { onsubmit: submit }, place,
    el('p', {}, w.deleteExplained), el('div', { class: 'field' }, el('label', { for: typed.id }, w.type, ' ', el('code', {}, wanted)), typed),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'danger' }, operation.label), button(w.cancel, () => dialog.close()))));
  typed.focus();
};

const confirm = (operation, target, page) => {
  const [place, once] = [el('div'), new Once(operation)];
  const dialog = sheet(operation.label, place, el('p', {}, operation.description ?? ''), el('div', { class: 'actions' }, button(operation.label, single(async () => {
    const exchange = await send(operation.method, target, { headers: once.headers() });
    once.answered(exchange);
    return isGood(exchange) ? finish(exchange, page, dialog) : fail(exchange, undefined, place);
  }), { class: 'danger' }), button(w.cancel, () => dialog.close())));
};

/** Opens the form of an operation. */
const open = (operation, target, page) => {
  const { method, expects } = operation;
  const { vocabulary, doc } = page;
  const kind = method === 'POST' ? 'create' : method === 'PUT' ? 'replace' : 'change';
  const initial = method === 'POST' ? {} : doc;
  const of = vocabulary.classes.has(expects) && !/Collection$/.test(expects) ? expects : undefined;
  // What has a form of its own.
  const only = kind === 'change' && page.apart ? writable(of, vocabulary).map(({ name }) => name).filter((name) => !page.apart.includes(name)) : undefined;
  const fields = of && writable(of, vocabulary).length ? fieldsOf({ of, page, initial, kind, only }) : undefined;
  const putsId = method === 'POST' && of && vocabulary.class(of).operations.some((one) => one.method === 'PUT');
  const own = el('input', { id: freshId('own'), autocomplete: 'off', spellcheck: 'false' });
  const raw = el('textarea', { class: 'raw', rows: 12, spellcheck: 'false', 'aria-label': w.raw });
  const place = el('div');
  let isRaw = !fields;
  if (isRaw) raw.value = write(initial, 2);
  const secret = of ? [...vocabulary.class(of).properties.values()].filter((p) => !p.readable).map((p) => p.name) : [];
  const draft = fields && drafts.read(method, target);
  const isDraft = Boolean(draft?.body && Object.keys(draft.body).length);
  // What was entered before was entered over what was read then.
  const over = isDraft && draft.etag ? { doc: draft.doc, etag: draft.etag } : { doc: method === 'POST' ? undefined : doc, etag: page.exchange.etag };
  if (isDraft) fields.fill(draft.body);
  const [once, stale] = [new Once(operation), method === 'POST' ? {} : later.stale()];

  /** Parts what the fields say into what may be seen and kept, and what is secret. */
  const parted = () => {
    const said = Object.entries(fields.body());
    const of = (isSecret) => Object.fromEntries(said.filter(([name]) => secret.includes(name) === isSecret));
    return { open: of(false), hidden: of(true) };
  };
  const bodyOf = () => {
    if (!isRaw) return fields.body();
    const written = parse(raw.value);
    return fields && isObject(written) ? { ...parted().hidden, ...written } : written;
  };
  const keepDraft = () => drafts.keep(method, target, parted().open, over);
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
      drafts.drop(method, target);
      return finish(exchange, page, dialog);
    }
    if (exchange.status === 412 && id) return say(w.taken(id), []);
    if (exchange.status === 412 && isGood(now) && now.doc) {
      const conflict = conflictOf({ page, now, body, initial: base.doc, again: () => submit(undefined, { doc: now.doc, etag: now.etag }) });
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
    if (lost.length) say(w.noFields(lost), []); else keepDraft();
    return lost.length === 0;
  };
  const toggle = fields ? button(w.raw, () => {
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
  }, { class: 'quiet' }) : undefined;
  const content = el('div', {}, isRaw ? raw : fields.element);
  const submitButton = el('button', { type: 'submit', class: 'main' }, method === 'POST' ? operation.label : w.save);
  const form = el('form', {
    onsubmit: submit, novalidate: true,
    oninput: () => { if (fields && !isRaw) keepDraft(); },
  },
  place, isDraft ? el('p', { class: 'note' }, w.draft, ' ', button(w.forget, () => { drafts.drop(method, target); dialog.close(); open(operation, target, page); }, { class: 'quiet' })) : undefined,
  content,
  putsId ? el('div', { class: 'field' }, el('label', { for: own.id }, w.ownId), own, el('p', { class: 'about' }, w.ownIdExplained)) : undefined,
  el('div', { class: 'actions bottom' }, submitButton, button(w.cancel, () => dialog.close()), toggle));
  const dialog = sheet(operation.label, operation.description && operation.description !== operation.title ? el('p', { class: 'about' }, operation.description) : undefined, form);
  (content.querySelector('input, textarea, select') ?? submitButton).focus();
};

/** Returns the operations that a resource offers to this caller, each with the action that it is. */
export const offered = ({ doc }) => (doc['hydra:operation'] ?? []).map((node) => ({
  ...operationOf(node), action: [node['@type']].flat().map((type) => `${type}`.replace(/^.*[:/]/, '')).find((type) => /Action$/.test(type)),
})).filter(({ method }) => ORDER.includes(method)).sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));

/** Does what an operation says, with the sheet that it needs. */
const act = async (operation, target, page, { isAside } = {}) => {
  if (Array.isArray(page.doc.member) && !isAside && operation.method !== 'POST') return (await later.many()).everything(operation, page);
  if (operation.method === 'DELETE') return isAside ? confirm(operation, target, page) : remove(operation, target, page);
  if (operation.action === 'AddAction') return (await later.sets()).changeSet(operation, target, (exchange, dialog) => finish(exchange, page, dialog));
  return operation.expects ? open(operation, target, page) : run(operation, target, page);
};

/** Returns the buttons of a page: what can be done with it, and links that are there only to do something. */
export const actionsOf = (page, { without = [] } = {}) => {
  const { className, vocabulary } = page;
  const documented = vocabulary.class(className).operations;
  const own = offered(page).filter((operation) => !without.includes(operation.method)).map((operation) => {
    const more = documented.find((one) => one.method === operation.method);
    const whole = { ...operation, description: more?.description ?? operation.title, headers: more?.headers ?? operation.headers };
    whole.label = labelOf(whole, page);
    return button(whole.label, single(() => act(whole, page.url.split(/[?#]/)[0], page)), {
      title: operation.title, 'data-method': operation.method, class: operation.method === 'DELETE' ? 'danger' : operation.method === 'POST' ? 'main' : undefined,
    });
  });
  const aside = partsOf(page).does.flatMap(([name, value, property]) => property.operations
    .filter(({ method }) => ORDER.includes(method) && !(name === 'deleteImages'))
    .map((operation) => {
      const whole = { ...operation, label: humanise(name), description: property.description };
      return button(whole.label, single(() => act(whole, value, page, { isAside: true })), { title: property.description, 'data-method': operation.method });
    }));
  return [...own, ...aside];
};
