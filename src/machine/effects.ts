import { fromPromise, type PromiseActorLogic } from 'xstate';
import { STEPS } from './steps.js';

/**
 * Placeholders: the machine names its effects, and whoever runs it provides them (`machine.provide`, or the engine, which reads
 * the names from the spawn actions). One that was not provided fails.
 */
export const effects: Record<string, PromiseActorLogic<unknown, unknown>> = Object.fromEntries(
  Object.values(STEPS).map(({ actor }) => [
    actor,
    fromPromise<unknown, unknown>(() => Promise.reject(new Error(`actor ${actor} was not provided`))),
  ]),
);
