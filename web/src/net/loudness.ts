/** How loud the microphone is, in dB below full scale. */

export const SILENCE_DB = -60;

/** Root mean square of one block of samples in dBFS, never below `SILENCE_DB`. */
export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.max(SILENCE_DB, 20 * Math.log10(Math.max(rms, 1e-6)));
}

/** The needle falls slower than it rises, so that an eye can follow it: dB per reading. */
const FALL_DB = 7;

/** Listens to a stream's sound without playing it. One audio context; `close` gives it back. */
export class Loudness {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples: Float32Array<ArrayBuffer>;
  #needle = SILENCE_DB;

  constructor(stream: MediaStream) {
    this.#analyser.fftSize = 8192; // 170 ms, about as long as between two readings
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  read(): number {
    if (this.#context.state === 'suspended') void this.#context.resume();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    this.#needle = Math.max(decibels(this.#samples), this.#needle - FALL_DB);
    return this.#needle;
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
