import { css as sheetOf, unsafeCSS, type CSSResult } from 'lit';
import css from '../css/base.css?inline';

/** Sheet of an element from the text of its own `.css` file: `static override styles = [base, sheet(css)]`. */
export const sheet = (text: string): CSSResult => unsafeCSS(text);

/** Resets and helpers (`.row .grow .clip .num .muted .vh .on-video`) for every shadow root. */
export const base = sheet(css);

/** An element that is a sheet: the page places its host, the `lc-sheet` inside fills it. */
export const sheetHost = sheetOf`
  :host { display: flex; flex-direction: column; min-block-size: 0; overflow: hidden; }
  lc-sheet { flex: 1; }
`;

/** Asks whoever listens above: `bubbles` and crosses shadow roots. */
export function ask(from: EventTarget, type: string, detail?: unknown): void {
  from.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}
