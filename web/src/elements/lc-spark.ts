import { LitElement, css, html, nothing, svg, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { sparkOf } from '../state/history';

/** The last minutes of a number as a line in the colour of its text. The number beside it says the value. */
@customElement('lc-spark')
export class LcSpark extends LitElement {
  static override styles = css`
    :host { display: block; block-size: 2rem; direction: ltr; }
    svg { display: block; inline-size: 100%; block-size: 100%; overflow: visible; }
    path { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
    .area { fill: currentColor; stroke: none; opacity: 0.1; }
  `;

  @property({ attribute: false }) values: readonly number[] = [];

  override render(): TemplateResult | typeof nothing {
    const path = sparkOf(this.values);
    if (!path) return nothing;
    return html`<svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      ${svg`<path class="area" d=${path.area} /><path d=${path.line} />`}</svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-spark': LcSpark;
  }
}
