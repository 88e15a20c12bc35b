import { html, nothing, type TemplateResult } from 'lit';
import type { IconName } from '../elements/icons';
import '../elements/lc-icon';

export interface Place {
  value: string;
  text: string;
  icon: IconName;
  count?: number;
}

/** The four places of a staff page on a phone. */
export const tabbar = (label: string, places: readonly Place[], current: string, go: (value: string) => void): TemplateResult =>
  html`<nav class="tabbar" aria-label=${label}>${places.map(({ value, text, icon, count }) => html`
    <button type="button" aria-current=${value === current ? 'page' : nothing} @click=${() => go(value)}>
      <lc-icon name=${icon}></lc-icon>${text}${count ? html`<span class="n">${count}</span>` : nothing}</button>`)}</nav>`;
