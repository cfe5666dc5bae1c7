import { describe, expect, it } from 'vitest';
import { dayAndTime, span, timeOfDay, toLocalInput, toUtc } from './time';

describe('times on screen', () => {
  it.each([
    ['2026-11-24T06:00:00Z', '13:00'],
    ['2026-11-24T16:59:59Z', '23:59'],
    ['2026-11-24T17:00:00Z', '00:00'],
  ])('%s is %s in Huế', (utc, local) => expect(dayAndTime(utc)).toContain(local));

  it('shows the next local day after 17:00 UTC', () => expect(dayAndTime('2026-11-24T17:00:00Z')).toContain('25/11'));
  it('shows seconds where they matter', () => expect(timeOfDay('2026-11-24T06:00:05Z')).toBe('13:00:05'));

  it.each([
    [0, '0:00'],
    [65_000, '1:05'],
    [59_999, '1:00'],
    [3_725_000, '1:02:05'],
  ])('%i ms lasts %s', (ms, text) => expect(span(ms)).toBe(text));

  it('fills a date field with local wall time', () =>
    expect(toLocalInput(new Date('2026-11-24T23:30:00Z'))).toBe('2026-11-25T06:30'));
  it('reads it back as the same moment', () => expect(toUtc('2026-11-25T06:30')).toBe('2026-11-24T23:30:00Z'));
});
