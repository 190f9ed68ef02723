// Elements, made by calls only: what comes from a document is text or an attribute, and never HTML.

/** Returns an element. `on*` of the attributes are listeners, `false` and `undefined` leave an attribute out. */
export const el = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'disabled') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
};

/** Returns whether an address may be clicked: one of the web, and of no other kind. */
export const isWeb = (address) => /^https?:\/\//i.test(`${address}`) && URL.canParse(`${address}`);

/** Returns a link where the address may be clicked, and its text elsewhere. */
export const link = (address, label, attributes = {}) => {
  const text = label ?? `${address}`;
  if (!isWeb(address)) return el('span', { class: attributes.class }, text);
  const isOwn = new URL(address).origin === location.origin;
  return el('a', { href: address, rel: isOwn ? undefined : 'noreferrer nofollow', dir: 'auto', ...attributes }, text);
};

/** Returns a button that does nothing but what is given. */
export const button = (label, onclick, attributes = {}) => el('button', { type: 'button', onclick, ...attributes }, label);

/** Returns a listener that does nothing while what it did before is still under way, however often it is called. */
export const single = (act) => {
  let isUnderWay = false;
  return async (event) => {
    event?.preventDefault();
    if (isUnderWay) return undefined;
    isUnderWay = true;
    try { return await act(event); } finally { isUnderWay = false; }
  };
};

/** Returns a button that copies a text, and says so; `name`: what it is called where several have the same label. */
export const copier = (label, text, done, name) => {
  const self = button(label, async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
      announce(done);
      self.textContent = done;
      setTimeout(() => { self.textContent = label; }, 1500);
    } catch {
      getSelection().selectAllChildren(self.nextElementSibling ?? self);
    }
  }, { class: 'quiet', 'aria-label': name });
  return self;
};

const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]';
const inOrder = (element) => [...element.querySelectorAll(FOCUSABLE)].filter((one) => !one.disabled && one.tabIndex >= 0);
const toldApartBy = (element) => [
  element.tagName, element.getAttribute('href'), element.getAttribute('aria-label') ?? element.textContent].join(' ');

/**
 * Shows something else within an element. What had focus in it has focus again where it is still there; otherwise `otherwise(element)`
 * has, or what stands in its place.
 */
export const redraw = (element, children, otherwise) => {
  const held = element.contains(document.activeElement) ? document.activeElement : undefined;
  const [place, mark] = held ? [inOrder(element).indexOf(held), toldApartBy(held)] : [];
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (!held || held.isConnected) return;
  const now = inOrder(element);
  const next = now.find((one) => toldApartBy(one) === mark) ?? otherwise?.(element) ?? now[Math.min(Math.max(place, 0), now.length - 1)];
  next?.focus({ preventScroll: true });
};

const live = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
document.body.append(live);

/** Says something to those who listen to the page. */
export const announce = (text) => {
  // Nothing outside of an open dialog is heard.
  const place = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (live.parentElement !== place) place.append(live);
  live.textContent = '';
  // The same text is heard again, and text in a place that is new, once there was nothing.
  setTimeout(() => { live.textContent = text; }, 100);
};

let count = 0;
/** Returns an id that no element has yet. */
export const freshId = (start) => `${start}-${count += 1}`;

/** Calls back once an element comes into view. */
export const whenSeen = (element, callback) => {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    callback();
  }, { rootMargin: '200px' });
  observer.observe(element);
};
