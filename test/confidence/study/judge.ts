/** The measures of the study. */

export interface Forecast {
  /** Probability that was told. */
  readonly probability: number;
  readonly happened: boolean;
}

export const BINS = 10;

/**
 * Expected calibration error with bins of equal mass (Naeini, Cooper, Hauskrecht 2015): forecasts sorted and cut into {@link BINS} bins of equal
 * number; the mean over bins of |mean probability told - share that happened|, each bin weighed by its number.
 */
export function calibrationError(forecasts: readonly Forecast[]): number {
  return binsOf(forecasts).reduce((sum, { told, happened, share }) => sum + share * Math.abs(told - happened), 0);
}

export interface Bin {
  readonly told: number;
  readonly happened: number;
  /** Of all forecasts. */
  readonly share: number;
}

export function binsOf(forecasts: readonly Forecast[]): readonly Bin[] {
  const sorted = forecasts.toSorted((a, b) => a.probability - b.probability);
  return Array.from({ length: BINS }, (_, bin) => {
    const part = sorted.slice(Math.round((bin * sorted.length) / BINS), Math.round(((bin + 1) * sorted.length) / BINS));
    const mean = (value: (forecast: Forecast) => number): number =>
      part.length === 0 ? 0 : part.reduce((sum, forecast) => sum + value(forecast), 0) / part.length;
    return {
      told: mean(({ probability }) => probability),
      happened: mean(({ happened }) => Number(happened)),
      share: part.length / sorted.length,
    };
  });
}

/** Share of the variance of what happened that the forecasts explain (Brier skill): 0 for one that always tells the base rate. */
export function skill(forecasts: readonly Forecast[]): number {
  const base = forecasts.reduce((sum, { happened }) => sum + Number(happened), 0) / forecasts.length;
  const brier =
    forecasts.reduce((sum, { probability, happened }) => sum + (probability - Number(happened)) ** 2, 0) / forecasts.length;
  return 1 - brier / (base * (1 - base));
}

/** How often something is among `chosen`, beside how often it is among `all`. */
export function lift<T>(chosen: readonly T[], all: readonly T[], is: (item: T) => boolean): number {
  return shareOf(chosen, is) / shareOf(all, is);
}

export function shareOf<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length / items.length;
}
