import { describe, expect, it } from 'vitest';
import { alarms, nodeReasons, problems, reasons, refusals } from './answers';

const files = import.meta.glob<string>(
  [
    '../../../{api,http,media}/**/*.{cpp,hpp}', '../../../api/openapi.yaml', '../../../store/{alarms,node_status,occurrences}.cpp',
    '../../../../{protocol,scheduler,tts-adapters}/*.{cpp,hpp}',
  ],
  { query: '?raw', import: 'default', eager: true },
);

/** The text of every file whose path holds `part`, one after the other. */
const read = (part: string): string =>
  Object.entries(files).filter(([path]) => path.includes(part)).map(([, text]) => text).join('\n');

/** The first group of every match, each once. */
function words(source: string, ...patterns: RegExp[]): string[] {
  const found = patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(found)].filter(Boolean).sort();
}

const without = (known: Record<string, string>, wanted: string[]) => wanted.filter((word) => !known[word]);

// The ways in which the controller's rooms name the code of a problem.
const PROBLEM = [
  /\bProblem\{\s*(?:\d{3},\s*)?"([a-z0-9_]+)"/g,
  /\{\d{3},\s*"([a-z0-9_]+)"/g,
  /\b(?:refused|conflict|problem)\(\s*"([a-z0-9_]+)"/g,
  /\bfail\(\w+,\s*"([a-z0-9_]+)"/g,
  /\bfault\((?:"[a-z_]+"|\w+(?:\(\))?),\s*(?:[^;"]*\?\s*)?"([a-z0-9_]+)"/g,
  /\bfault\([^;"]*\?\s*"[a-z0-9_]+"\s*:\s*"([a-z0-9_]+)"/g,
  /parts\.push_back\(\{[^;]*"([a-z0-9_]+)"\}\)/g,
  /return \{"([a-z0-9_]+)",\s*fmt/g,
];

describe('every word answered has a Vietnamese text', () => {
  const cases: [string, Record<string, string>, string[], string][] = [
    ['reasons of play records', reasons, words(read('/protocol/reasons.hpp'), /Reason\{"([a-z_]+)"/g), 'player_error'],
    ['reasons why an occurrence is unreported', reasons, words(read('../store/occurrences.cpp'), /case Known::\w+: return "([a-z_]+)"/g), 'node_gone'],
    ['reasons of nodes', nodeReasons, words(read('../store/node_status.cpp'), /emplace_back\("([a-z_]+)"/g, /return \{"([a-z_]+)"\}/g), 'state_old'],
    ['refusals of nodes', refusals, words(read('/protocol/names.cpp'), /RefusalCode::\w+: return "([a-z_]+)"/g), 'bad_signature'],
    ['kinds of alarms', alarms, words(read('../store/alarms.cpp'), /AlarmKind::\w+: return "([a-z_]+)"/g), 'clock_behind'],
    ['problems of previews', problems, words(read('../api/openapi.yaml').match(/PreviewProblem:[\s\S]*?enum: \[([^\]]*)\]/)?.[1] ?? '', /([a-z_]+)/g), 'past_start'],
    ['problems of the scheduler', problems, words(read('/scheduler/problem.hpp').split('kProblemCodes').at(-1) ?? '', /"([a-z_]+)",/g), 'overlaps'],
    ['problems of the API', problems, words(read('../api/'), ...PROBLEM), 'sign_in_failed'],
    ['problems of the HTTP server', problems, words(read('../http/'), ...PROBLEM), 'too_large'],
    ['problems of sound files', problems, words(read('../media/'), ...PROBLEM), 'not_audio'],
    ['problems of speech', problems, words(read('/tts-adapters/'), ...PROBLEM), 'speech_timeout'],
  ];
  it.each(cases)('%s', (_, known, wanted, sample) => {
    expect(wanted, 'the sources are still read').toContain(sample);
    expect(without(known, wanted)).toEqual([]);
  });
});
