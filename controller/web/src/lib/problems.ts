import { ApiError, type Schemas } from '../api/client';
import { t } from './texts';

/** One Vietnamese sentence for what went wrong; a code without a text of its own shows the controller's sentence. */
export function say(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  return sayCode(error.problem.code, error.problem.detail);
}

/** The text of a stable code, or the detail behind a general one. */
export function sayCode(code: string, detail: string): string {
  return t.problems[code] ?? `${t.problems.unknown}: ${detail}`;
}

/** A reason word of a play record or occurrence, in words; a newer node may know more words than this page. */
export const sayReason = (reason: string | undefined): string => (reason ? (t.reasons[reason] ?? reason) : '');

/** Why a node is as it is; a reason without a text of its own shows the controller's sentence. */
export const sayNodeReason = (reason: Schemas['Reason']): string => t.nodeReasons[reason.code] ?? reason.detail;

/** What a node last refused, in words. */
export const sayRefusal = (refusal: Schemas['NodeRefusal']): string => t.refusals[refusal.code] ?? refusal.message;
