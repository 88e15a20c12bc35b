import type { LitElement } from 'lit';

/** Puts an element on the page and waits until it and what is in it have rendered. */
export async function mount<T extends LitElement>(tag: string, props: object = {}): Promise<T> {
  const element = Object.assign(document.createElement(tag) as T, props);
  document.body.append(element);
  await settled(element);
  return element;
}

export async function settled(element: LitElement): Promise<void> {
  await element.updateComplete;
  const inside = [...(element.shadowRoot?.querySelectorAll<LitElement>('*') ?? [])].filter((one) => one.localName.includes('-'));
  for (const one of inside) await settled(one);
}

/** Text of an element with what its shadow roots render. */
export function textOf(node: Node): string {
  const root = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
  if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
  const own = [...root.childNodes].filter((child) => !(child instanceof HTMLStyleElement)).map(textOf).join('');
  const slotted = root === node ? '' : [...node.childNodes].map(textOf).join('');
  return own + slotted;
}

/** The next event of a type, asked of an element. */
export const asked = <T>(from: EventTarget, type: string): Promise<T> =>
  new Promise((done) => from.addEventListener(type, (event) => done((event as CustomEvent<T>).detail), { once: true }));
