/** Structured log lines, in the call shape of pino: fields first, then the message. */

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
