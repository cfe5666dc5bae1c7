import { expect, test } from 'vitest';
import type { Schemas } from '../api/client';
import { proveLog } from './prove_log';

const part = (from: number, next?: number): Schemas['RecordProof'] => ({
  log_id: 'log-1', from, to: from, records: 1, proved: 1, findings: [], ...(next === undefined ? {} : { next }),
});

test('a log is asked for part by part until its end', async () => {
  const asked: number[] = [];
  const taken: number[] = [];
  const ask = async (from: number) => {
    asked.push(from);
    return from < 1001 ? part(from, from + 500) : part(from);
  };
  await proveLog(ask, (one) => taken.push(one.from), () => true);
  expect(asked).toEqual([1, 501, 1001]);
  expect(taken).toEqual(asked);
});

test('a check that was shut asks no further, whatever is still to come', async () => {
  let asked = 0;
  let open = true;
  const taken: number[] = [];
  const ask = async (from: number) => {
    asked += 1;
    if (asked === 3) open = false; // while its answer is on the way
    return part(from, from + 1);
  };
  await proveLog(ask, (one) => taken.push(one.from), () => open);
  expect(asked).toBe(3);
  expect(taken).toEqual([1, 2]);
});
