// Relays on the page: a stream without TLS from its address to the play log, each of the three people doing their part, and always marked unsafe.
// usage: node relays.mjs ROOT PRESET SCREENSHOT-FOLDER
import { strict as assert } from 'node:assert';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { approveProgramme, signIn, signOut, writeProgramme } from './people.mjs';
import { PHONE, story } from './story.mjs';

const [root, preset, pictures] = process.argv.slice(2);
const WARD = { id: 'hue-19753', name: 'Phường Phú Xuân' };
const DESK = { width: 1200, height: 900 };
const NAME = 'Đài truyền thanh';
const NOBODY = 'http://localhost:9/live';  // nobody sends there: what the node records of it is enough here
const SUBSTITUTE = 'Nhạc hiệu';

const card = (page) => page.locator('[data-stream]', { hasText: NAME });
const streams = async (page) => {
  await page.getByRole('link', { name: 'Chương trình', exact: true }).click();
  await page.getByRole('link', { name: 'Nguồn tiếp âm' }).click();
  await page.getByRole('heading', { name: 'Nguồn tiếp âm' }).waitFor();
};

async function as(page, demo, who) {
  await signOut(page);
  await signIn(page, demo, who);
}

/** An address that is none is refused in words; one without TLS is taken, with a warning. */
async function add(page, browser) {
  await streams(page);
  await browser.check(page, 'the empty list of streams');
  await page.getByRole('button', { name: 'Thêm nguồn', exact: true }).click();
  await page.getByLabel('Tên nguồn').fill(NAME);
  await page.getByLabel('Địa chỉ').fill('https://anna:secret@radio.example/live');
  await page.locator('#new-area').selectOption(WARD.id);
  await page.getByRole('button', { name: 'Thêm nguồn tiếp âm' }).click();
  await page.getByRole('alert').filter({ hasText: 'Địa chỉ này không dùng được.' }).waitFor();
  assert.equal(await page.getByText('Nguồn này không mã hóa').count(), 0);
  await page.getByLabel('Địa chỉ').fill(NOBODY);
  await page.getByText('Nguồn này không mã hóa').waitFor();
  await browser.check(page, 'a stream being added');
  await page.getByRole('button', { name: 'Thêm nguồn tiếp âm' }).click();
  await card(page).locator('[data-state="unsafe"]').waitFor();
  await card(page).locator('[data-state="waiting"]').waitFor();
  for (const name of ['Duyệt địa chỉ này', 'Cho phép không mã hóa', 'Lên lịch tiếp âm'])
    assert.equal(await card(page).getByRole('button', { name }).count() + await card(page).getByRole('link', { name }).count(), 0, name);
}

async function approve(page) {
  await streams(page);
  await card(page).getByText(NOBODY).waitFor();
  await card(page).getByRole('button', { name: 'Duyệt địa chỉ này' }).click();
  await card(page).locator('[data-state="approved"]').waitFor();
  await card(page).getByText('tỉnh, thành phố chưa cho phép nguồn không mã hóa').waitFor();
  assert.equal(await card(page).getByRole('button', { name: 'Cho phép không mã hóa' }).count(), 0, 'an approver allows no plain HTTP');
}

async function allow(page, browser) {
  await streams(page);
  await card(page).getByRole('button', { name: 'Cho phép không mã hóa' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(NOBODY).waitFor();
  await browser.check(page, 'the question whether plain HTTP is allowed');
  await dialog.getByRole('button', { name: 'Cho phép không mã hóa' }).click();
  await card(page).getByRole('button', { name: 'Thôi cho phép' }).waitFor();
  await card(page).locator('[data-state="unsafe"]').waitFor();
}

async function schedule(page, browser) {
  await streams(page);
  await card(page).getByRole('link', { name: 'Lên lịch tiếp âm' }).click();
  await page.getByRole('radio', { name: 'Tiếp âm' }).waitFor();
  assert.ok(await page.getByRole('radio', { name: 'Tiếp âm' }).isChecked());
  await page.locator('form [data-state="unsafe"]').waitFor();
  await page.getByLabel('Tiếp âm trong (phút)').fill('45');
  await page.getByRole('checkbox', { name: WARD.name }).check();
  const preview = page.locator('section', { has: page.getByRole('heading', { name: 'Các lượt sắp phát' }) });
  await preview.getByText('kẻ đứng giữa đường truyền có thể thay lời phát').waitFor();
  await preview.getByText('Chưa chọn bản phát thay').waitFor();
  await page.getByRole('checkbox', { name: SUBSTITUTE }).check();
  await preview.getByText('Chưa chọn bản phát thay').waitFor({ state: 'detached' });
  await preview.getByText('45:00', { exact: true }).waitFor();
  await browser.check(page, 'a relay being scheduled');
  await browser.picture(page, join(pictures, 'relay.png'));
  await page.getByRole('button', { name: 'Lưu lịch phát' }).click();
  await page.getByRole('heading', { name: 'Lịch phát', exact: true }).waitFor();
  const item = page.locator('li', { hasText: NAME });
  await item.locator('[data-state="relay"]').waitFor();
  await item.locator('[data-state="unsafe"]').waitFor();
  await page.locator('tr[data-occurrence]', { hasText: NAME }).first().locator('[data-state="unsafe"]').waitFor();
  await browser.check(page, 'broadcasts with a relay');
}

/** One of ten seconds, through the API; its record is marked in the log. */
async function heard(page, demo, browser) {
  const api = (path) => new URL(`api/v1/${path}`, demo.address).href;
  const { items } = await (await page.request.get(api('streams'))).json();
  const made = await page.request.post(api('broadcasts'), {
    data: { stream: items[0].id, duration_s: 10, areas: [WARD.id], class: 'priority', start: new Date(Date.now() + 12_000) },
  });
  assert.equal(made.status(), 201, await made.text());
  await page.getByRole('link', { name: 'Nhật ký', exact: true }).click();
  const row = page.locator('tr[data-outcome]', { hasText: NAME }).first();
  await row.waitFor({ timeout: 60_000 });
  await row.locator('[data-state="relay"]').waitFor();
  await row.locator('[data-state="unsafe"]').waitFor();
  await browser.check(page, 'the log of a relay');
}

/** Taken back by the province, the broadcast says that it is not heard. */
async function forbid(page) {
  await streams(page);
  await card(page).getByRole('button', { name: 'Thôi cho phép' }).click();
  await card(page).getByRole('button', { name: 'Cho phép không mã hóa' }).waitFor();
  await page.getByRole('link', { name: 'Lịch phát', exact: true }).click();
  await page.locator('li', { hasText: NAME }).first().getByText('Không được phát').waitFor();
}

async function change(page, browser) {
  await streams(page);
  await page.setViewportSize(PHONE);
  await card(page).getByRole('button', { name: 'Sửa' }).click();
  await card(page).getByLabel('Địa chỉ').fill('https://localhost:9/live');
  await browser.check(page, 'a stream being changed on a phone');
  await card(page).getByRole('button', { name: 'Lưu' }).click();
  await card(page).locator('[data-state="waiting"]').waitFor();
  assert.equal(await card(page).locator('[data-state="unsafe"]').count(), 0);
  await card(page).getByRole('button', { name: 'Bỏ nguồn này' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bỏ nguồn này' }).click();
  await card(page).locator('[data-state="retired"]').waitFor();
  assert.equal(await card(page).getByRole('button').count(), 0, 'nothing is done with a retired stream');
}

await mkdir(pictures, { recursive: true });
await story({ root, preset, failedLoads: true }, async ({ demo, browser }) => {
  const page = await browser.open(DESK);
  await signIn(page, demo, 'officer');
  await writeProgramme(page, SUBSTITUTE, 'Kính thưa bà con.', WARD.id);
  await add(page, browser);
  await as(page, demo, 'approver');
  await approveProgramme(page, SUBSTITUTE);
  await approve(page);
  await as(page, demo, 'admin');
  await allow(page, browser);
  await as(page, demo, 'officer');
  await schedule(page, browser);
  await heard(page, demo, browser);
  await as(page, demo, 'admin');
  await forbid(page);
  await as(page, demo, 'officer');
  await change(page, browser);
});
