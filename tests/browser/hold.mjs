// A controller that was restored from a backup, on the page: who looks, who keeps an alert, and who ends the hold.
// usage: node hold.mjs ROOT PRESET
import { strict as assert } from 'node:assert';
import { signIn, signOut } from './people.mjs';
import { PHONE, story } from './story.mjs';

const [root, preset] = process.argv.slice(2);
const KEPT = 'Diễn tập sơ tán ven sông';
const CANCELLED = 'Diễn tập đã hủy';

const held = (page, title) => page.locator('[data-held-alert]', { hasText: title });

async function openHold(page, demo, who) {
  await signIn(page, demo, who);
  await page.locator('[data-hold] a').click();
  await page.getByRole('heading', { name: 'Tạm ngừng sau khôi phục' }).waitFor();
}

/** Whoever may raise alerts may keep one; the end of the hold is not his. */
async function keepAsApprover(page, demo, browser) {
  await openHold(page, demo, 'approver');
  await browser.check(page, 'a hold as an approver sees it');
  await held(page, KEPT).getByText('Máy chuyển tin: còn hiệu lực').waitFor();
  await held(page, CANCELLED).getByText('Máy chuyển tin: đã hủy').waitFor();
  await page.getByText('Sau bản sao lưu', { exact: true }).waitFor();  // nodes hold it, the database does not
  assert.equal(await page.getByRole('button', { name: 'Kết thúc tạm ngừng' }).count(), 0);
  await held(page, KEPT).getByRole('button', { name: 'Giữ tin này' }).click();
  await held(page, KEPT).locator('[data-state="active"]').waitFor();
  await held(page, CANCELLED).locator('[data-state="ended"]').waitFor();
  await signOut(page);
}

async function endAsAdmin(page, demo, browser) {
  await openHold(page, demo, 'admin');
  await browser.check(page, 'a hold as an administrator sees it');
  const end = page.getByRole('button', { name: 'Kết thúc tạm ngừng' });
  assert.ok(await end.isDisabled(), 'the end wants a person who has looked');
  await page.getByLabel('Tôi đã xem hết các mục trên').check();
  await end.click();
  await page.getByText('Máy chủ đang làm việc bình thường.').waitFor();
  await page.locator('[data-hold]').waitFor({ state: 'detached' });
}

/** What an officer wonders afterwards: which alerts are still in force, and do the nodes follow. */
async function lookAfterwards(page) {
  const api = async (path) => (await page.request.get(new URL(`/api/v1/${path}`, page.url()).href)).json();
  const { items } = await api('alerts?state=active');
  assert.deepEqual(items.map((alert) => alert.title), [KEPT]);
  const end = Date.now() + 30_000;
  for (;;) {
    const nodes = (await api('nodes')).items;
    if (nodes.length === 3 && nodes.every((node) => node.report && node.report.plan_held === node.wanted_plan)) return;
    assert.ok(Date.now() < end, `the nodes follow: ${JSON.stringify(nodes.map((node) => [node.code, node.status, node.reasons]))}`);
    await new Promise((later) => setTimeout(later, 500));
  }
}

await story({ root, preset, options: ['--restored'] }, async ({ demo, browser }) => {
  const page = await browser.open(PHONE);
  await keepAsApprover(page, demo, browser);
  await endAsAdmin(page, demo, browser);
  await lookAfterwards(page);
});
