import type { Identity } from '../evidence/history-record.js';
import { namesOf } from '../evidence/person.js';
import type { PilotContext } from './context.js';

/** Whether all that is known of a person is on record as a driver's. */
export function isDriver({ drivers }: Pick<PilotContext, 'drivers'>, who: Identity): boolean {
  const names = namesOf(who);
  return drivers.some((driver) => {
    const known = namesOf(driver);
    return names.every((name) => known.includes(name));
  });
}

export function withDriver(drivers: PilotContext['drivers'], who: Identity): PilotContext['drivers'] {
  return isDriver({ drivers }, who) ? drivers : [...drivers, who];
}
