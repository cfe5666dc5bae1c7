// Debian's Chromium through playwright-core, and what every test here checks of a page.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--lang=vi-VN'];

// The style `body {}` that playwright adds for each picture, by the hash under which the page's content-security-policy refuses it.
const PICTURE_STYLE = 'sha256-PtsizeGnNw8pPA/F5x3F5IsYmfDWAdAyILGzCJKCXP4=';
const isExpected = (text) => /status of 401/.test(text) || text.includes(PICTURE_STYLE);

/** Starts Chromium; `root` is the checkout, whose page brings the npm packages. */
export async function startBrowser(root) {
  const require = createRequire(join(root, 'controller/web/package.json'));
  const { chromium } = require('playwright-core');
  const browser = await chromium.launch({ executablePath: process.env.LOA_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS, env: { ...process.env, LANGUAGE: 'vi' } });
  const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

  const opened = [];
  const faults = [];
  const open = async (size) => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: size, locale: 'vi-VN', timezoneId: 'Asia/Ho_Chi_Minh' });
    const page = await context.newPage();
    opened.push(page);
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && !isExpected(message.text()) && faults.push(message.text()));
    return page;
  };

  /** No violation of WCAG 2.1 A and AA that axe finds, and nothing wider than the screen. */
  const check = async (page, name) => {
    // A form that still rises is half transparent, and so is a button that was disabled just now.
    await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {}))));
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const found = await page.evaluate(`${axe}; axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`);
    const said = found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
    assert.deepEqual(said, [], `${name} breaks WCAG`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name} is ${wide} px wider than the screen`);
  };

  /** A picture of the window, or of the whole page. */
  const picture = async (page, path, whole = false) => {
    if (whole) await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path, fullPage: whole, caret: 'initial' });
  };

  /** What is on screen when a test fails, in words: the failed step alone seldom says why. */
  const tell = async () => {
    for (const page of opened) console.error(`\n${page.url()}\n${await page.locator('body').innerText().catch(String)}\n`);
  };

  return { open, check, picture, tell, faults: () => faults, close: () => browser.close() };
}
