/** A time as a person reads it: local, with the offset, and how long ago that is. */
export function formatTime(iso: string, now: Date): string {
  const time = new Date(iso);
  const ago = now.getTime() - time.getTime();
  const distance = ago >= 0 ? `${formatDuration(ago)} ago` : `in ${formatDuration(-ago)}`;
  return `${localTime(time)} (${distance})`;
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  // 59.96 s would be written as 60.0 s.
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoUnits(amount: number, large: number, largeName: string, smallName: string): string {
  const rest = amount % large;
  return `${Math.floor(amount / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

function localTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${date} ${clock} ${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}
