// What can be done: a button for each operation that the resource offers, and a sheet with the form that it needs.
import { base, isGood, problemOf, send } from './api.js';
import { announce, button, copier, el, freshId, single } from './dom.js';
import { partsOf, valueOf } from './generic.js';
import { Once } from './once.js';
import { sheet, summaryOf } from './sheet.js';
import { operationOf } from './vocabulary.js';
import { classOf, humanise, titleOf, words } from './words.js';

const w = words.operation;
const ORDER = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Parts of the console that a page can be shown without. */
const later = {
  form: () => import('./form_sheet.js'),
  many: () => import('./many.js'),
  sets: () => import('./sets.js'),
  stale: () => import('./stale.js'),
};
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
export const finish = (exchange, page, dialog, { isDeleting } = {}) => {
  dialog?.close();
  const { doc, headers, status } = exchange;
  announce(w.done);
  const place = headers.find(([name]) => name === 'location')?.[1];
  const of = classOf(doc ?? {});
  const hidden = doc && Object.keys(doc).filter((name) => name === 'secret' && doc[name]);
  if (hidden?.length) {
    const row = (name) => [el('dt', {}, humanise(name)),
      el('dd', {}, el('code', { class: 'secret' }, doc[name]), ' ', copier(words.copy, doc[name], words.copied))];
    const shown = sheet(w.once, el('p', {}, w.onceExplained),
      el('dl', { class: 'fields' }, ['key', ...hidden].filter((name) => doc[name]).map(row)),
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

/** Shows what went wrong; returns the faults that no field is marked with. */
export const fail = (exchange, fields, place) => {
  const { title, detail, faults, retry, requestId } = problemOf(exchange);
  const rest = fields?.mark(faults);
  const said = faults.length ? faults : detail ? [{ message: detail }] : [];
  const extra = [retry, exchange.status >= 500 && requestId ? `${words.requestId} ${requestId}` : undefined].filter(Boolean)
    .map((message) => ({ message }));
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
    // Whoever wants to delete what it is now sees that first.
    if (exchange.status === 412) dialog.addEventListener('close', () => page.reload());
    return isGood(exchange) ? finish(exchange, page, dialog, { isDeleting: true }) : fail(exchange, undefined, place);
  });
  const dialog = sheet(w.deleteThis(titleOf(page.doc, page.url)), el('form', { onsubmit: submit }, place,
    el('p', {}, w.deleteExplained),
    el('div', { class: 'field' }, el('label', { for: typed.id }, w.type, ' ', el('code', {}, wanted)), typed),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'danger' }, operation.label),
      button(w.cancel, () => dialog.close()))));
  typed.focus();
};

const confirm = (operation, target, page) => {
  const [place, once] = [el('div'), new Once(operation)];
  const dialog = sheet(operation.label, place, el('p', {}, operation.description ?? ''),
    el('div', { class: 'actions' }, button(operation.label, single(async () => {
    const exchange = await send(operation.method, target, { headers: once.headers() });
    once.answered(exchange);
    return isGood(exchange) ? finish(exchange, page, dialog) : fail(exchange, undefined, place);
  }), { class: 'danger' }), button(w.cancel, () => dialog.close())));
};

/** Returns the operations that a resource offers to this caller, each with the action that it is. */
export const offered = ({ doc }) => (doc['hydra:operation'] ?? []).map((node) => ({
  ...operationOf(node), action: [node['@type']].flat().map((type) => `${type}`.replace(/^.*[:/]/, '')).find((type) => /Action$/.test(type)),
})).filter(({ method }) => ORDER.includes(method)).sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));

/** Does what an operation says, with the sheet that it needs. */
const act = async (operation, target, page, { isAside } = {}) => {
  if (Array.isArray(page.doc.member) && !isAside && operation.method !== 'POST') return (await later.many()).everything(operation, page);
  if (operation.method === 'DELETE') return isAside ? confirm(operation, target, page) : remove(operation, target, page);
  if (operation.action === 'AddAction') {
    return (await later.sets()).changeSet(operation, target, (exchange, dialog) => finish(exchange, page, dialog));
  }
  return operation.expects ? (await later.form()).open(operation, target, page) : run(operation, target, page);
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
      title: operation.title, 'data-method': operation.method,
      class: operation.method === 'DELETE' ? 'danger' : operation.method === 'POST' ? 'main' : undefined,
    });
  });
  const aside = partsOf(page).does.flatMap(([name, value, property]) => property.operations
    .filter(({ method }) => ORDER.includes(method) && !(name === 'deleteImages'))
    .map((operation) => {
      const whole = { ...operation, label: humanise(name), description: property.description };
      return button(whole.label, single(() => act(whole, value, page, { isAside: true })),
        { title: property.description, 'data-method': operation.method });
    }));
  return [...own, ...aside];
};
