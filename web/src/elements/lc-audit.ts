import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import staff from '../css/staff.css?inline';
import type { AuditRow } from '../net/desk_requests';
import { logTime } from '../state/words';
import './lc-panel';
import { base, sheet } from './shared';

const ACTION: Record<string, string> = {
  'chat.hide': 'hid a message', 'chat.show': 'showed a message again', 'chat.release': 'let a held message through', 'chat.refuse': 'refused a held message', 'chat.mode': 'set the chat to',
  'viewer.mute': 'muted', 'viewer.ban': 'banned', 'viewer.unmute': 'lifted the mute of', 'viewer.unban': 'lifted the ban of', 'grant.give': 'gave somebody rights', 'grant.take': 'took somebody’s rights',
  'product.pin': 'pinned', 'product.unpin': 'unpinned', 'lineup.edit': 'changed the run sheet', 'sale.schedule': 'opened a flash sale of', 'sale.close': 'ended a flash sale',
  'show.create': 'planned the show', 'show.edit': 'edited the show', 'show.start': 'started the show', 'show.pause': 'paused the show', 'show.resume': 'went on with the show', 'show.end': 'ended the show',
};

/** `viewer.mute` → "muted"; actions that we have no words for are shown as they are. */
export const wordsOf = (action: string): string => ACTION[action] ?? action.replaceAll(/[._]/g, ' ');

/** Who did what, newest first. */
@customElement('lc-audit')
export class LcAudit extends LitElement {
  static override styles = [base, sheet(staff), css`
    :host { display: grid; min-block-size: 0; }
    li { display: grid; grid-template-columns: 2.9rem minmax(0, 1fr); gap: var(--s-2); padding: 0.4rem var(--s-4); border-block-start: 1px solid var(--line); font-size: var(--t-s); line-height: 1.35; overflow-wrap: anywhere; }
    time { color: var(--ink-3); font-size: var(--t-xs); line-height: 1.55; font-variant-numeric: tabular-nums; }
    q { color: var(--ink-2); }
  `];

  /** Names of products by id. */
  @property({ attribute: false }) titles: Record<string, string> = {};
  @property({ attribute: false }) rows: AuditRow[] = [];

  override render(): TemplateResult {
    return html`<lc-panel heading="Audit trail" readable>${this.rows.length ? html`<ol>${this.rows.map((row) => this.#row(row))}</ol>` : html`<p class="empty">Every action of the team is written down here.</p>`}</lc-panel>`;
  }

  #row(row: AuditRow): TemplateResult {
    return html`<li><time datetime=${row.at}>${logTime(row.at)}</time><p><b><bdi>${row.actor.display_name}</bdi></b> ${wordsOf(row.action)}${this.#subject(row)}</p></li>`;
  }

  #subject({ action, subject, detail }: AuditRow): TemplateResult | string {
    if (action === 'chat.mode') return ` ${modeOf(detail)}`;
    if (subject.kind === 'message') return subject.text ? html`: <q><bdi>${subject.text}</bdi></q>` : '';
    const product = typeof detail['product_id'] === 'string' ? this.titles[detail['product_id']] : undefined;
    const text = subject.kind === 'show' ? product : subject.text;
    return html`${text ? html` <b><bdi>${text}</bdi></b>` : ''}${typeof detail['seconds'] === 'number' ? ` for ${lasting(detail['seconds'])}` : ''}`;
  }
}

function modeOf({ slow_s, hold_all, closed }: AuditRow['detail']): string {
  const said = [slow_s ? `slow, ${Number(slow_s)} s` : '', hold_all ? 'every message held' : '', closed ? 'closed' : ''].filter(Boolean);
  return said.join(', ') || 'open to everybody';
}

function lasting(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-audit': LcAudit;
  }
}
