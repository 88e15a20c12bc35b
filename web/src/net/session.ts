import type { Person, SignedIn, You } from '../state/types';
import { ApiError, type Api } from './api';

type Me = { viewer: You; csrf_token: string | null };

/** Who this page is. One-time codes arrive in the fragment, which no server and no log ever sees. */
export class Session {
  viewer: Person | null = null;

  constructor(private readonly api: Api) {}

  /** Trades `#once=…` for a session, else finds the one the cookie names; null when there is none. */
  async open(): Promise<Person | null> {
    const code = takeOnceCode();
    if (code) return this.#enter(await this.api.post<SignedIn>('/sign-in/once', { code }));
    try {
      return this.#remember(await this.api.get<Me>('/me'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }

  /** The viewer of this page: whoever is signed in, else a new guest. */
  async openOrGuest(name: string): Promise<Person> {
    return (await this.open()) ?? this.asGuest(name);
  }

  async asGuest(display_name: string): Promise<Person> {
    return this.#enter(await this.api.post<SignedIn>('/guests', { display_name }));
  }

  async signIn(email: string, password: string): Promise<Person> {
    return this.#enter(await this.api.post<SignedIn>('/sign-in', { email, password }));
  }

  async rename(display_name: string): Promise<Person> {
    const { viewer } = await this.api.patch<{ viewer: Person }>('/me', { display_name });
    return (this.viewer = viewer);
  }

  async signOut(): Promise<void> {
    await this.api.delete('/session');
    this.viewer = null;
    this.api.csrf = null;
  }

  #remember({ viewer, csrf_token }: { viewer: Person; csrf_token: string | null }): Person {
    this.api.csrf = csrf_token;
    return (this.viewer = viewer);
  }

  /** `/me` tells the permissions and the token that unsafe requests send. */
  async #enter(signedIn: SignedIn): Promise<Person> {
    this.#remember(signedIn);
    return signedIn.csrf_token ? signedIn.viewer : this.#remember(await this.api.get<Me>('/me'));
  }
}

function takeOnceCode(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const code = fragment.get('once');
  if (!code) return null;
  fragment.delete('once');
  const rest = fragment.toString();
  history.replaceState(history.state, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  return code;
}
