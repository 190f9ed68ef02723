// The texts of the sheet in which images are added.
import { number } from './numbers.js';

/** Texts; functions take what differs. */
export const register = {
  button: 'Add images…',
  title: 'Add images',
  explain: 'Pictures are sent to the service, and nothing before you press Register. A CSV file is read here, and not sent.',
  addresses: 'Or addresses of images, or a table',
  explainAddresses: 'One address on each line; or a table with a line of names (origin, id, label, tags, string1 …), or without one in '
    + 'the order line, id, mediaType, space, origin, three references, three numbers, maxUnauthorised.',
  file: 'Choose files, or drop them here, folders too',
  files: 'Files to be sent',
  bytes: (count) => (count < 1e6 ? `${number(Math.ceil(count / 1000))} kB` : `${number(Math.round(count / 1e5) / 10)} MB`),
  as: (id) => `as ${id}`,
  empty: 'The file is empty.',
  noText: (name) => `${name} is not in UTF-8, so its letters cannot be read. `
    + 'Save it as UTF-8 ("CSV UTF-8" in spreadsheets), and choose it again.',
  tooLarge: (most) => `It is larger than the service takes (${most}).`,
  unreadable: 'It cannot be read here any more: was it moved, or changed?',
  noImage: (formats) => `It is no image that is read here (${formats}).`,
  filesFound: (count, size, bad) => `${count === 1 ? '1 file' : `${number(count)} files`}, ${size} to be sent`
    + (bad === 0 ? '' : bad === 1 ? '; 1 cannot become an image, and is left out'
      : `; ${number(bad)} cannot become images, and are left out`)
    + '. Nothing is sent yet.',
  begun: (count) => (count === 1
    ? 'A file was begun before and is not an image yet. It goes on where it was when you choose it again, or drop it here.'
    : `${number(count)} files were begun before and are no images yet. They go on where they were when you choose them again, `
      + 'or drop them here.'),
  partOf: (sent, size) => `${sent} of ${size} sent`,
  forget: 'Forget',
  space: 'Space: its number',
  whichSpace: 'Say to which space they go.',
  drop: (name) => `Drop files to add images to ${name}`,
  dropQueue: 'Drop files to add images',
  states: {
    waiting: (percent) => (percent ? `${percent} % sent before, and goes on from there` : 'not sent yet'),
    sending: (percent) => `${percent} % sent`,
    pausing: () => 'The connection broke off. It goes on by itself…',
    done: () => 'sent',
    failed: (percent, why) => `not sent: ${why}`,
    cancelled: () => 'cancelled',
  },
  leaveOut: 'Leave out',
  cancel: 'Cancel',
  leave: (verb, name) => `${verb}: ${name}`,
  filesSent: (count, total, sent, size) => `${count} of ${total} files sent, ${sent} of ${size}…`,
  found: (count, faults) => `${count} found, ${faults} with faults. Nothing is sent yet.`,
  unknown: (names) => `These columns are not known, and left out: ${names}.`,
  preview: 'Preview',
  line: 'line',
  fault: 'fault',
  rest: (count) => `and ${count} more`,
  start: 'Register',
  sent: (count, total) => `${count} of ${total} registered…`,
  stopped: (why) => `It stopped: ${why} Nothing is lost: press Register to go on.`,
  done: (total, registered, refused) => `${total} listed: ${registered} registered, ${refused} refused.`,
  batches: 'Batches',
  download: 'Refused lines with reasons, as CSV',
  replace: {
    button: 'Send another file…',
    title: 'Send another file',
    explain: (name) => `The file takes the place of the original of ${name}, which is made anew from it. `
      + 'Everything that is said of the image stays.',
    file: 'Choose a file, or drop it here',
    start: 'Send and process',
    several: 'One file takes the place of one original: drop one only.',
    drop: (name) => `Drop a file in place of the original of ${name}`,
    failed: 'Drop the right file on this page, or choose it:',
    choose: 'Choose a file…',
    changed: 'Somebody changed this since you read it. Press again to send it all the same.',
  },
};
