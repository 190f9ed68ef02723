// An image: deep zoom, its sizes to be copied, what is said of it, how it came in, what a stranger sees.
import { getLater, isGood } from '../api.js';
import { button, copier, el, link, redraw } from '../dom.js';
import { takeDrops } from '../drop.js';
import { follow } from '../follow.js';
import { addressLink, fieldsOf, headOf, partsOf } from '../generic.js';
import { offered } from '../operations.js';
import { me } from '../session.js';
import { moment, span } from '../time.js';
import { humanise, nameOf, words } from '../words.js';

const w = words.image;
const SERVICES = ['infoJson', 'imageService', 'degradedInfoJson', 'thumbnailInfoJson', 'thumbnailImageService', 'thumbnail400'];
const TIMES = ['created', 'queued', 'dequeued', 'finished', 'ingesting', 'attempts', 'lastError', 'nextTry', 'error'];

/** Loads the viewer, once. */
let loading;
const openSeadragon = () => {
  loading ??= new Promise((done, fail) => {
    // The viewer would add a style of its own, which the policy of the page refuses, unless an element of that name is there.
    const style = document.createElementNS('urn:none', 'style');
    style.setAttribute('data-openseadragon-mobile-css', '');
    document.head.append(style);
    const script = el('script', { src: new URL('../openseadragon/openseadragon.min.js', import.meta.url).href });
    script.addEventListener('load', () => done(globalThis.OpenSeadragon));
    script.addEventListener('error', fail);
    document.head.append(script);
  });
  return loading;
};

/** Returns the viewer of a description, with buttons for what gestures do. */
const zoomOf = (info, page) => {
  const stage = el('div', { class: 'stage' });
  const tools = el('div', { class: 'actions zoom', role: 'toolbar', 'aria-label': w.viewer });
  const box = el('div', { class: 'viewer' }, stage, tools);
  openSeadragon().then((OpenSeadragon) => {
    if (page.signal.aborted) return;
    const viewer = OpenSeadragon({
      element: stage, tileSources: info, drawer: 'canvas', showNavigationControl: false, crossOriginPolicy: 'Anonymous',
      animationTime: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 0.6, maxZoomPixelRatio: 4,
      gestureSettingsMouse: { scrollToZoom: true },
    });
    const by = (factor) => () => { viewer.viewport.zoomBy(factor); viewer.viewport.applyConstraints(); };
    tools.append(button('+', by(1.6), { title: w.zoomIn, 'aria-label': w.zoomIn }),
      button('−', by(1 / 1.6), { title: w.zoomOut, 'aria-label': w.zoomOut }),
      button('⤢', () => viewer.viewport.goHome(), { title: w.whole, 'aria-label': w.whole }),
      button('↻', () => viewer.viewport.setRotation(viewer.viewport.getRotation() + 90), { title: w.turn, 'aria-label': w.turn }),
      button('□', () => box.requestFullscreen?.(), { title: w.full, 'aria-label': w.full }));
    // This is what takes keys, and what is told of when it has focus.
    viewer.canvas.setAttribute('role', 'application');
    viewer.canvas.setAttribute('aria-label', `${w.viewer}: ${nameOf(page.doc)}. ${w.viewerKeys}`);
    page.signal.addEventListener('abort', () => viewer.destroy());
    stage.dataset.ready = 'true';
    viewer.addHandler('open', () => { stage.dataset.open = 'true'; });
    // The session may have ended, or who is logged in may not see it.
    viewer.addHandler('open-failed', () => box.replaceWith(message(page.doc.roles?.length ? w.closed : w.noPicture)));
  }).catch(() => {
    loading = undefined;
    box.replaceWith(message(words.notLoaded));
  });
  return box;
};

const message = (text, kind = '', ...more) => el('div', { class: `viewer message ${kind}` }, el('p', { dir: 'auto' }, text), ...more);

/** Returns what stands at the top: the picture, or why there is none. */
const topOf = (page, image, replace) => {
  const isProtected = image.roles?.length > 0;
  const mend = () => el('div', { class: 'mend' }, el('p', {}, words.register.replace.failed),
    button(words.register.replace.choose, () => replace([]), { class: 'main' }));
  if (image.error) return message(image.error, 'failed', replace ? mend() : undefined);
  if (image.ingesting && !image.infoJson) return message(image.dequeued ? w.notReady : w.isWaiting);
  if (isProtected && !me) {
    if (image.degradedInfoJson) return el('div', {}, zoomOf(image.degradedInfoJson, page), el('p', { class: 'faint' }, w.closedTier));
    return message(w.closed);
  }
  const info = image.infoJson ?? image.thumbnailInfoJson;
  return info ? zoomOf(info, page) : message(w.noPicture);
};

/** Returns how it came in, step by step. */
const stepsOf = (image) => {
  const rows = [[w.registered, image.queued ?? image.created], [w.fetched, image.dequeued],
    [w.processed, image.finished]].filter(([, at]) => at);
  const list = el('ol', { class: 'steps' }, rows.map(([label, at], index) => el('li', {}, el('span', {}, label), ' ', moment(at, true),
    index ? el('span', { class: 'faint' }, ` ${words.batch.after(span(rows[index - 1][1], at))}`) : '')));
  const trouble = image.error || image.lastError;
  return el('section', {}, el('h2', {}, w.steps), list,
    trouble ? el('p', { class: 'failed', dir: 'auto' }, `⚠ ${trouble}`) : '',
    image.attempts ? el('p', {}, w.tries(image.attempts, image.nextTry), ' ', image.nextTry ? moment(image.nextTry) : '') : '');
};

const serviceOf = (image) => el('ul', { class: 'plain' }, SERVICES.filter((name) => image[name]).map((name) => el('li', {},
  addressLink(image[name]), ' ', copier(words.copy, image[name], words.copied, w.copyOf(humanise(name))))));

/** Returns the thumbnails with addresses to be copied, as their own description lists them. */
const sizesOf = (image, page) => {
  const list = el('ul', { class: 'plain sizes' });
  if (image.thumbnailInfoJson) {
    getLater(image.thumbnailInfoJson).then((exchange) => {
      if (!isGood(exchange) || page.signal.aborted) return;
      list.replaceChildren(...(exchange.doc.sizes ?? []).map(({ width, height }) => {
        const address = `${image.thumbnailImageService}/full/${width},${height}/0/default.jpg`;
        return el('li', {}, link(address, w.size(width, height)), ' ',
          copier(words.copy, address, words.copied, w.copyOf(w.size(width, height))));
      }));
    });
  }
  return image.thumbnailInfoJson ? el('section', {}, el('h2', {}, w.sizes), list) : undefined;
};

/** Returns what somebody without credentials gets, asked when it is wished. */
const strangerOf = (image) => {
  if (!image.infoJson) return undefined;
  const said = el('p', { role: 'status' });
  const ask = async () => {
    const answer = await fetch(image.infoJson, { credentials: 'omit', redirect: 'manual', cache: 'no-store' }).catch(() => undefined);
    const status = answer?.type === 'opaqueredirect' ? 303 : answer?.status;
    said.textContent = w.strangers[status] ?? words.status[status ?? 0] ?? `${status}`;
  };
  return el('section', {}, el('h2', {}, w.stranger), button(w.ask, ask), said);
};

/** Shows an image. */
export const view = (page) => {
  const top = el('div', {});
  const beside = el('div', { class: 'facts' });
  const mayWrite = offered(page).some(({ method }) => method === 'PATCH');
  const replace = async (files) => (await import('./replace.js')).replace(page, files);
  if (mayWrite) takeDrops(page, words.register.replace.drop(nameOf(page.doc)), replace);
  const another = button(words.register.replace.button, () => replace([]));
  const draw = (image) => {
    redraw(top, [topOf(page, image, mayWrite ? replace : undefined)]);
    const hasServices = SERVICES.some((name) => image[name]);
    redraw(beside, [stepsOf(image), sizesOf(image, page),
      hasServices ? el('section', {}, el('h2', {}, w.services), serviceOf(image)) : undefined, strangerOf(image)]);
  };
  draw(page.doc);
  follow(page, page.doc, {
    seen: (image) => { if (!image.ingesting) page.reload(); else draw(image); }, done: (image) => !image.ingesting,
  });
  const { says, leads } = partsOf(page, [...SERVICES, ...TIMES, 'label']);
  return [headOf(page, { actions: mayWrite ? [another, ...page.actions] : page.actions }), top,
    el('div', { class: 'columns' }, el('section', {}, el('h2', {}, w.metadata), fieldsOf([...says, ...leads], page.vocabulary)), beside)];
};
