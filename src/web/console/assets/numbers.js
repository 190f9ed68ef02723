// Numbers as people read them.

/** Returns a number as people of the page's reader write it. */
export const number = (value) => (typeof value === 'bigint' ? value : Number(value)).toLocaleString();

/** Returns bytes in the unit that fits. */
export const bytes = (value) => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [amount, unit] = [Number(value), 0];
  while (amount >= 1000 && unit < units.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  return `${amount < 10 && unit ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
};
