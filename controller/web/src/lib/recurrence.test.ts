import { describe, expect, it } from 'vitest';
import { ruleOf } from './recurrence';

describe('repeats as RFC 5545 rules', () => {
  it.each([
    ['once', undefined],
    ['daily', 'FREQ=DAILY;UNTIL=20261130T165959Z'],
    ['weekdays', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261130T165959Z'],
    ['weekly', 'FREQ=WEEKLY;UNTIL=20261130T165959Z'],
  ] as const)('%s', (repeat, rule) => expect(ruleOf(repeat, '2026-11-30')).toBe(rule));
});
