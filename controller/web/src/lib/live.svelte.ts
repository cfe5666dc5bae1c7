/** Live changes: pages register what they show, and are asked to read it anew when something of it changed. */
import { refreshAreas } from './session.svelte';

const NAMES = ['node', 'occurrence', 'programme', 'stream', 'job', 'broadcast', 'alert', 'alarm'] as const;
export type LiveName = (typeof NAMES)[number];

export const live = $state({ connected: true });

const GATHER_MS = 300;
const RETRY_MS = 3_000;
const TICK_MS = 30_000;
const watchers = new Set<{ names: readonly LiveName[]; refresh: () => void }>();
let waiting: ReturnType<typeof setTimeout> | undefined;
const changed = new Set<LiveName>();

function gather(names: readonly LiveName[]): void {
  names.forEach((name) => changed.add(name));
  waiting ??= setTimeout(() => {
    waiting = undefined;
    const now = new Set(changed);
    changed.clear();
    for (const watcher of watchers) if (watcher.names.some((name) => now.has(name))) watcher.refresh();
  }, GATHER_MS);
}

/** Listens until the returned function is called; after a lost connection everything shown is read anew. */
export function listen(): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    source = new EventSource('/api/v1/events');
    source.onopen = () => {
      if (!live.connected) gather(NAMES);
      live.connected = true;
    };
    source.onerror = () => {
      live.connected = false;
      if (source.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
      // An answer other than 200 ends it for good: the session may have ended, which this call then finds out.
      void refreshAreas().catch(() => undefined);
      retry = setTimeout(open, RETRY_MS);
    };
    for (const name of NAMES) source.addEventListener(name, () => gather([name]));
  }

  // Some states change with the clock alone, such as an occurrence that nobody reported.
  const tick = setInterval(() => live.connected && document.visibilityState === 'visible' && gather(NAMES), TICK_MS);
  open();
  return () => {
    source.close();
    clearTimeout(retry);
    clearInterval(tick);
    live.connected = true;
  };
}

/** Calls refresh now, and again after each change of what is named, until the returned function is called. */
export function watch(names: readonly LiveName[], refresh: () => void): () => void {
  const watcher = { names, refresh };
  watchers.add(watcher);
  refresh();
  return () => watchers.delete(watcher);
}
