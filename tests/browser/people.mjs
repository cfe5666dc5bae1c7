// What a person does on the page, in their words; each step waits for what it should lead to.
import { strict as assert } from 'node:assert';

export async function signIn(page, demo, who) {
  await page.goto(demo.address);
  await page.getByLabel('Tên đăng nhập').fill(who);
  await page.getByLabel('Mật khẩu').fill(await demo.password(who));
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.getByRole('heading', { name: 'Chương trình' }).waitFor();
}

export async function signOut(page) {
  await page.getByRole('button', { name: 'Đăng xuất' }).click();
  await page.getByLabel('Tên đăng nhập').waitFor();
}

/** Writes, speaks and hands in a programme of an area; answers when it waits for approval. */
export async function writeProgramme(page, title, text, area) {
  await page.getByRole('link', { name: 'Soạn chương trình' }).click();
  await page.getByLabel('Tên chương trình').fill(title);
  await page.getByLabel('Lời đọc').fill(text);
  await page.getByLabel('Địa bàn quản lý').selectOption(area);
  await page.getByLabel('Lĩnh vực pháp luật').selectOption('Hộ tịch, cư trú');
  await page.getByRole('button', { name: 'Lưu' }).click();
  await page.getByRole('heading', { name: title }).waitFor();
  await page.getByRole('button', { name: 'Đọc thành tiếng' }).click();
  await page.locator('audio').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Gửi duyệt' }).click();
  await page.locator('[data-state="waiting"]').first().waitFor();
}

/** Gives a waiting programme back with a reason. */
export async function returnProgramme(page, title, reason) {
  await page.getByRole('link', { name: title }).click();
  await page.getByLabel('Lý do trả lại').fill(reason);
  await page.getByRole('button', { name: 'Trả lại' }).click();
  await page.locator('[data-state="rejected"]').first().waitFor();
}

/** Reads why it came back, and hands it in again. */
export async function submitAgain(page, title, reason) {
  await page.getByRole('link', { name: title }).click();
  await page.getByText(reason).waitFor();
  await page.getByRole('button', { name: 'Gửi duyệt' }).click();
  await page.locator('[data-state="waiting"]').first().waitFor();
}

/** Puts an approved programme away. */
export async function archiveProgramme(page, title) {
  await page.getByRole('link', { name: title }).click();
  await page.getByRole('button', { name: 'Lưu trữ' }).click();
  await page.locator('[data-state="archived"]').first().waitFor();
}

/** Schedules a programme of the demo's first ward through the API, for the steps that come after it. Answers its time as the page shows it. */
export async function scheduleBehindThePage(page, demo, title, seconds) {
  const api = (path) => new URL(`api/v1/${path}`, demo.address).href;
  const { items } = await (await page.request.get(api('programmes?state=approved'))).json();
  const programme = items.find((item) => item.title === title).id;
  const start = new Date(Date.now() + seconds * 1000);
  const made = await page.request.post(api('broadcasts'), { data: { programme, areas: ['hue-19753'], class: 'normal', start } });
  assert.equal(made.status(), 201, await made.text());
  return start.toLocaleTimeString('vi-VN', { timeZone: 'Asia/Ho_Chi_Minh', hour: '2-digit', minute: '2-digit', hour12: false });
}

export async function approveProgramme(page, title) {
  await page.getByRole('link', { name: title }).click();
  await page.locator('audio').waitFor();
  await page.getByRole('button', { name: 'Duyệt', exact: true }).click();
  await page.locator('[data-state="approved"]').first().waitFor();
}

/** Schedules it for the next minute on every area offered; the coming occurrences are shown before it can be saved, and `look` is called then. */
export async function scheduleNextMinute(page, title, look) {
  await page.getByRole('link', { name: title }).click();
  await page.getByRole('link', { name: 'Lên lịch phát' }).click();
  await page.getByRole('button', { name: 'Phút tới' }).click();
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  const preview = page.locator('section', { has: page.getByRole('heading', { name: 'Các lượt sắp phát' }) });
  await preview.locator('ol li').first().waitFor();
  assert.match(await preview.innerText(), /Sẽ phát ở\s+3\s+cụm loa/);
  await look();
  await page.getByRole('button', { name: 'Lưu lịch phát' }).click();
  await page.getByRole('heading', { name: 'Lịch phát', exact: true }).waitFor();
}
