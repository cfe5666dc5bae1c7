// An area on the page, for the officers of a commune and for the province: what its nodes say where nothing planned can sound, how loud, in which
// languages, and by which rules.
// usage: node areas.mjs ROOT PRESET
import { strict as assert } from 'node:assert';
import { approveProgramme, signIn, signOut, writeProgramme } from './people.mjs';
import { DESK, PHONE, story } from './story.mjs';

const [root, preset] = process.argv.slice(2);
const WARD = { id: 'hue-19753', name: 'Phường Phú Xuân' };
const TITLE = 'Xin lỗi bà con';
const TEXT = 'Kính thưa bà con. Bản tin hôm nay chưa phát được, xin hẹn bà con lần sau.';

const section = (page, heading) => page.locator('section', { has: page.getByRole('heading', { name: heading }) });
const standIn = (page, name) => page.locator(`dd[data-stand-in="${name}"]`);
const ask = async (page, demo, path) => (await page.request.get(new URL(`api/v1/${path}`, demo.address).href)).json();

async function openArea(page, name) {
  await page.getByRole('link', { name: 'Địa bàn', exact: true }).click();
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await section(page, 'Lời dựng sẵn').getByText('Của địa bàn này').waitFor();
}

/** An approved programme becomes stock of the ward, and is listened to where it stands. */
async function keepStock(page, browser) {
  const stock = section(page, 'Lời dựng sẵn');
  await stock.getByText('Địa bàn này chưa có lời dựng sẵn riêng.').waitFor();
  await stock.getByLabel('Chương trình đã duyệt').selectOption({ label: TITLE });
  await stock.getByLabel(/Tên gọi/).fill('xin_loi');
  await stock.getByRole('button', { name: 'Thêm lời dựng sẵn' }).click();
  const row = stock.locator('[data-stock="xin_loi"]');
  await row.getByText(TITLE).waitFor();
  assert.match(await row.locator('audio').getAttribute('src'), /\/media\/[0-9a-f]{64}\.opus$/);
  await stock.getByText(/Cũng có ở cụm loa/).click();
  await stock.locator('[data-stock="flood"]').getByText('đi kèm').waitFor();
  await browser.check(page, 'an area with stock of its own');
}

/** Stand-in and volume are set for the ward, and hold for its nodes. */
async function setStandIn(page, demo, browser) {
  const settings = section(page, 'Thiết lập âm thanh');
  await standIn(page, '').getByText('Không phát gì').waitFor();
  await settings.getByRole('button', { name: 'Đổi thiết lập' }).click();
  const dialog = page.getByRole('dialog');
  const offered = await dialog.getByLabel('Khi không có bản nào phát được').locator('option').allInnerTexts();
  assert.ok(offered.includes(TITLE), `offered are ${offered}`);
  assert.ok(!offered.some((one) => /lũ/i.test(one)), 'words of an emergency stand in for nothing');
  await dialog.getByLabel('Khi không có bản nào phát được').selectOption({ label: TITLE });
  await dialog.getByLabel('Phát thường (%)').fill('70');
  await browser.check(page, 'the settings of an area');
  await dialog.getByRole('button', { name: 'Lưu' }).click();
  await standIn(page, 'xin_loi').getByText(TITLE).waitFor();
  await standIn(page, 'xin_loi').getByText('đặt riêng').waitFor();
  await settings.getByText(/^70 /).waitFor();
  const { items } = await ask(page, demo, `nodes?area=${WARD.id}`);
  assert.equal(items.length, 2);
  for (const node of items) assert.deepEqual([node.effective_settings.stand_in, node.effective_settings.volume], ['xin_loi', 70], node.code);
}

async function muteAndUnmute(page) {
  const settings = section(page, 'Thiết lập âm thanh');
  await settings.getByRole('button', { name: 'Tắt tiếng' }).click();
  await settings.getByText('Đang tắt tiếng cả địa bàn').waitFor();
  await section(page, 'Cụm loa').locator('[data-state="muted"]').waitFor();
  await settings.getByRole('button', { name: 'Bật tiếng' }).click();
  await settings.getByText('Đang tắt tiếng cả địa bàn').waitFor({ state: 'detached' });
  await standIn(page, 'xin_loi').waitFor();  // a mute leaves the other settings as they were
}

async function readLanguages(page) {
  const languages = section(page, 'Ngôn ngữ');
  await languages.locator('dt[data-language="vi"]', { hasText: 'máy đọc được' }).waitFor();
  await languages.locator('dt[data-language="tth"]', { hasText: 'cần bản thu âm' }).waitFor();
  assert.equal(await languages.locator('dt[data-language="vi"] + dd').innerText(), '1');
  assert.equal(await languages.locator('dt[data-language="tth"] + dd').innerText(), '0');
}

/** Stock that stands in somewhere is not taken away, and goes when nothing names it any more. */
async function dropStock(page) {
  const drop = page.getByRole('button', { name: 'Bỏ xin_loi' });
  await drop.click();
  await page.getByText('đang là lời thay thế').waitFor();
  await section(page, 'Thiết lập âm thanh').getByRole('button', { name: 'Đổi thiết lập' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Khi không có bản nào phát được').selectOption('');
  await dialog.getByRole('button', { name: 'Lưu' }).click();
  await standIn(page, '').waitFor();
  await drop.click();
  await drop.waitFor({ state: 'detached' });
}

/** The province sees the whole tree, finds a commune without its marks, and goes on to its nodes. */
async function asProvince(page, browser) {
  await page.getByRole('link', { name: 'Địa bàn', exact: true }).click();
  await page.locator('[data-area="hue"]').waitFor();
  assert.ok((await page.locator('[data-area]').count()) > 30);
  await browser.check(page, 'the tree of areas');
  await page.getByLabel('Tìm địa bàn').fill('a luoi 1');
  await page.locator('[data-area="hue"]').waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-area]').count(), 1);
  await page.getByRole('link', { name: 'Xã A Lưới 1' }).click();
  await section(page, 'Quy định phát thanh').getByText('Giờ được phát').waitFor();
  await page.getByRole('link', { name: 'Xem cụm loa' }).click();
  await page.locator('li[data-node]', { hasText: 'AL-01' }).waitFor();
  assert.equal(await page.locator('li[data-node]').count(), 1);
}

/** Who may only look is offered nothing to change; an area that is none is said to be none. */
async function asMonitor(page) {
  await openArea(page, WARD.name);
  assert.deepEqual(await page.getByRole('button').allInnerTexts(), ['Đăng xuất']);
  await page.evaluate(() => { location.hash = '#/area/da-nang'; });
  await page.getByText('Không có địa bàn này').waitFor();
}

await story({ root, preset, failedLoads: true }, async ({ demo, browser }) => {
  const page = await browser.open(PHONE);
  await signIn(page, demo, 'officer');
  await writeProgramme(page, TITLE, TEXT, WARD.id);
  await signOut(page);
  await signIn(page, demo, 'approver');
  await approveProgramme(page, TITLE);
  await openArea(page, WARD.name);
  await browser.check(page, 'an area on a phone');
  await keepStock(page, browser);
  await setStandIn(page, demo, browser);
  await muteAndUnmute(page);
  await readLanguages(page);
  await dropStock(page);
  await signOut(page);

  await page.setViewportSize(DESK);
  await signIn(page, demo, 'admin');
  await asProvince(page, browser);
  await signOut(page);
  await signIn(page, demo, 'monitor');
  await asMonitor(page);
});
