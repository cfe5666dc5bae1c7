import type { components } from './schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];

/** What every call throws when the controller refuses or cannot be reached (code `unreachable`). */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const TIME_LIMIT_MS = 20_000;

/** Told of every answer 401, so that the page can ask to sign in again. */
export const onSignedOut: { call: () => void } = { call: () => {} };

/** Asked where the controller wants a new proof of who is there; answers whether it was given. */
export const onProveAgain: { call: () => Promise<boolean> } = { call: () => Promise.resolve(false) };

/** A problem that the page finds by itself. */
const localProblem = (code: string): ApiError => new ApiError({ type: 'about:blank', title: '', status: 0, code, detail: code });
const unreachable = (): ApiError => localProblem('unreachable');

async function problemOf(response: Response): Promise<ApiError> {
  try {
    return new ApiError((await response.json()) as Problem);
  } catch {
    const { status, statusText } = response;
    return new ApiError({ type: 'about:blank', title: statusText, status, code: 'unknown', detail: statusText });
  }
}

// A page that refreshes itself keeps no session alive: the controller counts as use only what is asked soon after somebody did something.
const ATTENDED_MS = 60_000;
let lastInput = Date.now();
for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart'])
  globalThis.addEventListener?.(kind, () => (lastInput = Date.now()), { passive: true, capture: true });

function headersFor(body: unknown): Record<string, string> {
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  if (Date.now() - lastInput > ATTENDED_MS) headers['Loa-Unattended'] = '1';
  return headers;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await callOnce<T>(method, path, body);
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'verify_again' || !(await onProveAgain.call())) throw error;
    return callOnce<T>(method, path, body);
  }
}

async function callOnce<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: headersFor(body),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
  } catch {
    throw unreachable();
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.problem.code === 'not_signed_in' && path !== '/session') onSignedOut.call();
    throw problem;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** `?a=1&b=2` of what is set. */
export function query(values: Record<string, string | number | undefined>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([key, value]) => [key, String(value)]))}`;
}

export const get = <T>(path: string) => call<T>('GET', path);
export const post = <T>(path: string, body?: unknown) => call<T>('POST', path, body);
export const put = <T>(path: string, body: unknown) => call<T>('PUT', path, body);
export const patch = <T>(path: string, body: unknown) => call<T>('PATCH', path, body);
export const remove = <T>(path: string) => call<T>('DELETE', path);

/** What the controller takes of one file; a larger one is refused before its minutes of upload. */
export const MOST_UPLOAD_BYTES = 200 * 1024 * 1024;

/** Sends a file as the body and tells how much of it is gone, 0..100. */
export function upload<T>(path: string, file: File, onProgress: (percent: number) => void): Promise<T> {
  if (file.size > MOST_UPLOAD_BYTES) return Promise.reject(localProblem('too_large'));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1${path}${query({ filename: file.name })}`);
    request.setRequestHeader('Content-Type', file.type.startsWith('audio/') ? file.type : 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? Math.round((100 * event.loaded) / event.total) : 0);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as T);
      else if (request.status === 401) {
        onSignedOut.call();
        reject(new ApiError(request.response as Problem));
      } else reject(request.response?.code ? new ApiError(request.response as Problem) : unreachable());
    };
    request.send(file);
  });
}
