import { html, type TemplateResult } from 'lit';
import type { LcStudio } from './studio_desk';

/** What the host must know right now, and the way out of it; most urgent first. */
export function bannersOf(studio: LcStudio): TemplateResult[] {
  const found = [connection(studio), sending(studio)];
  return found.filter((banner) => banner !== null);
}

function connection({ desk }: LcStudio): TemplateResult | null {
  if (desk.link.state === 'reconnecting') {
    return html`<lc-banner tone="warn" icon="offline" role="status">This page lost the server. It tries again by itself.<lc-button slot="action" variant="plain" @click=${() => desk.retryNow()}>Now</lc-button></lc-banner>`;
  }
  return desk.link.state === 'ended' ? html`<lc-banner tone="danger" icon="alert" role="alert">${desk.link.message || 'This page was closed by the server. Sign in again.'}</lc-banner>` : null;
}

function sending(studio: LcStudio): TemplateResult | null {
  const { phase, problem } = studio.broadcast.sending;
  const isOn = studio.desk.show?.show.status === 'live' || studio.desk.show?.show.status === 'paused';
  if (phase === 'refused') return html`<lc-banner tone="danger" icon="alert" role="alert">${problem}<lc-button slot="action" variant="plain" @click=${studio.goLive}>Try again</lc-button></lc-banner>`;
  if (phase === 'retrying') return html`<lc-banner tone="danger" icon="signal" role="alert">The picture does not reach the server. It is sent again by itself.</lc-banner>`;
  if (phase === 'taken_over') return html`<lc-banner stacked tone="warn" icon="camera" role="alert">Another device sends this show now.<lc-button slot="action" variant="outline" wide @click=${studio.goLive}>Take it back</lc-button></lc-banner>`;
  if (phase !== 'idle' || !isOn) return null;
  if (studio.desk.stream?.state === 'live') {
    return html`<lc-banner stacked icon="camera">Somebody else sends this show. Your camera replaces their picture.<lc-button slot="action" variant="outline" wide @click=${studio.goLive}>Take over the broadcast</lc-button></lc-banner>`;
  }
  return html`<lc-banner stacked tone="warn" icon="camera" role="status">Viewers see no picture: nobody sends this show.<lc-button slot="action" variant="outline" wide @click=${studio.goLive}>Send my camera</lc-button></lc-banner>`;
}
