import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Address } from '../state/types';
import './lc-button';
import './lc-field';
import type { LcField } from './lc-field';
import { ask, base } from './shared';

const COUNTRIES = ['AT', 'BE', 'CH', 'DE', 'DK', 'ES', 'FI', 'FR', 'GB', 'IE', 'IT', 'LU', 'NL', 'NO', 'PL', 'PT', 'SE', 'US'];
const REQUIRED: Record<string, string> = {
  name: 'Who is the parcel for?', line1: 'Street and number, please.', postal_code: 'The postal code, please.', city: 'The town, please.',
};

export const countryName = (code = ''): string =>
  code ? (new Intl.DisplayNames(undefined, { type: 'region' }).of(code) ?? code) : '';

/** Where the parcel goes; as little as a label needs. Asks with `address` once it is complete. */
@customElement('lc-address')
export class LcAddress extends LitElement {
  static override styles = [base, css`
    form { display: grid; gap: var(--s-3); }
    .two { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: var(--s-3); align-items: start; }
  `];

  @property({ attribute: false }) value: Address | null = null;
  @property() submitText = 'Use this address';
  @state() private errors: Record<string, string> = {};

  override render(): TemplateResult {
    const countries = COUNTRIES.map((code): [string, string] => [code, countryName(code)]).sort((a, b) => a[1].localeCompare(b[1]));
    return html`<form @submit=${this.#submit} novalidate>
      ${this.#field('name', 'Name', 'name')}
      ${this.#field('email', 'E-mail for receipt and tracking (optional)', 'email', 'email')}
      ${this.#field('line1', 'Street and number', 'address-line1')}
      <div class="two">${this.#field('postal_code', 'Postal code', 'postal-code')}${this.#field('city', 'Town', 'address-level2')}</div>
      <lc-field name="country" label="Country" .options=${countries} .value=${this.value?.country ?? home()}></lc-field>
      <lc-button wide variant="primary" type="submit">${this.submitText}</lc-button>
    </form>`;
  }

  #field(name: keyof Address, label: string, autocomplete: string, type: 'text' | 'email' = 'text'): TemplateResult {
    return html`<lc-field name=${name} label=${label} type=${type} autocomplete=${`shipping ${autocomplete}`} maxlength="120"
      .value=${this.value?.[name] ?? ''} .error=${this.errors[name] ?? ''}></lc-field>`;
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    const fields = [...this.renderRoot.querySelectorAll<LcField>('lc-field')];
    const said = Object.fromEntries(fields.map(({ name, value }) => [name, value.trim()])) as Record<string, string>;
    this.errors = Object.fromEntries(Object.entries(REQUIRED).filter(([name]) => !said[name]));
    const wrong = fields.find(({ name }) => this.errors[name]);
    if (wrong) return wrong.focus();
    const { email, ...rest } = said;
    ask(this, 'address', { ...rest, ...(email ? { email } : {}) });
  };
}

/** The reader's own country, guessed from the language of their browser. */
function home(): string {
  const region = new Intl.Locale(navigator.language).maximize().region ?? 'DE';
  return COUNTRIES.includes(region) ? region : 'DE';
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-address': LcAddress;
  }
}
