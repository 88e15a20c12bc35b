const PREFIX = 'lc.intent.';

/** The idempotency key of what somebody wants, the same until it is settled, also over a reload of the page. */
export function keyOf(intent: string): string {
  const known = sessionStorage.getItem(PREFIX + intent);
  if (known) return known;
  const key = crypto.randomUUID();
  sessionStorage.setItem(PREFIX + intent, key);
  return key;
}

/** The answer is definite: the next press is a new intent. */
export const settled = (intent: string): void => sessionStorage.removeItem(PREFIX + intent);
