import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { ifDefined } from 'lit/directives/if-defined.js';
import './lc-icon';
import type { IconName } from './icons';
import css from './lc-button.css?inline';
import { base, sheet } from './shared';

export type ButtonVariant =
  | 'quiet' | 'primary' | 'sale' | 'outline' | 'plain' | 'ghost' | 'danger' | 'plate' | 'paper' | 'clear';

/**
 * A button, or with `href` a link that looks like one.
 *
 * Disabled stays focusable, so that its label can say why; clicks do nothing then, nor while it is busy.
 * `label` names a button that shows only an icon.
 */
@customElement('lc-button')
export class LcButton extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [base, sheet(css)];

  @property({ reflect: true }) variant: ButtonVariant = 'quiet';
  @property() icon: IconName | undefined;
  @property() label: string | undefined;
  @property() href: string | undefined;
  @property() type: 'button' | 'submit' = 'button';
  @property({ type: Boolean, reflect: true }) disabled = false;
  @property({ type: Boolean, reflect: true }) busy = false;
  @property({ type: Boolean, reflect: true, attribute: 'icon-only' }) iconOnly = false;
  @property({ type: Boolean, reflect: true }) wide = false;
  @property({ type: Boolean, reflect: true }) small = false;
  @property({ type: Boolean, reflect: true }) round = false;
  /** A toggle: tells `aria-pressed`. Leave undefined for a plain button. */
  @property({ type: Boolean, reflect: true }) pressed: boolean | undefined;
  @property() expanded: 'true' | 'false' | undefined;

  constructor() {
    super();
    this.addEventListener('click', this.#click, { capture: true });
  }

  override render(): TemplateResult {
    const inside = html`${this.icon ? html`<lc-icon name=${this.icon}></lc-icon>` : nothing}<slot></slot>`;
    if (this.href) return html`<a href=${this.href} aria-label=${ifDefined(this.label)}>${inside}</a>`;
    return html`<button
      type="button"
      aria-label=${ifDefined(this.label)}
      aria-disabled=${this.disabled ? 'true' : nothing}
      aria-busy=${this.busy ? 'true' : nothing}
      aria-pressed=${this.pressed === undefined ? nothing : String(this.pressed)}
      aria-expanded=${ifDefined(this.expanded)}
      title=${this.iconOnly ? ifDefined(this.label) : nothing}
    >${inside}</button>`;
  }

  #click = (event: Event): void => {
    if (this.disabled || this.busy) {
      event.stopImmediatePropagation();
      event.preventDefault();
    } else if (this.type === 'submit') {
      this.closest('form')?.requestSubmit();
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-button': LcButton;
  }
}
