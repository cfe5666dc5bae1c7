// What a person reads when something is not as it should be, and what is not offered to them.
// usage: node bad_input.mjs ROOT PRESET
import { strict as assert } from 'node:assert';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGate } from './gate.mjs';
import { approveProgramme, archiveProgramme, signIn, signOut, writeProgramme } from './people.mjs';
import { DESK, story } from './story.mjs';

const [root, preset] = process.argv.slice(2);
const WARD = { id: 'hue-19753', name: 'Phường Phú Xuân' };
const TITLE = 'Vệ sinh môi trường';
const TEXT = 'Kính thưa bà con. Mời bà con dọn vệ sinh ngõ xóm.';
const LARGEST = 200 * 1024 * 1024;

const alert = (page, text) => page.getByRole('alert').filter({ hasText: text }).waitFor();

async function wrongPassword(page, demo) {
  await page.goto(demo.address);
  await page.getByLabel('Tên đăng nhập').fill('officer');
  await page.getByLabel('Mật khẩu').fill('không phải mật khẩu');
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await alert(page, 'Tên đăng nhập hoặc mật khẩu không đúng.');
}

/** An officer of two wards, one of them without a node. Answers that ward's name. */
async function addOfficerOfAWardWithoutNodes(page, demo) {
  await signIn(page, demo, 'admin');
  const areas = (await (await page.request.get(new URL('api/v1/areas', demo.address).href)).json()).items;
  const bare = areas.find((area) => area.nodes.total === 0 && area.parent);
  const made = await page.request.post(new URL('api/v1/users', demo.address).href, {
    data: {
      name: 'second', display_name: 'Cán bộ hai phường', password: await demo.password('officer'),
      grants: [{ role: 'author', area: WARD.id }, { role: 'author', area: bare.id }],
    },
  });
  assert.equal(made.status(), 201, await made.text());
  await signOut(page);
  return bare.name;
}

async function badFiles(page, folder) {
  await page.getByRole('link', { name: 'Soạn chương trình' }).click();
  await page.getByLabel('Tên chương trình').fill('Tệp hỏng');
  await page.getByRole('button', { name: 'Lưu' }).click();
  await page.getByRole('heading', { name: 'Tệp hỏng' }).waitFor();
  const file = page.getByLabel('Tải tệp âm thanh lên');
  await file.setInputFiles({ name: 'loi.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('Đây chỉ là chữ.'.repeat(500)) });
  await alert(page, 'Tệp này không phải tệp âm thanh.');
  await file.setInputFiles({ name: 'rong.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(0) });
  await alert(page, 'Tệp này rỗng.');
  const large = join(folder, 'lon.wav');
  const handle = await openFile(large, 'w');
  await handle.truncate(LARGEST + 1);
  await handle.close();
  await file.setInputFiles(large);
  await alert(page, 'Chỉ nhận tệp đến 200 MB.');
  assert.ok(await page.getByRole('button', { name: 'Gửi duyệt' }).isDisabled(), 'nothing without sound can be handed in');
}

async function badSchedules(page, bareWard) {
  await page.getByRole('link', { name: 'Chương trình', exact: true }).click();
  await page.getByRole('link', { name: TITLE }).click();
  await page.getByRole('link', { name: 'Lên lịch phát' }).click();
  const save = page.getByRole('button', { name: 'Lưu lịch phát' });
  await page.getByRole('checkbox', { name: WARD.name }).check();
  await page.getByLabel('Bắt đầu').fill('2026-01-05T06:00');
  await page.getByText('Giờ bắt đầu đã qua.').waitFor();
  assert.ok(await save.isDisabled(), 'a start in the past cannot be saved');
  await page.getByRole('button', { name: 'Phút tới' }).click();
  await page.getByText('Giờ bắt đầu đã qua.').waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: WARD.name }).uncheck();
  await page.getByRole('checkbox', { name: bareWard }).check();
  await page.getByText('Địa bàn đã chọn chưa có cụm loa nào.').waitFor();
  assert.ok(await save.isDisabled(), 'a schedule that nobody hears cannot be saved');
}

async function controllerGone(page, gate) {
  await page.getByRole('link', { name: 'Cụm loa' }).click();
  await page.locator('li[data-node]').first().waitFor();
  await gate.shut();
  const lost = page.getByText('Mất liên lạc với máy chủ.');
  await lost.waitFor();
  await page.getByRole('link', { name: 'Nhật ký' }).click();
  await alert(page, 'Không kết nối được máy chủ.');
  await gate.open();
  await lost.waitFor({ state: 'detached' });
  await page.getByText('Không kết nối được máy chủ.').waitFor({ state: 'detached' });
}

/** What is put away is not offered for a schedule any more. */
async function putAway(page) {
  await page.getByRole('link', { name: 'Chương trình', exact: true }).click();
  await archiveProgramme(page, TITLE);
  assert.equal(await page.getByRole('link', { name: 'Lên lịch phát' }).count(), 0);
  assert.ok(await page.getByLabel('Lời đọc').isDisabled());
}

async function sessionEnded(page) {
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Lịch phát', exact: true }).click();
  await page.getByText('Phiên đăng nhập đã hết. Mời đăng nhập lại.').waitFor();
}

/** Someone who may only look is offered nothing to change. */
async function noRights(page, demo) {
  await signIn(page, demo, 'monitor');
  for (const place of ['Chương trình', 'Lịch phát', 'Cụm loa', 'Địa bàn', 'Nhật ký', 'Tin khẩn cấp']) {
    await page.getByRole('link', { name: place, exact: true }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForFunction(() => !document.body.innerText.includes('Đang tải…'));  // a page may hold two lists
    const offered = await page.getByRole('button').allInnerTexts();
    assert.deepEqual(offered.filter((name) => name !== 'Kiểm tra nhật ký'), ['Đăng xuất'], place);  // a proof of the log only reads
    assert.equal(await page.getByRole('link', { name: /Soạn chương trình|Lên lịch phát/ }).count(), 0, place);
  }
}

await story({ root, preset, failedLoads: true }, async ({ demo, browser, atEnd }) => {
  const folder = await mkdtemp(join(tmpdir(), 'loa-bad-input-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const gate = await openGate(demo.address);
  atEnd(gate.shut);
  const through = { ...demo, address: gate.address, password: (who) => demo.password(who === 'second' ? 'officer' : who) };
  const page = await browser.open(DESK);
  await wrongPassword(page, through);
  const bareWard = await addOfficerOfAWardWithoutNodes(page, through);
  await signIn(page, through, 'second');
  await writeProgramme(page, TITLE, TEXT, WARD.id);
  await signOut(page);
  await signIn(page, through, 'approver');
  await approveProgramme(page, TITLE);
  await signOut(page);
  await signIn(page, through, 'second');
  await badFiles(page, folder);
  await badSchedules(page, bareWard);
  await controllerGone(page, gate);
  await putAway(page);
  await sessionEnded(page);
  await noRights(page, through);
});
