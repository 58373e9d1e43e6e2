// Structured logs to stderr: JSON lines when it is not a terminal, one readable line otherwise. One line per event.
import { pino, type DestinationStream } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

/** Drops everything; for tests and for callers that have nowhere to write. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};

/** Kubernetes' `--v`: 0 and 1 say what happened, 4 and more say why. */
export function createLogger(component: string, options: { verbosity: number; terminal: boolean }): Logger {
  const level = options.verbosity >= 4 ? 'debug' : 'info';
  const destination = options.terminal ? readableLines() : pino.destination({ dest: 2, sync: true });
  const root = pino(
    {
      level,
      base: { component },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return wrap(root);
}

interface Sink {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Sink;
}

function wrap(sink: Sink): Logger {
  return {
    debug: (message, fields = {}) => sink.debug(presentable(fields), message),
    info: (message, fields = {}) => sink.info(presentable(fields), message),
    warn: (message, fields = {}) => sink.warn(presentable(fields), message),
    error: (message, fields = {}) => sink.error(presentable(fields), message),
    with: (fields) => wrap(sink.child(presentable(fields))),
  };
}

/** Errors become their message, followed by those of their causes; JSON would show them as `{}`. */
function presentable(fields: LogFields): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? messageWithCauses(value) : value]),
  );
}

/** The error's message and those of its causes, each said once: many wrap an error in words that repeat its own. */
export function messageWithCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = messageWithCauses(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

function readableLines(): DestinationStream {
  return {
    write(line: string) {
      const { time, level, component, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      const clock = String(time).slice(11, 23);
      process.stderr.write(`${[clock, String(level).toUpperCase().padEnd(5), component, msg, ...rest].join(' ')}\n`);
    },
  };
}
