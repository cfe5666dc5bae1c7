// One story: the demo and a browser, its steps, and its end.
import { strict as assert } from 'node:assert';
import { startBrowser } from './browser.mjs';
import { startDemo } from './demo.mjs';

export const DESK = { width: 1200, height: 760 };
export const PHONE = { width: 390, height: 844 };

/**
 * Runs `steps` with { demo, browser, atEnd }: what is on screen is said where a step fails, no page may have had a fault of its own, and whatever was
 * begun is ended, `atEnd`'s last first. `options` go to tools/demo. With `failedLoads` a refused request, which the browser logs by itself, is no fault.
 */
export async function story({ root, preset, options = [], failedLoads = false }, steps) {
  const ends = [];
  const atEnd = (end) => ends.unshift(end);
  try {
    const demo = await startDemo(root, preset, ...options);
    atEnd(demo.stop);
    const browser = await startBrowser(root);
    atEnd(browser.close);
    try {
      await steps({ demo, browser, atEnd });
      assert.deepEqual(browser.faults().filter((fault) => !failedLoads || !fault.startsWith('Failed to load resource')), []);
    } catch (error) {
      await browser.tell();
      throw error;
    }
  } finally {
    for (const end of ends) await end();
  }
}
