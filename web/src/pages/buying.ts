import type { Cart } from '../net/cart';
import type { Payment } from '../elements/lc-checkout';
import type { Hold, Order, Variant } from '../state/types';
import { refusalWords, waitingWords } from '../state/refusals';
import { wantOf, type CardView, type Want } from '../state/view';

export interface BuyingHost {
  requestUpdate(): void;
  /** Opens the sheet of a product, of the checkout, or of what was ordered. */
  openSheet(kind: 'product' | 'cart' | 'checkout' | 'ordered', productId?: string): void;
  toast(text: string): void;
  announce(text: string): void;
}

/** From a press on Buy to a paid order. Says nothing before the server did. */
export class Buying {
  /** The product whose hold is being asked for. */
  busy = '';
  isPaying = false;
  payError = '';
  order: Order | null = null;
  #said = new Map<string, string>();
  #chosen = new Map<string, string>();

  constructor(private readonly host: BuyingHost, private readonly cart: Cart, private readonly showId: string, private readonly limitOf: (want: Want) => number | null) {}

  said = (productId: string | undefined): string => (productId && this.#said.get(productId)) || '';
  chosen = (productId: string): string => this.#chosen.get(productId) ?? '';

  choose(variant: Variant): void {
    this.#chosen.set(variant.product_id, variant.id);
    this.#say(variant.product_id, '');
  }

  /** What was said about a product is no longer true: its sale opened or closed. */
  settle(productId: string): void {
    this.#said.delete(productId);
  }

  /** Buy on the card or the shelf: a missing choice opens the product. */
  async press(view: CardView, showId: string): Promise<void> {
    const want = wantOf(view, showId, this.#chosen.get(view.product.id));
    if (want) await this.buy(want);
    else this.host.openSheet('product', view.product.id);
  }

  async buy(want: Want, opensCheckout = true): Promise<void> {
    if (this.busy) return;
    this.busy = want.product_id;
    this.#say(want.product_id, '');
    try {
      const hold = await this.cart.buy(want, () => this.#say(want.product_id, 'Busy right now. Trying again by itself.'));
      this.#say(want.product_id, '');
      this.host.announce(`${hold.title} is held for you`);
      this.begin();
      if (opensCheckout) this.host.openSheet(this.order ? 'cart' : 'checkout');
      else this.host.toast(`${hold.title} is in your cart`);
    } catch (error) {
      this.#say(want.product_id, refusalWords(error, this.limitOf(want)));
    } finally {
      this.busy = '';
      this.host.requestUpdate();
    }
  }

  /** Wait on the card, the shelf or the product: a missing choice opens the product. */
  async waitFor(view: CardView, showId: string): Promise<void> {
    const want = wantOf(view, showId, this.#chosen.get(view.product.id));
    if (want) await this.wait(want);
    else this.host.openSheet('product', view.product.id);
  }

  async wait(want: Want): Promise<void> {
    if (this.busy) return;
    this.busy = want.product_id;
    this.#say(want.product_id, '');
    try {
      const { position } = await this.cart.wait(want);
      this.#say(want.product_id, waitingWords(position));
    } catch (error) {
      this.#say(want.product_id, refusalWords(error, this.limitOf(want)));
    } finally {
      this.busy = '';
      this.host.requestUpdate();
    }
  }

  /** Places the order, and pays when it costs no more than the button said; else shows the new sum first. */
  async orderAndPay({ outcome, address, shown }: Payment): Promise<void> {
    if (this.isPaying) return;
    this.isPaying = true;
    this.payError = '';
    this.host.requestUpdate();
    try {
      if (!this.order) {
        this.order = await this.cart.place(this.holds, address);
        await this.cart.refresh().catch(() => undefined); // they are "paying" now
      }
      if (this.order.total.amount === shown.amount || Number(this.order.total.amount) <= Number(shown.amount)) await this.#pay(this.order, outcome);
    } catch (error) {
      this.payError = refusalWords(error, null);
    } finally {
      this.isPaying = false;
      this.host.requestUpdate();
    }
  }

  /** A new checkout begins; one that was placed and not paid goes on. */
  begin(): void {
    const isUnpaid = ({ status, show_id }: Order): boolean => show_id === this.showId && (status === 'placed' || status === 'paying');
    this.order = this.cart.holds.value.some(({ status }) => status === 'paying') ? (this.cart.orders.value.find(isUnpaid) ?? null) : null;
    this.payError = '';
  }

  /** What the checkout is about: the holds of the order that waits for its payment, else those not ordered yet. */
  get holds(): Hold[] {
    return this.cart.holds.value.filter(({ status }) => (status === 'paying') === (this.order !== null));
  }

  async #pay(order: Order, outcome: 'success' | 'decline'): Promise<void> {
    const paid = (this.order = await this.cart.pay(order, outcome));
    if (paid.payment.redirect_url) return location.assign(paid.payment.redirect_url);
    if (paid.status !== 'paid') {
      this.payError = 'The card was declined and nothing was charged. Your items stay held: try again.';
      return;
    }
    this.host.announce(`Order ${paid.number} is paid`);
    this.host.openSheet('ordered');
  }

  #say(productId: string, text: string): void {
    this.#said.set(productId, text);
    this.host.requestUpdate();
  }
}
