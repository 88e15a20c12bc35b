import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { ifDefined } from 'lit/directives/if-defined.js';
import { live } from 'lit/directives/live.js';
import './lc-icon';
import css from './lc-field.css?inline';
import { base, sheet } from './shared';

/** Label, one line of text, hint, and the error under it. Says `change` and `input` like the field inside. */
@customElement('lc-field')
export class LcField extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [base, sheet(css)];

  @property() label = '';
  @property() value = '';
  @property() name = '';
  @property() type: 'text' | 'email' | 'password' | 'number' | 'search' | 'tel' | 'datetime-local' = 'text';
  @property() hint = '';
  @property() error = '';
  @property() placeholder: string | undefined;
  @property() autocomplete: string | undefined;
  @property() inputmode: string | undefined;
  @property({ type: Number }) maxlength: number | undefined;
  @property({ type: Number }) min: number | undefined;
  @property({ type: Number }) max: number | undefined;
  @property({ type: Boolean }) required = false;
  @property({ type: Boolean }) disabled = false;
  @property({ type: Boolean, attribute: 'label-hidden' }) labelHidden = false;
  /** For a choice of a few: [value, text] pairs turn the field into a select. */
  @property({ attribute: false }) options: [string, string][] | undefined;

  @query('.control') private control!: HTMLInputElement;

  override render(): TemplateResult {
    const note = this.error
      ? html`<span class="error" id="note" role="alert"><lc-icon name="alert"></lc-icon>${this.error}</span>`
      : this.hint ? html`<span class="hint" id="note">${this.hint}</span>` : nothing;
    return html`<label for="control" class=${this.labelHidden ? 'vh' : ''}>${this.label}</label>
      <span class="box">${this.options ? this.#select(this.options) : this.#input()}<slot name="end"></slot></span>${note}`;
  }

  #input(): TemplateResult {
    return html`<input class="control" id="control" name=${this.name} type=${this.type} .value=${live(this.value)}
      placeholder=${ifDefined(this.placeholder)} autocomplete=${ifDefined(this.autocomplete)}
      inputmode=${ifDefined(this.inputmode)} maxlength=${ifDefined(this.maxlength)} min=${ifDefined(this.min)}
      max=${ifDefined(this.max)} ?required=${this.required} ?disabled=${this.disabled}
      aria-invalid=${this.error ? 'true' : nothing} aria-describedby=${this.error || this.hint ? 'note' : nothing}
      @input=${this.#changed} @change=${this.#told} @keydown=${this.#enter} />`;
  }

  #select(options: [string, string][]): TemplateResult {
    return html`<select class="control" id="control" name=${this.name} ?disabled=${this.disabled} @change=${this.#picked}>
      ${options.map(([value, text]) => html`<option value=${value} ?selected=${value === this.value}>${text}</option>`)}
    </select>`;
  }

  #changed = (): void => void (this.value = this.control.value);

  /** `change` does not leave a shadow root by itself. */
  #told = (): void => void this.dispatchEvent(new Event('change', { bubbles: true }));

  #picked = (): void => {
    this.#changed();
    this.#told();
  };

  #enter = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.isComposing) this.closest('form')?.requestSubmit();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-field': LcField;
  }
}
