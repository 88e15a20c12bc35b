import { html, nothing, type TemplateResult } from 'lit';
import '../elements/lc-cart';
import '../elements/lc-checkout';
import '../elements/lc-name';
import '../elements/lc-orders';
import '../elements/lc-product';
import '../elements/lc-sheet';
import '../elements/lc-shelf';
import type { ShowState } from '../state/reducer';
import type { Address, Hold, Order, Pin } from '../state/types';
import type { Buying } from './buying';
import type { Talking } from './talking';

export type SheetKind = 'product' | 'cart' | 'checkout' | 'ordered' | 'orders' | 'shelf' | 'name';

export interface SheetData {
  kind: SheetKind;
  productId: string;
  state: ShowState;
  pins: Pin[];
  shownAt: ReadonlyMap<string, string>;
  holds: Hold[];
  orders: Order[] | null;
  address: Address | null;
  isWaiting: boolean;
  buying: Buying;
  talking: Talking;
}

/** The one sheet that is open. Its requests bubble to the page. */
export function openSheet(data: SheetData): TemplateResult | typeof nothing {
  const { kind, state, holds, orders, isWaiting, buying, talking } = data;
  switch (kind) {
    case 'product':
      return html`<lc-product class="sheet" .state=${state} .productId=${data.productId} .chosenVariant=${buying.chosen(data.productId)}
        .busy=${buying.busy === data.productId} .waiting=${isWaiting} .said=${buying.said(data.productId)}></lc-product>`;
    case 'cart':
      return html`<lc-cart class="sheet" .holds=${holds} .waiting=${isWaiting}></lc-cart>`;
    case 'checkout':
      return html`<lc-checkout class="sheet" .holds=${buying.holds} .address=${data.address} .order=${buying.order} .busy=${buying.isPaying}
        .waiting=${isWaiting} .error=${buying.payError}></lc-checkout>`;
    case 'ordered':
      return html`<lc-ordered class="sheet" .order=${buying.order}></lc-ordered>`;
    case 'orders':
      return html`<lc-orders class="sheet" .orders=${orders}></lc-orders>`;
    case 'shelf':
      return html`<lc-sheet class="sheet" heading="Shelf"><lc-shelf bare .state=${state} .pins=${data.pins} .shownAt=${data.shownAt}
        .waiting=${isWaiting} .busy=${buying.busy}></lc-shelf></lc-sheet>`;
    case 'name':
      return html`<lc-name class="sheet" .error=${talking.nameError} .busy=${talking.isBusy}></lc-name>`;
  }
}
