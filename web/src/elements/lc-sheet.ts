import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { deepActive } from './focus';
import './lc-button';
import css from './lc-sheet.css?inline';
import { ask, base, sheet } from './shared';

/**
 * A dialog that never covers the picture: the page places it (bottom, end side, or where the shelf stands).
 *
 * Takes the focus when it appears, keeps Tab inside, and gives it back when it goes. Asks with `close` and `back`.
 */
@customElement('lc-sheet')
export class LcSheet extends LitElement {
  static override styles = [base, sheet(css)];

  @property() heading = '';
  @property({ type: Boolean, attribute: 'can-go-back' }) canGoBack = false;
  @state() private hasFoot = false;
  #before: Element | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#before = deepActive();
    this.addEventListener('keydown', this.#key);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('h2')?.focus());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('keydown', this.#key);
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus();
  }

  override render(): TemplateResult {
    return html`<div class="guard" tabindex="0" @focus=${this.#wrap}></div>
      <header role="presentation">
        ${this.canGoBack ? html`<lc-button class="back" variant="ghost" icon="left" icon-only label="Back" @click=${() => ask(this, 'back')}></lc-button>` : nothing}
        <h2 tabindex="-1" class="clip">${this.heading}</h2><slot name="tools"></slot>
        <lc-button variant="ghost" icon="close" icon-only label="Close" @click=${() => ask(this, 'close')}></lc-button>
      </header>
      <div class="in"><slot></slot></div>
      <div class="foot ${this.hasFoot ? '' : 'empty'}"><slot name="foot" @slotchange=${this.#footed}></slot></div>
      <div class="guard" tabindex="0" @focus=${this.#wrap}></div>`;
  }

  protected override updated(): void {
    this.role = 'dialog';
    this.ariaModal = 'true';
    this.ariaLabel = this.heading;
  }

  #footed = (event: Event): void => {
    this.hasFoot = (event.target as HTMLSlotElement).assignedElements().length > 0;
  };

  /** Tab past an end comes back at the heading. */
  #wrap = (): void => void this.renderRoot.querySelector<HTMLElement>('h2')?.focus();

  #key = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    ask(this, 'close');
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-sheet': LcSheet;
  }
}
