// A schedule with what stands in for its programme: the order of choosing, a programme that is its own substitute, one that is changed while
// the form is open, and one that cannot be put away because a schedule counts on it.
// usage: node schedule.mjs ROOT PRESET
import { strict as assert } from 'node:assert';
import { approveProgramme, signIn, writeProgramme } from './people.mjs';
import { DESK, story } from './story.mjs';

const [root, preset] = process.argv.slice(2);
const WARD = { id: 'hue-19753', name: 'Phường Phú Xuân' };
const MAIN = 'Bản tin sáng';
const FIRST = 'Nhạc hiệu';
const SECOND = 'Dân ca Huế';
const NOT_APPROVED = 'Chương trình chưa được duyệt, hoặc đã sửa sau khi duyệt.';
const IN_USE = 'Chương trình còn trong lịch phát, hoặc còn phát thay trong lịch khác.';

const programmes = (page) => page.getByRole('link', { name: 'Chương trình', exact: true }).click();
const preview = (page) => page.locator('section', { has: page.getByRole('heading', { name: 'Các lượt sắp phát' }) });
const save = (page) => page.getByRole('button', { name: 'Lưu lịch phát' });
const substitutes = (page) => page.getByRole('group', { name: 'Phát thay khi cụm loa thiếu bản này' });
const box = (page, title) => substitutes(page).getByRole('checkbox', { name: title });
const numbered = async (page) => (await substitutes(page).locator('label').allInnerTexts()).filter((text) => /^\d/.test(text)).sort();
const alert = (page, text) => page.getByRole('alert').filter({ hasText: text });

async function api(page, demo, method, path, data) {
  const answer = await page.request[method](new URL(`api/v1/${path}`, demo.address).href, { data });
  assert.ok(answer.ok(), `${path}: ${await answer.text()}`);
  return answer.json();
}
const idOf = async (page, demo, title) => (await api(page, demo, 'get', 'programmes')).items.find((item) => item.title === title).id;

/** As an officer does who reads it again, elsewhere: it is a draft from then on. */
const change = async (page, demo, title) => api(page, demo, 'patch', `programmes/${await idOf(page, demo, title)}`, { text: `Kính thưa bà con. ${title}, bản sửa.` });

async function open(page) {
  await programmes(page);
  await page.getByRole('link', { name: MAIN }).click();
  await page.getByRole('link', { name: 'Lên lịch phát' }).click();
  await box(page, FIRST).waitFor();
}

/** They sound in the order in which they were chosen, whatever the order of the list is, and none stands in for itself. */
async function chooseInOrder(page, browser) {
  await open(page);
  assert.equal(await box(page, MAIN).count(), 0, 'what is to sound is not offered as its substitute');
  await box(page, SECOND).check();
  await box(page, FIRST).check();
  assert.deepEqual(await numbered(page), [`1. ${SECOND}`, `2. ${FIRST}`]);
  await box(page, SECOND).uncheck();
  assert.deepEqual(await numbered(page), [`1. ${FIRST}`]);
  await box(page, SECOND).check();
  assert.deepEqual(await numbered(page), [`1. ${FIRST}`, `2. ${SECOND}`]);
  await page.getByRole('checkbox', { name: WARD.name }).check();
  await preview(page).locator('ol li').first().waitFor();

  await page.locator('#programme').selectOption({ label: FIRST });
  assert.equal(await box(page, FIRST).count(), 0);
  assert.deepEqual(await numbered(page), [`1. ${SECOND}`]);
  await preview(page).locator('ol li').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 0, 'a substitute that became the programme is no fault');
  await page.locator('#programme').selectOption({ label: MAIN });
  await preview(page).locator('ol li').first().waitFor();
  await browser.check(page, 'a schedule with substitutes');
}

async function saveThem(page, demo) {
  await save(page).click();
  await page.getByRole('heading', { name: 'Lịch phát', exact: true }).waitFor();
  const made = (await api(page, demo, 'get', 'broadcasts')).items.find((item) => item.title === MAIN);
  assert.deepEqual(made.substitutes, [await idOf(page, demo, FIRST), await idOf(page, demo, SECOND)]);
}

/** What the controller refuses when it is saved is said, and what was entered stays. */
async function changedMeanwhile(page, demo, browser) {
  await open(page);
  await box(page, SECOND).check();
  await page.getByRole('checkbox', { name: WARD.name }).check();
  await page.getByLabel('Bắt đầu').fill(await nextDay(page));
  await preview(page).locator('ol li').first().waitFor();
  await change(page, demo, SECOND);
  await save(page).click();
  await alert(page, NOT_APPROVED).waitFor();
  assert.ok(await box(page, SECOND).isChecked());
  await browser.check(page, 'a schedule that was refused');
  // The preview says the same as soon as it is asked again, and nothing can be saved until the substitute is taken out.
  await page.getByRole('radio', { name: 'Ưu tiên' }).check();
  await alert(page, NOT_APPROVED).waitFor();
  assert.equal(await preview(page).locator('ol li').count(), 0);
  assert.ok(await save(page).isDisabled(), 'what was not shown cannot be saved');
  await box(page, SECOND).uncheck();
  await preview(page).locator('ol li').first().waitFor();
  await alert(page, NOT_APPROVED).waitFor({ state: 'detached' });
  assert.ok(await save(page).isEnabled());
}

/** The start that stands in the form, a day later: nothing else sounds then. */
async function nextDay(page) {
  const start = await page.getByLabel('Bắt đầu').inputValue();
  return new Date(Date.parse(`${start}Z`) + 86_400_000).toISOString().slice(0, 16);
}

async function keptForASchedule(page) {
  await programmes(page);
  await page.getByRole('link', { name: FIRST }).click();
  await page.getByRole('button', { name: 'Lưu trữ' }).click();
  await alert(page, IN_USE).waitFor();
  assert.equal(await page.locator('[data-state="archived"]').count(), 0);
}

/** A programme that is changed after it was scheduled is not heard until it is approved again, and the list says so. */
async function changedAfterwards(page, demo) {
  await change(page, demo, MAIN);
  await page.getByRole('link', { name: 'Lịch phát', exact: true }).click();
  const item = page.locator('li', { hasText: MAIN }).first();
  await item.getByText('chương trình chưa được duyệt lại').waitFor();
}

await story({ root, preset, failedLoads: true }, async ({ demo, browser }) => {
  const page = await browser.open(DESK);
  await signIn(page, demo, 'officer');
  for (const title of [MAIN, FIRST, SECOND]) {
    await programmes(page);
    await writeProgramme(page, title, `Kính thưa bà con. ${title}.`, WARD.id);
  }
  const other = await browser.open(DESK);
  await signIn(other, demo, 'approver');
  for (const title of [MAIN, FIRST, SECOND]) {
    await programmes(other);
    await approveProgramme(other, title);
  }
  await chooseInOrder(page, browser);
  await saveThem(page, demo);
  await changedMeanwhile(page, demo, browser);
  await keptForASchedule(page);
  await changedAfterwards(page, demo);
});
