/** Single keys of a page. They rest while a field has focus, while a dialog is open, and with Ctrl, Alt or Meta. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export interface Shortcut {
  /** As in `KeyboardEvent.key`, lower case. */
  key: string;
  /** For the list that `?` opens. */
  label: string;
  run: () => void;
  /** Whether holding the key repeats it. */
  repeats?: boolean;
}

const FIELDS = 'input, textarea, select, [contenteditable=""], [contenteditable="true"]';

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && ['checkbox', 'radio', 'range', 'button'].includes(target.type)) return false;
  return target.matches(FIELDS) || event.composedPath().some((node) => node instanceof HTMLDialogElement && node.open);
}

/** Listens on the window for as long as its host is connected. */
export class Shortcuts implements ReactiveController {
  constructor(host: ReactiveControllerHost, private readonly list: () => readonly Shortcut[]) {
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener('keydown', this.#press);
  }

  hostDisconnected(): void {
    removeEventListener('keydown', this.#press);
  }

  readonly #press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return;
    const shortcut = this.list().find((candidate) => candidate.key === event.key.toLowerCase());
    if (!shortcut || (event.repeat && !shortcut.repeats)) return;
    event.preventDefault();
    shortcut.run();
  };
}
