import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import './lc-button';
import './lc-field';
import type { LcField } from './lc-field';
import './lc-sheet';
import { ask, base, sheetHost } from './shared';

/** A guest's name, asked before the first line. What was typed is kept meanwhile. Asks with `name`. */
@customElement('lc-name')
export class LcName extends LitElement {
  static override styles = [base, sheetHost, css`form { display: grid; gap: var(--s-4); }`];

  @property() error = '';
  @property({ type: Boolean }) busy = false;
  @query('lc-field') private field!: LcField;

  override render(): TemplateResult {
    return html`<lc-sheet heading="What should we call you?">
      <form @submit=${this.#submit}><lc-field label="Name in the chat" name="name" maxlength="40" autocomplete="nickname"
          hint="Everybody in this show sees it." .error=${this.error}></lc-field>
        <lc-button wide variant="primary" type="submit" ?busy=${this.busy}>Say it</lc-button></form>
    </lc-sheet>`;
  }

  protected override firstUpdated(): void {
    requestAnimationFrame(() => this.field.focus()); // the sheet takes the focus first
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    const name = this.field.value.trim();
    if (name) ask(this, 'name', name);
    else this.error = 'A name of one letter will do.';
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-name': LcName;
  }
}
