/** The page shown, kept in the address after `#/` so that back, reload and links work without a server rule. */
export interface Route {
  page: string;
  id: string;
}

function read(): Route {
  const [page = '', id = ''] = location.hash.replace(/^#\/?/, '').split('/');
  return { page: page || 'programmes', id: id.replace(/[^\w.-]/g, '') };
}

export const route = $state<Route>(read());

window.addEventListener('hashchange', () => Object.assign(route, read()));

/** The address of a page, for links. */
export const to = (page: string, id = ''): string => `#/${page}${id ? `/${encodeURIComponent(id)}` : ''}`;

/** Goes to a page. */
export function go(page: string, id = ''): void {
  location.hash = to(page, id);
}
