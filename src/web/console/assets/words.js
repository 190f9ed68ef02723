// Every text of the console, and the names that people give to things.
import { number } from './numbers.js';
import { register } from './words_register.js';

export { bytes, number } from './numbers.js';

/** Texts, by the part of the console that shows them. Functions take what differs. */
export const words = {
  brand: 'Hydria',
  loading: 'Loading…',
  none: 'none',
  yes: 'yes',
  no: 'no',
  unset: 'not set',
  more: 'Show more',
  copied: 'Copied',
  copy: 'Copy',
  vocabulary: 'Vocabulary',
  logIn: 'Log in',
  logOut: 'Log out',
  help: 'Keys',
  items: (count, estimated) => `${estimated ? 'about ' : ''}${number(count)}`,

  status: {
    0: 'The service did not answer. Is the network there?',
    401: 'You have to log in to see this.',
    403: 'You may not do this here.',
    404: 'There is nothing at this address.',
    405: 'This cannot be done here.',
    409: 'This is in use.',
    412: 'Somebody changed this since you read it.',
    413: 'This is larger than the service reads.',
    429: 'Too many requests at once.',
    503: 'The service cannot answer just now.',
    507: 'The storage policy allows no more.',
  },
  serverFault: 'The service failed. The request is named below, for those who run it.',
  retryAfter: (seconds) => `Try again in ${seconds} s.`,
  requestId: 'Request',
  tryAgain: 'Try again',
  notLoaded: 'A part of this page could not be loaded. Perhaps the service has another version now, or does not answer.',
  loadAnew: 'Load the page anew',

  traffic: {
    title: 'Request and answer',
    embedded: 'sent with the page',
    raw: 'Document',
    copyAddress: 'Copy address',
    copyCurl: 'Copy as curl',
    headers: 'Headers of the answer',
  },

  collection: {
    empty: 'There is nothing here yet.',
    emptyFiltered: 'Nothing matches these filters.',
    clear: 'Clear filters',
    grid: 'Pictures',
    table: 'Table',
    layout: 'Layout',
    filter: 'Filter',
    moreFilters: 'More filters',
    apply: 'Apply',
    any: 'any',
    utc: (label) => `${label} (UTC)`,
    from: 'from',
    first: 'First',
    previous: 'Previous',
    next: 'Next',
    last: 'Last',
    pages: 'Pages',
    pageSize: 'On a page',
    range: (from, to, total, estimated) =>
      `${number(from)}–${number(to)} of ${estimated ? 'about ' : ''}${number(total)}`,
    select: (name) => `Select ${name}`,
    selectAll: 'Select all on this page',
    selected: (count) => `${number(count)} selected`,
    members: 'Members',
    ascending: 'in ascending order',
    descending: 'in descending order',
  },

  image: {
    waits: 'waits',
    failed: 'failed',
    protected: 'protected',
    noPicture: 'no picture',
    dimensions: 'Size',
    viewer: 'Deep zoom',
    viewerKeys: 'Arrow keys move the picture, + and − zoom, 0 shows the whole, r turns it.',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    whole: 'Whole picture',
    turn: 'Turn',
    full: 'Fill the window',
    notReady: 'The image is being processed.',
    isWaiting: 'The image waits for its turn.',
    closed: 'This image is protected, so it is not shown here.',
    closedTier: 'This image is protected. Shown is what a stranger sees.',
    copyOf: (name) => `Copy the address: ${name}`,
    sizes: 'Thumbnails',
    services: 'Descriptions',
    steps: 'How it came in',
    registered: 'registered',
    fetched: 'taken from the queue',
    processed: 'processed',
    tries: (count, next) => `${count} ${count === 1 ? 'attempt' : 'attempts'} so far${next ? ', the next' : ''}`,
    stranger: 'What a stranger sees',
    ask: 'Try without credentials',
    strangers: { 200: 'The whole image, in every size.', 303: 'A smaller version, and the way to log in.',
      401: 'Nothing but the way to log in.', 404: 'Nothing.' },
    metadata: 'What is said of it',
    size: (width, height) => `${width} × ${height}`,
  },

  batch: {
    title: 'Progress',
    one: (id) => `Batch ${id}`,
    progress: (done, count, errors) => `${done} of ${count}${errors ? `, ${number(errors)} ${errors === 1 ? 'error' : 'errors'}` : ''}`,
    images: (count) => (count === 1 ? '1 image' : `${number(count)} images`),
    failed: 'What failed',
    first: (shown, all) => `These are the first ${shown} of ${all}.`,
    allErrors: 'All that failed',
    submitted: 'Submitted',
    finished: 'Finished',
    estimated: 'Will be done',
    after: (time) => `after ${time}`,
  },

  bulk: {
    bar: 'Selected images',
    none: 'Select pictures to change several at once; with Shift, all between two.',
    selected: (count) => `${number(count)} selected`,
    all: 'Select all on this page',
    clear: 'Select none',
    edit: 'Change…',
    remove: 'Delete…',
    title: (count) => (count === 1 ? 'Change 1 image' : `Change ${number(count)} images`),
    removeTitle: (count) => (count === 1 ? 'Delete 1 image?' : `Delete ${number(count)} images?`),
    addTags: 'Add tags',
    removeTags: 'Remove tags',
    lines: 'One on each line; the other tags stay.',
    protect: 'Who may see them',
    keep: 'as it is',
    open: 'everybody',
    roles: 'those with one of these roles',
    noRoles: 'This customer has no roles yet.',
    noneTicked: 'Tick a role of those who may see them.',
    typeCount: 'To confirm, type how many:',
    wrongCount: (count) => `Type ${count} to confirm.`,
  },

  many: {
    first: 'Enter what is to be the same for all that match. Then they are counted, before anything is done.',
    matches: (count) => `${count} match. Nothing was done yet.`,
    again: 'What matches has changed, so nothing was done. Press again to count it anew.',
  },

  queue: {
    waiting: 'What waits',
    images: (count) => `${count} images wait`,
    batches: (count) => ` in ${count} batches`,
  },

  job: {
    titles: {
      delete: (count) => `Deletion of ${count} images`,
      update: (count) => `Change of ${count} images`,
      other: (count) => `Job for ${count} images`,
    },
    what: 'What',
    asked: 'Asked for',
    cancelled: 'It was cancelled. What was done stays done.',
  },

  storage: {
    title: 'Storage',
    images: 'Images',
    originals: 'Originals',
    derived: 'Made of them',
    of: (used, most) => `${used} of ${most}`,
    policy: 'The bounds are those of the storage policy',
    noPolicy: 'It has no bounds of its own.',
    changed: 'This last changed',
  },

  space: {
    images: 'Images',
    count: (total, text) => (total === 1 ? '1 image' : `${text} images`),
    all: 'All images',
  },

  form: {
    required: '(required)',
    isRequired: (label) => `${label} is required.`,
    noNumber: (label) => `${label}: this is no whole number.`,
    noTime: (label) => `${label}: this is no complete date and time.`,
    tooLarge: (label) => `${label}: so large a number has to be written as digits only.`,
    example: (text) => `For example: ${text}`,
    lines: 'One on each line.',
    unchanged: 'It stays as it is where this is empty.',
    conflict: 'Nothing was saved yet. Compare, and send yours again or discard it.',
    compare: 'Comparison',
    yours: 'Yours',
    loaded: 'When you read it',
    now: 'Now',
    again: 'Apply mine again',
    reload: 'Discard mine',
  },

  operation: {
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    edit: 'Edit',
    replace: 'Replace',
    delete: 'Delete',
    members: 'Change members',
    create: (kind) => `New ${kind}`,
    changeAll: 'Change all…',
    deleteAll: 'Delete all…',
    done: 'Done.',
    faults: (count) => (count === 1 ? 'There is one fault.' : `There are ${count} faults.`),
    nothing: 'Nothing was changed, so nothing was sent.',
    noJson: 'This is no JSON.',
    noObject: 'This is no JSON object, so that fields cannot show it.',
    noFields: (names) => `No field holds this as it stands here: ${names.join(', ')}.`,
    hidden: 'What is secret is not shown here. It is sent as it was entered.',
    raw: 'Edit as JSON',
    fields: 'Edit as fields',
    set: 'Members',
    draft: 'This is what you entered before.',
    forget: 'Begin anew',
    setExplained: 'One id or address on each line. What is sent replaces the whole set.',
    ownId: 'Id',
    ownIdExplained: 'Leave it empty to be given one.',
    once: 'Shown only once',
    onceExplained: 'Keep this now: it is not shown again.',
    kept: 'I have kept it',
    deleteThis: (name) => `Delete ${name}?`,
    deleteExplained: 'This cannot be undone.',
    type: 'To confirm, type',
    taken: (id) => `The id ${id} is taken. Nothing was changed.`,
    notTyped: (text) => `Type ${text} to confirm.`,
  },

  register,

  table: {
    noNumber: (name, text) => `${name}: ${text} is no whole number, or is too large for one`,
    unclosed: (line) => `a quote that begins in line ${line} is not closed`,
    noOrigin: 'there is no origin',
    noAddress: (text) => `${text} is no address`,
    noSpace: 'there is no space',
    tooMany: (count, columns) => `there are ${count} values for ${columns} columns`,
    twice: (id, line) => `${id} is in line ${line} already`,
  },

  vocabularyPage: {
    index: 'Classes',
    filter: 'Find a class',
    resources: 'Resources',
    collections: 'Collections',
    errors: 'Errors',
    properties: 'Properties',
    operations: 'Operations',
    name: 'Name',
    range: 'Values',
    flags: 'How',
    meaning: 'Meaning',
    method: 'Method',
    takes: 'Takes',
    gives: 'Gives',
    statuses: 'Statuses',
    required: 'required',
    readOnly: 'read-only',
    writeOnly: 'write-only',
    many: 'several',
  },

  keys: {
    palette: 'Go to',
    where: 'An address, an id, or a part of a title',
    show: 'Which keys work',
    on: 'Single keys work',
    list: { '/': 'Go to an address', 'g h': 'Home', '[': 'Page before', ']': 'Page after', e: 'Edit', '?': 'These keys' },
  },

  first: {
    what: 'Hydria registers the images of a library and serves them to the web: as thumbnails, as tiles for deep zoom, '
      + 'and by the Image API of IIIF. This is its API; every page shows the resource that programs get at the same address.',
    start: 'Start',
    root: 'The root document, from which everything is reached',
    openapi: 'The same as OpenAPI',
    vocabulary: 'The vocabulary: every class, property and operation',
    elsewhere: 'The console works at the address that the service was given, and not at this one:',
  },

  session: {
    key: 'E-mail address, or key',
    secret: 'Password, or secret of the key',
    which: 'Which customer?',
    submit: 'Log in',
    checking: 'Checking…',
    needed: 'You have to log in to see this',
    wrong: 'These do not belong together. Check both, and try again; each attempt that fails makes the next take longer.',
    several: 'This is right for several customers. Choose one.',
    insecure: (base) => `The address of this service is ${base}. Over http, people log in only on the machine of the service `
      + 'itself: everywhere else, what they send could be read on its way. Whoever runs the service can give it an address of https '
      + '(HYDRIA_PUBLIC_URL).',
    linkIsOver: 'This link has been used already, or is older than ten minutes. `hydria key link` prints another.',
    keyNamed: (name) => `Key ${name}`,
    reads: 'reads only',
    expires: (minutes) => `Your session ends in ${minutes} min.`,
    extend: 'Stay logged in',
    ended: 'Your session has ended.',
    title: 'Log in',
    explain: 'With your e-mail address and password, or with an API key and its secret.',
    again: 'Log in again',
    againExplained: 'Your session has ended. The page stays as it is, and goes on once you are logged in.',
  },

  account: {
    own: 'Change password…',
    other: 'Set a new password…',
    ownExplained: 'You stay logged in here. Everywhere else, you will be asked for the new password.',
    otherExplained: 'The old password is not needed. Whoever is logged in with it will be asked for the new one.',
    changed: 'The password was changed.',
    noRole: 'Nobody can log in with this account: it has no role.',
    disabled: 'Nobody can log in with this account: it is not enabled.',
    giveRole: 'Give it one',
  },
};

/** Returns a name of a program as words: `defaultMaxUnauthorised` as "Default max unauthorised". */
export const humanise = (name) => {
  const spaced = `${name}`
    .replace(/^hydra:|^vocab:/, '')
    .replace(/([a-z0-9])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`)
    .replace(/([a-z])(\d)/g, '$1 $2');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

const NAMES = ['label', 'displayName', 'name', 'title', 'email', 'key'];

const lastOf = (address) => {
  const last = `${address}`.split(/[?#]/)[0].replace(/\/+$/, '').split('/').pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
};

/** Returns the name that somebody gave to a resource, if anybody did. */
export const givenName = (node) => {
  const term = NAMES.find((name) => typeof node[name] === 'string' && node[name].trim() !== '');
  return term && node[term];
};

/** Returns what a resource is called among its like: by its name, its id, or the end of its address. */
export const nameOf = (node) => {
  if (typeof node !== 'object' || node === null) return lastOf(node);
  const id = node.id ?? (node['@id'] ? lastOf(node['@id']) : '');
  return givenName(node) ?? `${id}`;
};

/** Returns the class of a node without its prefix, the most exact where there are several. */
export const classOf = (node) => {
  const types = node?.['rdf:type']?.['@id'] ?? node?.['@type'];
  const type = Array.isArray(types) ? types[0] : types;
  return typeof type === 'string' ? type.replace(/^.*[:#/]/, '') : undefined;
};

/** Returns what the page of a document is called; the server names pages alike. */
export const titleOf = (node, address) => {
  const { pathname } = new URL(address, location.href);
  const kind = classOf(node);
  if (node.status && node.title && kind === 'Error') return `${node.title}`;
  if (kind === 'ApiDocumentation') return words.vocabulary;
  if (kind === 'EntryPoint') return words.brand;
  if (node.totalItems !== undefined || Array.isArray(node.member)) return humanise(lastOf(pathname));
  const given = givenName(node);
  if (given) return given;
  if (kind === undefined) return humanise(lastOf(pathname));
  return node.id === undefined ? humanise(kind) : `${humanise(kind)} ${node.id}`;
};

/** Returns an address as a person reads it: below the service without its host. */
export const shortAddress = (address, base) => (address.startsWith(`${base}/`) ? address.slice(base.length) : address);
