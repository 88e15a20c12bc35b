/** What holds the focus, through shadow roots. */
export function deepActive(root: Document | ShadowRoot = document): Element | null {
  const active = root.activeElement;
  return active?.shadowRoot?.activeElement ? deepActive(active.shadowRoot) : active;
}

/** A field has the focus: single keys rest. */
export function isTyping(): boolean {
  const active = deepActive();
  return active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement
    || (active instanceof HTMLElement && active.isContentEditable);
}

/** Whether a modal layer keeps the keys to itself, or a modifier makes it somebody else's shortcut. */
export const isPlainKey = (event: KeyboardEvent): boolean =>
  !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && !isTyping();
