// The demo as a child process: its address, its people's passwords, and its orderly end.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_LIMIT_MS = 90_000;
const END_LIMIT_MS = 15_000;

/** Starts `tools/demo --built` with the given preset, and what else it is told, and answers once its page is there. */
export async function startDemo(root, preset, ...more) {
  const folder = await mkdtemp(join(tmpdir(), 'loa-browser-'));
  const child = spawn(join(root, 'tools/demo'), ['--built', '--preset', preset, '--dir', join(folder, 'demo'), ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  const page = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the demo did not start in ${START_LIMIT_MS} ms`)), START_LIMIT_MS);
    child.stdout.on('data', (bytes) => {
      said += bytes;
      const found = /page\s+(https:\/\/\S+)/.exec(said);
      if (!found || !said.includes('Ctrl-C')) return;
      clearTimeout(limit);
      resolve(found[1]);
    });
    ended.then((code) => reject(new Error(`the demo ended with ${code}`)));
  });
  const password = (who) => readFile(join(folder, 'demo/passwords', who), 'utf8');
  const stop = async () => {
    child.kill('SIGTERM');
    const killed = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    await ended;
    clearTimeout(killed);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { address: await page, password, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
