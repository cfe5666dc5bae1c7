/** The repeats that the form offers, as RFC 5545 rules. Whatever repeats has an end. */
export type Repeat = 'once' | 'daily' | 'weekdays' | 'weekly';

/** The rule for a repeat that ends with the local day `until` (YYYY-MM-DD); nothing for `once`. UNTIL is in UTC (RFC 5545 3.3.10). */
export function ruleOf(repeat: Repeat, until: string): string | undefined {
  if (repeat === 'once') return undefined;
  const end = new Date(`${until}T23:59:59+07:00`).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const part = { daily: 'FREQ=DAILY', weekdays: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', weekly: 'FREQ=WEEKLY' }[repeat];
  return `${part};UNTIL=${end}`;
}
