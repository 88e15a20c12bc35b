import { LitElement, html } from 'lit';
import { expect, test } from 'vitest';
import { Shortcuts } from './shortcuts';

const pressed: string[] = [];

class KeyHost extends LitElement {
  readonly keys = new Shortcuts(this, () => [{ key: 'h', label: 'hide', run: () => pressed.push('h') }]);
  override render = () => html`<input />`;
}
customElements.define('key-host', KeyHost);

const press = (target: EventTarget, init: KeyboardEventInit): boolean => target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, composed: true, cancelable: true, ...init }));

test('single keys act on the page, rest in a field and leave modifiers to the browser', async () => {
  const host = document.body.appendChild(new KeyHost());
  await host.updateComplete;

  press(document.body, { key: 'H' });
  press(document.body, { key: 'h', ctrlKey: true });
  press(document.body, { key: 'x' });
  const field = host.shadowRoot!.querySelector('input')!;
  field.focus();
  press(field, { key: 'h' });
  expect(pressed).toEqual(['h']);

  field.blur();
  host.remove();
  press(document.body, { key: 'h' });
  expect(pressed).toEqual(['h']);
});
