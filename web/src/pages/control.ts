import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { LcToasts, Toast } from '../elements/lc-toasts';
import './control_desk';
import { StaffPage } from './staff_page';

/** `/control`: from where moderators keep a show's chat in order. */
@customElement('lc-control-page')
export class LcControlPage extends StaffPage {
  protected override readonly place = 'Control';
  protected override readonly desk = 'control';
  protected override readonly canCreate = false;

  protected override renderDesk(showId: string): TemplateResult {
    return html`${keyed(showId, html`<lc-control .api=${this.api} .showId=${showId} @toast=${(event: CustomEvent<Toast>) => this.toasts.show(event.detail)}
      @undo=${() => (this.toasts as LcToasts | null)?.undo()}></lc-control>`)}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-control-page': LcControlPage;
  }
}
