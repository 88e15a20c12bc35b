/** Rearranging a lineup. Nothing here changes the show: the new order is a request to the server. */

/** The ids with one moved to another place; places outside the list are clamped. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from);
  const item = items[from];
  if (item === undefined) return [...items];
  rest.splice(Math.max(0, Math.min(rest.length, to)), 0, item);
  return rest;
}

export function without<T>(items: readonly T[], item: T): T[] {
  return items.filter((candidate) => candidate !== item);
}
