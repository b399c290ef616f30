/** Reading what strangers send: schemas compiled into checks, texts, times, and faults in words. */
export { type Check, checkOf, FIELD_ERRORS_MAX, type FieldError } from "./check.ts";
export { idError, KEY_LENGTH_MAX, keyError, TEXT_LENGTH_MAX, textError, timeError, timeOf } from "./check-text.ts";
export { formatTime, parseTime } from "./iso-time.ts";
