/** The last minutes of a live number, and the line that draws them. */

export const HISTORY_LENGTH = 60;

/** Append a reading, keeping the newest `HISTORY_LENGTH`. */
export function recorded(history: readonly number[], value: number): readonly number[] {
  return [...history, value].slice(-HISTORY_LENGTH);
}

export interface SparkPath {
  line: string;
  area: string;
}

const WIDTH = 100;
const HEIGHT = 30;
const MARGIN = 3;

/** SVG paths in a 100 × 30 box; a flat history is a line at the foot. Fewer than two readings draw nothing. */
export function sparkOf(values: readonly number[]): SparkPath | null {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - MARGIN - (span === 0 ? 0 : ((value - low) / span) * (HEIGHT - 2 * MARGIN));
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const line = `M${points.join('L')}`;
  return { line, area: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}z` };
}
