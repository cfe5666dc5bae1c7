// Boards that come and go, on the page: a new one in a place, and one that is revoked.
// usage: node boards.mjs ROOT PRESET
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { signIn, signOut } from './people.mjs';
import { PHONE, story } from './story.mjs';

const [root, preset] = process.argv.slice(2);

const card = (page, code) => page.locator('li', { has: page.getByText(code, { exact: true }) });

/** Opens the form of one act on a board; its button must stay shut until the code was typed again. */
async function openForm(page, act, code) {
  await page.getByRole('button', { name: `${act}: ${code}` }).click();
  const dialog = page.getByRole('dialog');
  const sure = dialog.getByRole('button', { name: act });
  assert.ok(await sure.isDisabled(), `${act} wants the code typed`);
  await dialog.getByLabel(/Gõ lại mã/).fill(code.slice(0, -1));
  assert.ok(await sure.isDisabled(), `${act} wants the whole code`);
  await dialog.getByLabel(/Gõ lại mã/).fill(code);
  return { dialog, sure };
}

async function replace(page, browser) {
  const before = await card(page, 'PX-02').getAttribute('data-node');
  const { dialog, sure } = await openForm(page, 'Thay thiết bị', 'PX-02');
  await browser.check(page, 'the form that replaces a board');
  const [download] = await Promise.all([page.waitForEvent('download'), sure.click()]);
  assert.equal(download.suggestedFilename(), 'PX-02.bundle.json');
  const bundle = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.equal(bundle.code, 'PX-02');
  assert.notEqual(bundle.node, before);
  await dialog.getByRole('status').waitFor();
  await dialog.getByRole('button', { name: 'Đóng' }).last().click();
  await page.locator(`li[data-node="${bundle.node}"]`).waitFor();
  assert.equal(await page.locator(`li[data-node="${before}"]`).count(), 0);
}

async function revoke(page) {
  const { sure } = await openForm(page, 'Thu hồi', 'AL-01');
  await sure.click();
  await card(page, 'AL-01').waitFor({ state: 'detached' });
}

/** The play records of a board are held against its signatures. */
async function proveLog(page, browser) {
  await card(page, 'PX-01').getByRole('button', { name: /Kiểm tra nhật ký/ }).click();
  const dialog = page.getByRole('dialog', { name: /Kiểm tra nhật ký: PX-01/ });
  await dialog.locator('[data-proved]').waitFor();
  assert.equal(await dialog.locator('[data-fault]').count(), 0);
  await browser.check(page, 'the proof of a log');
  await dialog.getByRole('button', { name: 'Đóng' }).last().click();
}

/** Who may not administer is offered neither. */
async function notForOfficers(page, demo) {
  await signOut(page);
  await signIn(page, demo, 'officer');
  await page.getByRole('link', { name: 'Cụm loa', exact: true }).click();
  await card(page, 'PX-01').waitFor();
  assert.equal(await page.getByRole('button', { name: /Thu hồi|Thay thiết bị/ }).count(), 0);
}

await story({ root, preset }, async ({ demo, browser }) => {
  const page = await browser.open(PHONE);
  await signIn(page, demo, 'admin');
  await page.getByRole('link', { name: 'Cụm loa', exact: true }).click();
  await card(page, 'PX-02').waitFor();
  await browser.check(page, 'the list of nodes as an administrator sees it');
  await proveLog(page, browser);
  await replace(page, browser);
  await revoke(page);
  await notForOfficers(page, demo);
});
