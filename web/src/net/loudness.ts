/** How loud the microphone is, in dB below full scale. */

export const SILENCE_DB = -60;

/** Root mean square of one block of samples in dBFS, never below `SILENCE_DB`. */
export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.max(SILENCE_DB, 20 * Math.log10(Math.max(rms, 1e-6)));
}

/** Listens to a stream's sound without playing it. One audio context; `close` gives it back. */
export class Loudness {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream) {
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  read(): number {
    if (this.#context.state === 'suspended') void this.#context.resume();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return decibels(this.#samples);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
