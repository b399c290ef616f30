/** Interleaved rounds: A B C, A B C, ... so that a slow minute of the machine slows every contender. */

export interface Contender<Sample> {
  readonly name: string;
  measure(): Promise<Sample>;
}

export type Rounds<Sample> = Readonly<Record<string, readonly Sample[]>>;

/** Samples of every contender, one a round, in the order of the rounds. The order within a round alternates. */
export async function interleave<Sample>(
  contenders: readonly Contender<Sample>[],
  rounds: number,
  onSample: (name: string, sample: Sample) => void,
): Promise<Rounds<Sample>> {
  const samples: Record<string, Sample[]> = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      const sample = await contender.measure();
      samples[contender.name]?.push(sample);
      onSample(contender.name, sample);
    }
  }
  return samples;
}
