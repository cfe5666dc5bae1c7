/** Areas as a tree: each below its parent, in the order given, with how far down it stands. */
export interface Placed<A> {
  area: A;
  depth: number;
}

interface Known {
  id: string;
  parent?: string | undefined;
}

/** One whose parent is not among them stands at the top; a ring, which the controller never sends, is left out. */
export function placed<A extends Known>(areas: readonly A[]): Placed<A>[] {
  const ids = new Set(areas.map((area) => area.id));
  const below = new Map<string, A[]>();
  for (const area of areas) {
    const parent = area.parent !== undefined && ids.has(area.parent) ? area.parent : '';
    below.set(parent, [...(below.get(parent) ?? []), area]);
  }
  const rows: Placed<A>[] = [];
  const walk = (parent: string, depth: number): void => {
    for (const area of below.get(parent) ?? []) {
      rows.push({ area, depth });
      walk(area.id, depth + 1);
    }
  };
  walk('', 0);
  return rows;
}

/** From the topmost that is known down to the one itself. */
export function chainOf<A extends Known>(id: string, areas: readonly A[]): A[] {
  const chain: A[] = [];
  for (let at = areas.find((area) => area.id === id); at && !chain.includes(at); ) {
    chain.unshift(at);
    const { parent } = at;
    at = areas.find((area) => area.id === parent);
  }
  return chain;
}

/** Without marks and case, so that "phu xuan" finds "Phú Xuân". */
export const bare = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();
