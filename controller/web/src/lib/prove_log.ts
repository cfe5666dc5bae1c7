import type { Schemas } from '../api/client';

type Part = Schemas['RecordProof'];

/** Asks for the proof of a log part by part, from its first record to its end, and hands each part on; asks no further once `wanted` says no. */
export async function proveLog(ask: (from: number) => Promise<Part>, take: (part: Part) => void, wanted: () => boolean): Promise<void> {
  let from: number | undefined = 1;
  while (from !== undefined && wanted()) {
    const part: Part = await ask(from);
    if (!wanted()) return;
    take(part);
    from = part.next;
  }
}
