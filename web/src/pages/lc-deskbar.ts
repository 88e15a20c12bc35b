import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../elements/lc-avatar';
import '../elements/lc-button';
import { ask, base } from '../elements/shared';

/** The head of a viewer's page on wide screens. Asks with `share`, `orders`, `cart`. */
@customElement('lc-deskbar')
export class LcDeskbar extends LitElement {
  static override styles = [base, css`
    :host { display: flex; align-items: center; gap: var(--s-3); padding-inline: var(--s-2); min-inline-size: 0; }
    h1 { font-size: var(--t-l); }
    .sep { inline-size: 1px; block-size: 1.25rem; background: var(--line); flex: none; }
  `];

  @property() shop = '';
  @property() heading = '';
  @property() viewer = '';
  @property({ type: Number }) items = 0;

  override render(): TemplateResult {
    return html`<a class="brand" href="/"><span class="clip">${this.shop}</span></a><span class="sep"></span><h1 class="clip">${this.heading}</h1><span class="grow"></span>
      <lc-button variant="ghost" icon="share" @click=${() => ask(this, 'share')}>Share</lc-button>
      <lc-button variant="ghost" icon="box" @click=${() => ask(this, 'orders')}>My orders</lc-button>
      <lc-button variant="outline" icon="bag" @click=${() => ask(this, 'cart')}>Cart ${this.items ? html`<span class="num">${this.items}</span>` : nothing}</lc-button>
      ${this.viewer ? html`<lc-avatar .name=${this.viewer}></lc-avatar>` : nothing}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-deskbar': LcDeskbar;
  }
}
