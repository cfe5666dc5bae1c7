// People and machines on the page: an invitation, a second factor from setting up to signing in with it, sessions, a token that a machine
// reads with, and the audit log that tells of all of it; on a desk and on a phone.
// usage: node officers.mjs ROOT PRESET SCREENSHOT-FOLDER
import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { signIn, signOut } from './people.mjs';
import { DESK, PHONE, story } from './story.mjs';

const [root, preset, pictures] = process.argv.slice(2);
const STEP_MS = 30_000;

/** The code of an authenticator app (RFC 6238) for a secret as it is typed in. */
function codeOf(secret, at = Date.now()) {
  const bits = [...secret.replace(/ /g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const hash = createHmac('sha1', key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** A code of a later step than the one used before: the controller takes the step after the present one too. */
function nextCode(secret, used) {
  for (const at of [Date.now(), Date.now() + STEP_MS]) if (codeOf(secret, at) !== used) return codeOf(secret, at);
  throw new Error('two steps with one code');
}

const account = async (page) => {
  await page.getByRole('link', { name: 'Tài khoản', exact: true }).click();
  await page.getByRole('heading', { name: 'Tài khoản của tôi' }).waitFor();
  await page.locator('[data-second]').waitFor();
  await page.locator('[data-session]').first().waitFor();
};

/** Sets a second factor up on the account page; answers the secret, the code that confirmed it, and the recovery codes. */
async function setUp(page, browser) {
  await account(page);
  await browser.check(page, 'the account');
  await page.getByRole('button', { name: 'Bắt đầu thiết lập' }).click();
  const secret = await page.locator('[data-secret]').innerText();
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  assert.match(await page.getByRole('link', { name: /mở trong ứng dụng/ }).getAttribute('href'), /^otpauth:\/\/totp\//);
  assert.equal(await page.getByRole('img', { name: /Mã QR/ }).count(), 1);
  await browser.check(page, 'a second factor being set up');
  await browser.picture(page, join(pictures, 'second-factor.png'), true);
  await page.getByLabel('Mã 6 chữ số').fill('000000');
  await page.getByRole('button', { name: 'Xác nhận' }).click();
  await page.getByText('Mã không đúng.').waitFor();
  const used = codeOf(secret);
  await page.getByLabel('Mã 6 chữ số').fill(used);
  await page.getByRole('button', { name: 'Xác nhận' }).click();
  await page.locator('[data-recovery] li').nth(9).waitFor();
  const recovery = await page.locator('[data-recovery] li').allInnerTexts();
  assert.equal(recovery.length, 10);
  await browser.check(page, 'recovery codes');
  await page.getByRole('button', { name: 'Tôi đã cất các mã' }).click();
  await page.locator('[data-second="on"]').waitFor();
  return { secret, used, recovery };
}

async function signInWithCode(page, demo, factor, browser) {
  await page.getByLabel('Tên đăng nhập').fill('admin');
  await page.getByLabel('Mật khẩu').fill(await demo.password('admin'));
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  const field = page.getByLabel('Mã 6 chữ số, hoặc một mã dự phòng');
  await field.waitFor();
  await browser.check(page, 'the question for a code');
  await field.fill(factor.used);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.getByText('Mã này đã được dùng.').waitFor();
  await field.fill(nextCode(factor.secret, factor.used));
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.getByRole('heading', { name: 'Tài khoản của tôi' }).waitFor();  // the page that was open when signing out
}

/** Invites somebody, who sets a password by the link and signs in. */
async function invite(page, browser, demo) {
  await page.getByRole('link', { name: 'Quản trị', exact: true }).click();
  await page.locator('[data-user="officer"]').waitFor();
  await browser.check(page, 'people');
  await page.getByRole('button', { name: 'Thêm người' }).click();
  await page.getByLabel('Tên đăng nhập').fill('lan');
  await page.getByLabel('Họ tên, chức danh').fill('Lan, cán bộ tư pháp');
  await page.locator('select[id="new-role-0"]').selectOption('author');
  await page.locator('select[id="new-area-0"]').selectOption('hue-19753');
  await page.getByRole('button', { name: 'Tạo tài khoản và liên kết mời' }).click();
  const link = await page.locator('[data-link]').getAttribute('data-link');
  await page.locator('[data-user="lan"] [data-state="invited"]').waitFor();
  await browser.check(page, 'an invitation');
  await browser.picture(page, join(pictures, 'people.png'), true);

  const theirs = await browser.open(PHONE);
  await theirs.goto(link);
  await theirs.getByRole('heading', { name: 'Đặt mật khẩu' }).waitFor();
  await browser.check(theirs, 'an invitation opened');
  const set = async (password) => {
    await theirs.getByLabel('Mật khẩu mới', { exact: true }).fill(password);
    await theirs.getByLabel('Nhập lại mật khẩu mới').fill(password);
    await theirs.getByRole('button', { name: 'Lưu mật khẩu' }).click();
  };
  await set('matkhau123456');
  await theirs.getByText('Mật khẩu này dễ bị đoán.').waitFor();
  await set('con cò bay lả bay la');
  await theirs.getByText('Đã đặt mật khẩu.').waitFor();
  await theirs.getByRole('button', { name: 'Đăng nhập' }).click();
  await signIn(theirs, { address: demo.address, password: () => 'con cò bay lả bay la' }, 'lan');
  await account(theirs);
  await browser.check(theirs, 'the account on a phone');
  return theirs;
}

/** A token: told once, reads what it may from outside, and nothing else; revoked, nothing. */
async function machine(page, browser, demo) {
  await page.getByRole('link', { name: 'Mã truy cập' }).click();
  await page.getByRole('button', { name: 'Tạo mã truy cập' }).click();
  await page.getByLabel('Dùng cho').fill('Cổng thông tin');
  await page.getByRole('button', { name: 'Tạo', exact: true }).click();
  const token = await page.locator('[data-token] .secret').innerText();
  await browser.check(page, 'tokens');
  await browser.picture(page, join(pictures, 'tokens.png'), true);
  const ask = async (path) => (await page.request.get(new URL(`api/v1/${path}`, demo.address).href, { headers: { authorization: `Bearer ${token}`, cookie: '' } })).status();
  assert.equal(await ask('play-records'), 200);
  assert.equal(await ask('users'), 403);
  await page.getByRole('button', { name: 'Thu hồi' }).click();
  await page.locator('[data-token-state="revoked"]').waitFor();
  assert.equal(await ask('play-records'), 401);
}

/** The audit log tells of everything above, and is searched. */
async function audit(page, browser) {
  await page.getByRole('link', { name: 'Nhật ký quản trị' }).click();
  await page.locator('tr[data-audit]').first().waitFor();
  for (const action of ['revoke', 'redeem', 'confirm_second_factor'])
    assert.ok((await page.locator(`tr[data-action="${action}"]`).count()) >= 1, `no row of ${action}`);
  await browser.check(page, 'the audit log');
  await browser.picture(page, join(pictures, 'audit.png'));
  await page.getByRole('textbox', { name: 'Ai' }).fill('lan');
  await page.getByRole('button', { name: 'Tìm' }).click();
  await page.locator('tr[data-action="revoke"]').first().waitFor({ state: 'detached' });
  assert.ok((await page.locator('tr[data-action="redeem"]').count()) === 1);
  await page.getByRole('textbox', { name: 'Ai' }).fill('');
  await page.getByLabel('Đối tượng').selectOption('api_token');
  await page.locator('tr[data-action="redeem"]').first().waitFor({ state: 'detached' });
  assert.deepEqual(new Set(await page.locator('tr[data-audit]').evaluateAll((rows) => rows.map((row) => row.dataset.action))), new Set(['revoke', 'add']));
}

/** The admin sees where somebody is signed in, and ends it. */
async function endSession(page, theirs) {
  await page.getByRole('link', { name: 'Người dùng' }).click();
  const card = page.locator('[data-user="lan"]');
  await card.getByRole('button', { name: 'Nơi đang đăng nhập' }).click();
  await card.locator('[data-session]').first().waitFor();
  await card.getByRole('button', { name: 'Kết thúc mọi phiên khác' }).click();
  await card.locator('[data-session]').first().waitFor({ state: 'detached' });
  await theirs.getByText('Phiên đăng nhập đã hết.').waitFor({ timeout: 30_000 });
}

await mkdir(pictures, { recursive: true });
await story({ root, preset, failedLoads: true }, async ({ demo, browser }) => {
  const page = await browser.open(DESK);
  await signIn(page, demo, 'admin');
  const factor = await setUp(page, browser);
  await signOut(page);
  await signInWithCode(page, demo, factor, browser);
  const theirs = await invite(page, browser, demo);
  await machine(page, browser, demo);
  await audit(page, browser);
  await page.setViewportSize(PHONE);
  await browser.check(page, 'the audit log on a phone');
  await endSession(page, theirs);
  await browser.check(page, 'people on a phone');
});
