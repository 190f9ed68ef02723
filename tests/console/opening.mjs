// How long pages take to open, one after the other in turn: not a test, but what docs/performance.md tells of.
//
//   node opening.mjs ROOT KEY:SECRET NAME=ADDRESS…
import { open, shown } from './browser.mjs';

const TIMES = 10;
const pages = process.argv.slice(4).map((argument) => {
  const [name, ...address] = argument.split('=');
  return { name, address: address.join('='), shown: [], quiet: [] };
});
const { page } = await open();

/** Returns the mean and the standard deviation of times, in whole milliseconds. */
const spreadOf = (times) => {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (times.length - 1));
  return `${Math.round(mean)} ± ${Math.round(deviation)}`;
};

// The first round fills what the browser and the service keep, and does not count.
for (let round = 0; round <= TIMES; round += 1) {
  for (const one of pages) {
    const began = performance.now();
    await page.goto(one.address);
    await shown(page);
    const isShown = performance.now() - began;
    await page.waitForLoadState('networkidle');
    // It is held to be idle after half a second without a request.
    if (round) { one.shown.push(isShown); one.quiet.push(performance.now() - began - 500); }
  }
}
console.log('| page | shown, ms | all of it, ms |\n|---|---|---|');
for (const { name, shown: times, quiet } of pages) console.log(`| ${name} | ${spreadOf(times)} | ${spreadOf(quiet)} |`);
process.exit(0);
