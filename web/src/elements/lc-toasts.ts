import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import css from './lc-toasts.css?inline';
import { base, sheet } from './shared';

export interface Toast {
  text: string;
  action?: string;
  onAction?: () => void;
  /** How long it stays; 8 s gives time to undo. */
  ms?: number;
}

const MAX_SHOWN = 3;

/** The page's toasts: `toasts.show({text, action: 'Undo', onAction})`. Each has at most one action. */
@customElement('lc-toasts')
export class LcToasts extends LitElement {
  static override styles = [base, sheet(css)];

  @state() private shown: (Toast & { id: number })[] = [];
  #lastId = 0;

  show(toast: Toast): () => void {
    const id = (this.#lastId += 1);
    const close = (): void => void (this.shown = this.shown.filter((other) => other.id !== id));
    this.shown = [...this.shown, { ...toast, id }].slice(-MAX_SHOWN);
    setTimeout(close, toast.ms ?? 8_000);
    return close;
  }

  /** Runs the newest action (`Z`); says whether there was one. */
  undo(): boolean {
    const newest = this.shown.findLast((toast) => toast.onAction);
    if (newest) this.#act(newest);
    return newest !== undefined;
  }

  override render(): TemplateResult {
    return html`<div role="status" aria-live="polite">${repeat(this.shown, (toast) => toast.id, (toast) => html`
      <div class="toast ${toast.action ? '' : 'plain'}"><span>${toast.text}</span>
        ${toast.action ? html`<button type="button" @click=${() => this.#act(toast)}>${toast.action}</button>` : nothing}
      </div>`)}</div>`;
  }

  #act(toast: Toast & { id: number }): void {
    this.shown = this.shown.filter((other) => other.id !== toast.id);
    toast.onAction?.();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-toasts': LcToasts;
  }
}
