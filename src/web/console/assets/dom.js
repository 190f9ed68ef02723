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

/** Returns a button that copies a text, and says so. */
export const copier = (label, text, done) => {
  const self = button(label, async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
      announce(done);
      self.textContent = done;
      setTimeout(() => { self.textContent = label; }, 1500);
    } catch {
      getSelection().selectAllChildren(self.nextElementSibling ?? self);
    }
  }, { class: 'quiet' });
  return self;
};

const live = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
document.body.append(live);

/** Says something to those who listen to the page. */
export const announce = (text) => { live.textContent = text; };

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
