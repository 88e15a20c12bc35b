import type { LitElement } from 'lit';

/** Put an element into the page with its properties set, and wait until it is drawn. */
export async function mounted<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}): Promise<HTMLElementTagNameMap[K]> {
  const element = Object.assign(document.createElement(tag), properties);
  document.body.replaceChildren(element);
  await (element as unknown as LitElement).updateComplete;
  return element;
}

/** The details of what an element asked for, in order. */
export function asked<T>(element: HTMLElement, type: string): T[] {
  const found: T[] = [];
  element.addEventListener(type, (event) => found.push((event as CustomEvent<T>).detail));
  return found;
}

/** The first match inside an element's shadow root; fails the test when there is none. */
export function within<T extends HTMLElement = HTMLElement>(element: Element, selector: string): T {
  const found = element.shadowRoot?.querySelector<T>(selector);
  if (!found) throw new Error(`${element.localName} has no ${selector}`);
  return found;
}

/** All matches inside an element's shadow root. */
export function allWithin<K extends keyof HTMLElementTagNameMap>(element: Element, selector: K): HTMLElementTagNameMap[K][];
export function allWithin(element: Element, selector: string): HTMLElement[];
export function allWithin(element: Element, selector: string): HTMLElement[] {
  return [...(element.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])];
}

/** What an element shows, as one line of text. */
export const textOf = (element: Element): string => (element.shadowRoot?.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
