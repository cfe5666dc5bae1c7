import { expect, test } from 'vitest';
import { bare, chainOf, placed } from './area_tree';

const hue = { id: 'hue' };
const ward = { id: 'hue-1', parent: 'hue' };
const zone = { id: 'hue-1-a', parent: 'hue-1' };
const other = { id: 'hue-2', parent: 'hue' };

test('areas stand below their parents, whatever order they come in', () => {
  const rows = placed([hue, ward, other, zone]).map(({ area, depth }) => `${depth} ${area.id}`);
  expect(rows).toEqual(['0 hue', '1 hue-1', '2 hue-1-a', '1 hue-2']);
});

test('an area whose parent may not be seen stands at the top', () => {
  expect(placed([ward, zone]).map(({ depth }) => depth)).toEqual([0, 1]);
  expect(chainOf('hue-1-a', [ward, zone])).toEqual([ward, zone]);
});

test('an unknown area has no chain', () => {
  expect(chainOf('da-nang', [hue, ward])).toEqual([]);
});

test('a place is found without its marks', () => {
  expect(bare('Phường Phú Xuân')).toBe('phuong phu xuan');
  expect(bare('Đ. A Lưới')).toBe('d. a luoi');
});
