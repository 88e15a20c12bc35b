import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import type { Toast } from '../elements/lc-toasts';
import type { Show } from '../state/types';
import { StaffPage } from './staff_page';
import './studio_desk';

/** `/studio`: from where a host runs a show. Under 900 px it is the remote control. */
@customElement('lc-studio-page')
export class LcStudioPage extends StaffPage {
  protected override readonly place = 'Studio';
  protected override readonly desk = 'studio';
  protected override readonly canCreate = true;

  protected override mine(shows: Show[]): Show[] {
    return this.viewer?.role === 'host' ? shows.filter((show) => show.host.id === this.viewer?.id) : shows;
  }

  protected override renderDesk(showId: string): TemplateResult {
    return html`${keyed(showId, html`<lc-studio .api=${this.api} .showId=${showId} @toast=${(event: CustomEvent<Toast>) => this.toasts.show(event.detail)}></lc-studio>`)}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-studio-page': LcStudioPage;
  }
}
