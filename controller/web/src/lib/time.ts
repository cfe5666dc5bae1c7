/** Times are UTC on the wire and local to the area on screen; a province of Viet Nam has one zone without summer time. */
const ZONE = 'Asia/Ho_Chi_Minh';
const OFFSET_MINUTES = 7 * 60;

const day = new Intl.DateTimeFormat('vi-VN', { timeZone: ZONE, weekday: 'short', day: '2-digit', month: '2-digit' });
const clock = new Intl.DateTimeFormat('vi-VN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hour12: false });
const exact = new Intl.DateTimeFormat('vi-VN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** "T3, 24/11 06:00" */
export const dayAndTime = (utc: string): string => `${day.format(new Date(utc))} ${clock.format(new Date(utc))}`;

/** "06:00:05" */
export const timeOfDay = (utc: string): string => exact.format(new Date(utc));

/** "1:05" of milliseconds, "1:02:05" from an hour on. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The local wall time of a moment as `<input type="datetime-local">` wants it. */
export function toLocalInput(moment: Date): string {
  return new Date(moment.getTime() + OFFSET_MINUTES * 60_000).toISOString().slice(0, 16);
}

/** The moment, in RFC 3339, of a local wall time as the input gives it. */
export const toUtc = (local: string): string => new Date(`${local.slice(0, 16)}:00+07:00`).toISOString().replace('.000', '');

/** RFC 3339 of a moment some minutes away from now. */
export const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
