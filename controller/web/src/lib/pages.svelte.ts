import { get, query } from '../api/client';
import { say } from './problems';

type Values = Record<string, string | number | undefined>;

const MOST_AT_ONCE = 200;

/** A list that comes in pages. An answer that is no longer asked for is dropped. */
export class Pages<T> {
  /** null: the first answer is not there yet. */
  items = $state.raw<T[] | null>(null);
  problem = $state('');
  #cursor = $state<string | undefined>();
  #asked = 0;

  /** `values` is asked for at each call, for filters that change. */
  constructor(
    private readonly path: string,
    private readonly values: () => Values = () => ({}),
    private readonly size = 50,
  ) {}

  get hasMore(): boolean {
    return this.#cursor !== undefined;
  }

  /** The first page, for a filter that changed. */
  start = () => this.#read([], undefined, this.size);
  /** What is shown anew, as long as it is, so that nothing that was unfolded folds up again. */
  refresh = () => this.#read([], undefined, Math.max(this.size, this.items?.length ?? 0));
  more = () => this.#read(this.items ?? [], this.#cursor, (this.items?.length ?? 0) + this.size);

  async #read(known: T[], cursor: string | undefined, wanted: number): Promise<void> {
    const asked = ++this.#asked;
    try {
      do {
        const limit = Math.min(wanted - known.length, MOST_AT_ONCE);
        const page = await get<{ items: T[]; next_cursor?: string }>(`${this.path}${query({ ...this.values(), limit, cursor })}`);
        if (asked !== this.#asked) return;
        known = [...known, ...page.items];
        cursor = page.next_cursor;
      } while (cursor !== undefined && known.length < wanted);
      this.items = known;
      this.#cursor = cursor;
      this.problem = '';
    } catch (error) {
      if (asked === this.#asked) this.problem = say(error);
    }
  }
}
