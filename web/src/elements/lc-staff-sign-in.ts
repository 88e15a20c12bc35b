import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import './lc-banner';
import './lc-button';
import './lc-field';
import { ask, base } from './shared';

/** The door of a staff page. Asks with `sign-in` ({email, password}). */
@customElement('lc-staff-sign-in')
export class LcStaffSignIn extends LitElement {
  static override styles = [base, css`
    :host { display: grid; place-items: center; min-block-size: calc(100dvh - 4rem); padding: var(--s-4); }
    form { display: grid; gap: var(--s-4); inline-size: min(24rem, 100%); padding: var(--s-6); background: var(--surface); border: 1px solid var(--line); border-radius: var(--r-xl); box-shadow: var(--shadow-2); }
    h1 { font-size: var(--t-2xl); }
    p { color: var(--ink-2); font-size: var(--t-s); }
  `];

  /** "studio" or "control panel". */
  @property() place = 'studio';
  @property({ type: Boolean }) busy = false;
  @property() problem = '';
  @state() private email = '';
  @state() private password = '';

  override render(): TemplateResult {
    return html`<form @submit=${this.#submit}>
      <div><h1>Sign in to the ${this.place}</h1><p>For hosts and their team. The link that “livecommerce demo” prints signs you in as well.</p></div>
      ${this.problem ? html`<lc-banner tone="danger" icon="alert" role="alert">${this.problem}</lc-banner>` : nothing}
      <lc-field label="E-mail" type="email" name="email" autocomplete="username" required .value=${this.email} @input=${(event: Event) => (this.email = (event.target as HTMLInputElement).value)}></lc-field>
      <lc-field label="Password" type="password" name="password" autocomplete="current-password" required .value=${this.password} @input=${(event: Event) => (this.password = (event.target as HTMLInputElement).value)}></lc-field>
      <lc-button type="submit" variant="primary" wide ?busy=${this.busy}>Sign in</lc-button></form>`;
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    if (this.email && this.password) ask(this, 'sign-in', { email: this.email, password: this.password });
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-staff-sign-in': LcStaffSignIn;
  }
}
