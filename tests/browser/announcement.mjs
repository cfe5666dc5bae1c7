// A person on the page: two sentences, approved by a second person, scheduled for the next minute, heard on three nodes; then, on
// a phone, the things that must never be more than two steps away.
// usage: node announcement.mjs ROOT PRESET SCREENSHOT-FOLDER
import { strict as assert } from 'node:assert';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  approveProgramme, returnProgramme, scheduleBehindThePage, scheduleNextMinute, signIn, signOut, submitAgain, writeProgramme,
} from './people.mjs';
import { DESK, PHONE, story } from './story.mjs';

const [root, preset, pictures] = process.argv.slice(2);
const TITLE = 'Đăng ký tạm trú';
const REASON = 'Xin kiểm tra lại thời hạn.';
const TEXT = 'Kính thưa bà con. Người thuê nhà đăng ký tạm trú tại công an phường trước ngày 30/12/2026.';

async function announce(browser, demo) {
  const page = await browser.open(DESK);
  await page.goto(demo.address);
  await page.getByLabel('Mật khẩu').waitFor();
  await browser.check(page, 'sign-in');
  await signIn(page, demo, 'officer');
  await browser.check(page, 'programmes');
  await writeProgramme(page, TITLE, TEXT, 'hue-19753');
  await browser.check(page, 'a programme');
  await browser.picture(page, join(pictures, 'programme.png'), true);
  assert.equal(await page.getByRole('button', { name: 'Duyệt', exact: true }).count(), 0, 'the author must not be offered to approve');
  await signOut(page);

  await signIn(page, demo, 'approver');
  await returnProgramme(page, TITLE, REASON);
  await signOut(page);
  await signIn(page, demo, 'officer');
  await submitAgain(page, TITLE, REASON);
  await signOut(page);
  await signIn(page, demo, 'approver');
  await approveProgramme(page, TITLE);
  await signOut(page);

  await signIn(page, demo, 'officer');
  await scheduleNextMinute(page, TITLE, async () => {
    await browser.check(page, 'a schedule');
    await browser.picture(page, join(pictures, 'schedule.png'), true);
  });
  await browser.check(page, 'broadcasts');
  const rows = page.locator('tr[data-occurrence]', { hasText: TITLE });
  await rows.nth(2).waitFor();
  assert.equal(await rows.count(), 3);
  // Live: nobody reloads; the rows turn by the nodes' own reports and records.
  await page.locator('tr[data-occurrence] [data-state="playing"]').first().waitFor({ timeout: 90_000 });
  await page.waitForFunction(() => document.querySelectorAll('tr[data-occurrence] [data-state="played"]').length === 3, null, { timeout: 30_000 });
  assert.deepEqual(await rows.locator('[data-state]').allInnerTexts(), ['Đã phát', 'Đã phát', 'Đã phát']);
  await browser.picture(page, join(pictures, 'played.png'));

  await page.getByRole('link', { name: 'Nhật ký' }).click();
  await page.locator('tr[data-outcome="played"]').nth(2).waitFor();
  await browser.check(page, 'the play log');
  await browser.picture(page, join(pictures, 'log.png'), true);
  await page.getByRole('link', { name: 'Cụm loa' }).click();
  await page.locator('li[data-node][data-status="ready"]').nth(2).waitFor();
  await browser.check(page, 'nodes');
  await browser.picture(page, join(pictures, 'nodes.png'), true);
  await page.getByRole('link', { name: 'Tin khẩn cấp' }).click();
  await page.getByRole('heading', { name: 'Tin khẩn cấp' }).waitFor();
  await browser.check(page, 'alerts');
  assert.equal(await page.title(), 'Tin khẩn cấp · Loa truyền thanh cơ sở');
}

/** Each of these is two steps from any page: open the quick actions, and act. */
async function actOnAPhone(browser, demo) {
  const page = await browser.open(PHONE);
  await signIn(page, demo, 'approver');
  await browser.check(page, 'programmes on a phone');
  const sheet = page.getByRole('dialog', { name: 'Thao tác nhanh' });
  const quick = () => page.getByRole('button', { name: 'Thao tác nhanh' }).click();
  const close = () => sheet.getByRole('button', { name: 'Đóng' }).click();
  const node = (status) => page.locator(`li[data-node][data-status="${status}"]`);

  await muteAndUnmute({ browser, page, sheet, quick, close, node });
  await stopAndCancel({ demo, page, sheet, quick, close, node });
  await raiseAndCancelAnAlert({ browser, page, sheet, quick, close, node });
}

async function muteAndUnmute({ browser, page, sheet, quick, close, node }) {
  await quick();
  await sheet.getByRole('button', { name: 'Tắt tiếng' }).click();
  await sheet.getByRole('button', { name: 'Bật tiếng lại' }).waitFor();
  await browser.check(page, 'quick actions on a phone');
  await browser.picture(page, join(pictures, 'phone-quick.png'));
  await close();
  await page.getByRole('link', { name: 'Cụm loa' }).click();
  await node('muted').nth(1).waitFor();
  await browser.check(page, 'nodes on a phone');
  await quick();
  await sheet.getByRole('button', { name: 'Bật tiếng lại' }).click();
  await sheet.getByRole('button', { name: 'Tắt tiếng' }).waitFor();
  await close();
  await node('ready').nth(2).waitFor();

  // One node, on its own card.
  const one = page.locator('li[data-node]', { hasText: 'PX-02' });
  await one.getByRole('button', { name: 'Tắt tiếng' }).click();
  await page.locator('li[data-node][data-status="muted"]', { hasText: 'PX-02' }).waitFor();
  assert.equal(await node('muted').count(), 1, 'its neighbours are not muted');
  await one.getByRole('button', { name: 'Bật tiếng' }).click();
  await node('ready').nth(2).waitFor();
}

async function stopAndCancel({ demo, page, sheet, quick, close, node }) {
  await scheduleBehindThePage(page, demo, TITLE, 5);
  await node('playing').first().waitFor();
  await quick();
  await sheet.getByRole('button', { name: 'Dừng tiếng đang phát' }).click();
  await sheet.getByText('Đã gửi lệnh dừng.').waitFor();
  await close();
  await page.getByRole('link', { name: 'Nhật ký' }).click();
  await page.locator('tr[data-outcome="cancelled"]', { hasText: 'được dừng theo lệnh' }).nth(1).waitFor();

  const time = await scheduleBehindThePage(page, demo, TITLE, 3600);
  await quick();
  const coming = sheet.locator('.row', { hasText: time });
  await coming.getByRole('button', { name: 'Hủy lịch phát' }).click();
  await coming.waitFor({ state: 'detached' });
  await close();
  await page.getByRole('link', { name: 'Lịch phát', exact: true }).click();
  await page.locator('li.card', { hasText: time }).locator('[data-state="cancelled"]').waitFor();
}

async function raiseAndCancelAnAlert({ browser, page, sheet, quick, close, node }) {
  await page.getByRole('link', { name: 'Cụm loa' }).click();
  await quick();
  await sheet.getByRole('button', { name: 'Phát tin khẩn cấp' }).click();
  await sheet.getByLabel('Diễn tập').check();
  await sheet.getByRole('button', { name: 'Tiếp tục' }).click();
  await sheet.getByRole('button', { name: 'Phát ngay' }).waitFor();
  await browser.check(page, 'the second confirmation of an alert');
  await browser.picture(page, join(pictures, 'phone-alert.png'));
  await sheet.getByRole('button', { name: 'Phát ngay' }).click();
  await sheet.waitFor({ state: 'hidden' });
  await node('playing').first().waitFor();
  await quick();
  await sheet.getByRole('button', { name: 'Hủy tin khẩn' }).click();
  await sheet.getByRole('button', { name: 'Hủy tin khẩn' }).waitFor({ state: 'detached' });
  await close();
  await node('ready').nth(2).waitFor();
}

await mkdir(pictures, { recursive: true });
await story({ root, preset }, async ({ demo, browser }) => {
  await announce(browser, demo);
  await actOnAPhone(browser, demo);
});
