/** Single keys of a page. They rest while a field has focus, while a dialog is open, and with Ctrl, Alt or Meta. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { isPlainKey } from './elements/focus';

export interface Shortcut {
  /** As in `KeyboardEvent.key`, lower case. */
  key: string;
  /** For the list that `?` opens. */
  label: string;
  run: () => void;
  /** Whether holding the key repeats it. */
  repeats?: boolean;
}

const inDialog = (event: KeyboardEvent): boolean =>
  event.composedPath().some((node) => node instanceof HTMLDialogElement && node.open);

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
    if (event.defaultPrevented || !isPlainKey(event) || inDialog(event)) return;
    const shortcut = this.list().find((candidate) => candidate.key === event.key.toLowerCase());
    if (!shortcut || (event.repeat && !shortcut.repeats)) return;
    event.preventDefault();
    shortcut.run();
  };
}
