import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../elements/lc-avatar';
import '../elements/lc-button';
import '../elements/lc-chip';
import { ask, base, sheet } from '../elements/shared';
import type { Link } from '../net/live_show';
import type { ShowState } from '../state/reducer';
import { count } from '../state/words';
import '../elements/lc-netbar';
import css from './lc-show-top.css?inline';

/** Over the picture: whose show it is, that it is live, how many watch, and whether the connection stands. */
@customElement('lc-show-top')
export class LcShowTop extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) state: ShowState | null = null;
  @property({ attribute: false }) link: Link = { state: 'connecting' };

  override render(): TemplateResult {
    const show = this.state?.show;
    return html`<div class="row head">
        ${show ? html`<div class="hostpill"><lc-avatar .name=${show.host.display_name}></lc-avatar><div class="who"><b class="clip">${show.host.display_name}</b><small class="clip">${show.shop_name}</small></div></div>` : nothing}
        <span class="grow"></span>
        <lc-button class="leave" variant="plate" round icon-only icon="close" label="Leave the show" href="/"></lc-button>
      </div>
      ${this.state ? html`<div class="row facts">${this.#facts(this.state)}</div>` : nothing}
      <lc-netbar .link=${this.link} @retry=${() => ask(this, 'retry')}></lc-netbar>`;
  }

  #facts({ show, audience, playback }: ShowState): TemplateResult {
    const isLive = show.status === 'live' && playback.state === 'live';
    const isOn = show.status === 'live' || show.status === 'paused';
    return html`${isLive ? html`<lc-chip tone="live">LIVE</lc-chip>` : show.status === 'paused' ? html`<lc-chip tone="plate">Paused</lc-chip>` : nothing}
      ${isOn ? html`<lc-chip tone="plate" icon="eye"><span class="num">${count(audience.viewers)}</span><span class="vh">watching</span></lc-chip>` : nothing}
      ${show.kind === 'rehearsal' ? html`<lc-chip tone="plate" icon="info">Rehearsal</lc-chip>` : nothing}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-show-top': LcShowTop;
  }
}
