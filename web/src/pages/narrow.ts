import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Whether the page is narrower than 900 px, where staff pages become one column. */
export class Narrow implements ReactiveController {
  readonly #query = matchMedia('(max-width: 899px)');

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  get matches(): boolean {
    return this.#query.matches;
  }

  hostConnected(): void {
    this.#query.addEventListener('change', this.#changed);
  }

  hostDisconnected(): void {
    this.#query.removeEventListener('change', this.#changed);
  }

  readonly #changed = (): void => this.host.requestUpdate();
}
