/** Live changes: pages register what they show, and are asked to read it anew when something of it changed. */
const NAMES = ['node', 'occurrence', 'programme', 'job', 'broadcast', 'alert'] as const;
export type LiveName = (typeof NAMES)[number];

export const live = $state({ connected: true });

const GATHER_MS = 300;
const watchers = new Set<{ names: readonly LiveName[]; refresh: () => void }>();
let source: EventSource | undefined;
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

/** Begins to listen; the browser reconnects by itself, and then everything shown is read anew. */
export function listen(): () => void {
  source = new EventSource('/api/v1/events');
  source.onopen = () => {
    if (!live.connected) gather(NAMES);
    live.connected = true;
  };
  source.onerror = () => (live.connected = false);
  for (const name of NAMES) source.addEventListener(name, () => gather([name]));
  return () => source?.close();
}

/** Calls refresh now, and again after each change of what is named, until the returned function is called. */
export function watch(names: readonly LiveName[], refresh: () => void): () => void {
  const watcher = { names, refresh };
  watchers.add(watcher);
  refresh();
  return () => watchers.delete(watcher);
}
