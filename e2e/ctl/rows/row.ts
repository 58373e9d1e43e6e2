// One row of the differential test: commands that both binaries run, one after the other. A row has a namespace of its own
// for each binary and is prepared by `given`, which runs with kubectl in both. `FILES` stands for the directory of
// manifests, words are divided by spaces, quotes hold words together.

export interface Row {
  readonly given?: readonly string[];
  readonly run: readonly string[];
  /** Piped into every command of the row. */
  readonly stdin?: string;
}
