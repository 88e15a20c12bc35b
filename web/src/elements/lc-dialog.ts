import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { deepActive } from './focus';
import './lc-button';
import { ask, base } from './shared';

/** A modal question or list of a staff page. Open while it is in the page; asks with `close`, gives the focus back. */
@customElement('lc-dialog')
export class LcDialog extends LitElement {
  static override styles = [base, css`
    dialog { inline-size: min(var(--dialog, 30rem), calc(100vw - 2 * var(--s-3))); max-block-size: min(44rem, calc(100dvh - 2 * var(--s-6))); padding: 0; border: 1px solid var(--line); border-radius: var(--r-xl); background: var(--surface); color: var(--ink); box-shadow: var(--shadow-3); font-size: var(--t-m); overflow: hidden; }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: var(--backdrop); }
    header { display: flex; align-items: center; gap: var(--s-2); flex: none; padding: var(--s-3) var(--s-3) var(--s-1) var(--s-5); }
    h2 { flex: 1; min-inline-size: 0; font-size: var(--t-l); }
    h2:focus-visible { outline: none; box-shadow: none; }
    .in { flex: 1; min-block-size: 0; overflow: auto; padding: var(--s-1) var(--s-5) var(--s-5); }
    .foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: var(--s-2); flex: none; padding: 0 var(--s-5) var(--s-4); }
  `];

  @property() heading = '';
  @query('dialog') private dialog!: HTMLDialogElement;

  #before: Element | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#before = deepActive();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="heading" @cancel=${this.#cancel}>
      <header><h2 id="heading" tabindex="-1" autofocus>${this.heading}</h2>
        <lc-button variant="ghost" icon="close" icon-only label="Close" @click=${() => ask(this, 'close')}></lc-button></header>
      <div class="in"><slot></slot></div><div class="foot"><slot name="foot"></slot></div>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.dialog.showModal();
  }

  /** The page decides; it takes the element away. */
  #cancel = (event: Event): void => {
    event.preventDefault();
    ask(this, 'close');
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-dialog': LcDialog;
  }
}
