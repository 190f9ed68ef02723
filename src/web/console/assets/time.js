// Times in the reader's zone, with the exact value for those who point at it.
import { el } from './dom.js';

const medium = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Returns whether a text is a moment as XML Schema writes it. */
export const isMoment = (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));

/** Returns a moment as an element. */
export const moment = (text, withSeconds = false) => {
  const date = new Date(text);
  const shown = (withSeconds ? exact : medium).format(date);
  return el('time', { datetime: text, title: `${text}` }, shown);
};

/** Returns the time from one moment to another in words. */
export const span = (from, to) => {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
};
