// The form by which people log in: on the page, or over it where a session has ended.
import { base, isGood, send } from './api.js';
import { button, el, freshId } from './dom.js';
import { words } from './words.js';

const w = words.session;

/** The address of the session of this browser. */
export const SESSION = `${base}/console/session`;

/** Sends a request about the session, which takes and returns plain JSON. */
export const sendSession = (method, body) =>
  send(method, SESSION, { body, quiet: true, headers: body ? { 'content-type': 'application/json' } : {} });

/** Returns the number of a customer, which is the last part of its address. */
export const numberOf = (customer) => `${customer ?? ''}`.split('/').pop();

/** Returns whether anybody can log in at the address of this service: over http, secrets could be read on their way. */
const isPossible = () => {
  const { protocol, hostname } = new URL(base);
  return protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]'
    || /^127(\.\d+){3}$/.test(hostname);
};

/** Returns why a log-in failed, in words. */
const reasonOf = ({ status, doc }) => {
  if (status === 401) return w.wrong;
  if (status === 409) return w.several;
  return status === 403 || status === 503 ? doc?.detail ?? words.status[status] : words.status[status] ?? doc?.detail ?? words.serverFault;
};

/**
 * Returns the fields of the form. `done` is called after a log-in.
 * `known`: who is asked to log in again, with `name` and `customer`.
 */
const fieldsOf = (done, known) => {
  const fault = el('p', { class: 'fault', role: 'alert' });
  const [nameId, secretId, choiceId] = [freshId('log-in'), freshId('log-in'), freshId('log-in')];
  const name = el('input', { id: nameId, name: 'name', autocomplete: 'username', required: true, spellcheck: 'false',
    autocapitalize: 'none', dir: 'auto', value: known?.name ?? '' });
  const secret = el('input', { id: secretId, name: 'secret', type: 'password', autocomplete: 'current-password', required: true });
  const choice = el('div', { class: 'field', hidden: true });
  const submitButton = el('button', { class: 'main', type: 'submit' }, w.submit);
  const bodyOf = () => {
    const given = name.value.trim();
    if (!given.includes('@')) return { key: given, secret: secret.value };
    const again = given === known?.name && known.customer ? numberOf(known.customer) : undefined;
    return { email: given, password: secret.value, customer: choice.querySelector('select')?.value ?? again };
  };
  /** Another person has other customers. */
  const forget = () => { choice.replaceChildren(); choice.hidden = true; };
  name.addEventListener('input', forget);
  const offer = (customers) => {
    const select = el('select', { id: choiceId, name: 'customer' },
      customers.map((customer) => el('option', { value: customer }, customer)));
    choice.replaceChildren(el('label', { for: choiceId }, w.which), select);
    choice.hidden = false;
    select.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    fault.textContent = '';
    submitButton.disabled = true;
    submitButton.textContent = w.checking;
    const exchange = await sendSession('POST', bodyOf());
    submitButton.disabled = false;
    submitButton.textContent = w.submit;
    if (isGood(exchange)) return done();
    fault.textContent = reasonOf(exchange);
    if (exchange.status === 409 && exchange.doc?.customers?.length) return offer(exchange.doc.customers);
    secret.focus();
    return secret.select();
  };
  return {
    submit, first: known ? secret : name,
    parts: [el('div', { class: 'field' }, el('label', { for: nameId }, w.key), name),
      el('div', { class: 'field' }, el('label', { for: secretId }, w.secret), secret), choice, fault],
    submitButton,
  };
};

/** Returns the form by which people log in, or why nobody can; `done` is called after a log-in. */
export const form = (done) => {
  if (!isPossible()) return el('section', { class: 'log-in', id: 'log-in' }, el('h2', {}, w.title), el('p', {}, w.insecure(base)));
  const { submit, parts, submitButton } = fieldsOf(done);
  return el('form', { class: 'log-in', id: 'log-in', onsubmit: submit }, el('h2', {}, w.title), el('p', {}, w.explain), parts,
    el('div', {}, submitButton));
};

/**
 * Opens the form over the page, which stays as it is; returns whether somebody has logged in.
 * `known`: who is asked to log in again, if anybody was logged in.
 */
export const overPage = (known) => new Promise((end) => {
  const heading = freshId('log-in');
  const head = el('h2', { id: heading }, known ? w.again : w.title);
  let isIn = false;
  const dialog = el('dialog', { class: 'over', 'aria-labelledby': heading });
  if (isPossible()) {
    const { submit, parts, submitButton, first } = fieldsOf(() => { isIn = true; dialog.close(); }, known);
    dialog.append(el('form', { class: 'form-fields', onsubmit: submit }, head,
      el('p', { class: 'about' }, known ? w.againExplained : w.explain), parts,
      el('div', { class: 'actions' }, submitButton, button(words.operation.cancel, () => dialog.close()))));
    queueMicrotask(() => first.focus());
  } else dialog.append(head, el('p', {}, w.insecure(base)),
    el('div', { class: 'actions' }, button(words.operation.close, () => dialog.close())));
  dialog.addEventListener('close', () => { dialog.remove(); end(isIn); });
  document.body.append(dialog);
  dialog.showModal();
});
