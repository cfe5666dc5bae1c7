import { ApiError, get, onSignedOut, post, remove, type Schemas } from '../api/client';

type Right = Schemas['Right'];

/** Who is signed in, and the areas that they may see, parents first. */
export const session = $state<{ ready: boolean; ended: boolean; me: Schemas['Session'] | null; areas: Schemas['Area'][] }>({
  ready: false,
  ended: false,
  me: null,
  areas: [],
});

onSignedOut.call = () => {
  if (session.me) session.ended = true;  // several calls may learn of it, and only the first still knows who was here
  session.me = null;
};

/** Whether a second factor must be set up before anything else. */
export const mustSetUp = (me: Schemas['Session']): boolean => me.second_factor.required && !me.second_factor.enabled;

async function enter(me: Schemas['Session']): Promise<void> {
  session.areas = mustSetUp(me) ? [] : (await get<Schemas['AreaList']>('/areas')).items;
  session.me = me;
  session.ended = false;
}

/** Finds out whether the cookie of an earlier visit still counts. */
export async function resume(): Promise<void> {
  try {
    await enter(await get<Schemas['Session']>('/session'));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  } finally {
    session.ready = true;
  }
}

/** `code` where the controller has asked for one. */
export const signIn = async (name: string, password: string, code?: string) =>
  enter(await post<Schemas['Session']>('/session', code ? { name, password, code } : { name, password }));

/** Nobody is signed in any more, as the controller knows already. */
export function forget(): void {
  session.me = null;
  session.ended = false;
}

export async function signOut(): Promise<void> {
  await remove('/session').catch(() => undefined);
  forget();
}

/** Reads the areas anew, for their mutes and counts. */
export async function refreshAreas(): Promise<void> {
  session.areas = (await get<Schemas['AreaList']>('/areas')).items;
}

export const areaName = (id: string): string => session.areas.find((area) => area.id === id)?.name ?? id;

function isWithin(id: string, roots: readonly string[]): boolean {
  for (let at: string | undefined = id; at; at = session.areas.find((area) => area.id === at)?.parent)
    if (roots.includes(at)) return true;
  return false;
}

/** The areas in which I have a right; with an area: whether I have it there. */
export function areasWith(right: Right): Schemas['Area'][] {
  const roots = session.me?.rights.find((grant) => grant.right === right)?.areas ?? [];
  return session.areas.filter((area) => isWithin(area.id, roots));
}
/** Whether I have a right for all of the tree: what is the province's counts only there. */
export const mayAtTheTop = (right: Right): boolean => areasWith(right).some((area) => !area.parent);
export const may = (right: Right, area?: string): boolean =>
  area === undefined ? areasWith(right).length > 0 : areasWith(right).some((known) => known.id === area);
