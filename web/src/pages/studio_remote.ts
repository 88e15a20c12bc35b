import { html, nothing, type TemplateResult } from 'lit';
import type { ShowState } from '../state/reducer';
import type { LcStudio } from './studio_desk';
import { banners, camera, chat, composer, goLive, numbers, prompter } from './studio_view';
import { tabbar, type Place } from './tabbar';

/** The studio under 900 px: the remote control, with the camera for those who go live from the phone itself. */
export function remoteView(studio: LcStudio, show: ShowState): TemplateResult {
  const questions = studio.questions.length;
  const places: Place[] = [
    { value: 'run', text: 'Run sheet', icon: 'list' },
    { value: 'chat', text: 'Questions', icon: 'question', ...(questions ? { count: questions } : {}) },
    { value: 'numbers', text: 'Numbers', icon: 'signal' },
    { value: 'camera', text: 'Camera', icon: 'camera' },
  ];
  return html`<main class="place" aria-label="Remote control">${content(studio, show)}</main>
    ${tabbar('Remote control', places, studio.place, (value) => (studio.place = value))}`;
}

function content(studio: LcStudio, show: ShowState): TemplateResult {
  switch (studio.place) {
    case 'chat':
      return html`${prompter(studio)}${chat(studio)}`;
    case 'numbers':
      return numbers(studio, show);
    case 'camera':
      return html`${banners(studio)}${camera(studio, show)}${show.show.status === 'scheduled' ? goLive(studio, show) : nothing}`;
    default:
      return run(studio, show);
  }
}

function run(studio: LcStudio, show: ShowState): TemplateResult {
  const isLive = show.show.status === 'live';
  const { desk } = studio;
  const [question] = studio.questions;
  return html`<lc-numbers strip .numbers=${desk.numbers} .viewers=${show.audience.viewers} .staleSince=${desk.staleSince}></lc-numbers>
    <lc-remote .products=${show.lineup} .pins=${show.pins} .sales=${show.sales} .canPin=${isLive && desk.may('product.pin')} .canSell=${isLive && desk.may('sale.open')}
      @pin=${(event: CustomEvent<string>) => studio.togglePin(event.detail)} @unpin=${(event: CustomEvent<string>) => studio.togglePin(event.detail)} @flash=${(event: CustomEvent<string>) => studio.compose(event.detail)}>${composer(studio)}</lc-remote>
    ${show.show.status === 'scheduled' ? html`<lc-banner icon="camera">The show has not started.<lc-button slot="action" variant="plain" @click=${() => (studio.place = 'camera')}>Open the camera</lc-button></lc-banner>` : nothing}
    ${question ? html`<lc-prompter remote .questions=${[question]} @answered=${(event: CustomEvent<string>) => studio.answer(event.detail)} @later=${(event: CustomEvent<string>) => studio.putOff(event.detail)}></lc-prompter>` : nothing}`;
}
