import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { ActorError, type ActorContext } from '../../src/actors/actor.js';
import type { Step, ToyActors } from './toy-machine.js';

export const GATHERING_LOG = '10_gathering.txt';
/** Begun by `building`, continued by `shipping`. */
export const BUILDING_LOG = '20_building.txt';

export interface LedgerLine {
  readonly step: string;
  readonly attempt: number;
  /** `began`; `wrote`: its line is in the log file; `refused`: it failed; `did`: its effect happened. */
  readonly what: 'began' | 'wrote' | 'refused' | 'did';
}

/** The world in which the toy's effects happen: a file past the engine, which no crash takes back. */
export class Ledger {
  constructor(readonly file: string) {}

  add({ step, attempt }: { readonly step: string; readonly attempt: number }, what: LedgerLine['what']): void {
    appendFileSync(this.file, `${step} ${attempt} ${what}\n`);
  }

  lines(what?: LedgerLine['what']): LedgerLine[] {
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    const lines = text.split('\n').filter((line) => line !== '');
    return lines
      .map((line) => {
        const [step = '', attempt, kind] = line.split(' ');
        return { step, attempt: Number(attempt), what: kind as LedgerLine['what'] };
      })
      .filter((line) => what === undefined || line.what === what);
  }
}

export interface ToyWorld {
  readonly ledger: Ledger;
  /** How often a step fails for a moment before it succeeds. */
  readonly refusals?: Readonly<Partial<Record<Step, number>>>;
  /** Called first thing in every effect. */
  readonly look?: (context: ActorContext) => Promise<void>;
}

/** Actors whose outputs do not depend on how often they were disturbed. */
export function toyActors({ ledger, refusals = {}, look }: ToyWorld): ToyActors {
  const begin = async (context: ActorContext, name: string, append: boolean) => {
    ledger.add(context, 'began');
    await look?.(context);
    const log = await context.openLog(name, { append });
    await log.write(logLine(context));
    ledger.add(context, 'wrote');
    const refused = ledger.lines('refused').filter(({ step }) => step === context.step).length;
    if (refused >= (refusals[context.step as Step] ?? 0)) return;
    ledger.add(context, 'refused');
    throw new ActorError('BUSY', `The gate to ${context.step} was shut. It is tried again.`, { transient: true });
  };
  return {
    gather: async (_, context) => {
      await begin(context, GATHERING_LOG, false);
      ledger.add(context, 'did');
      return { stones: 3 };
    },
    build: async (_, context) => {
      await begin(context, BUILDING_LOG, false);
      await context.report({ type: 'PLANNED', plan: 'two walls' });
      ledger.add(context, 'did');
      return { walls: 2 };
    },
    ship: async (_, context) => {
      await begin(context, BUILDING_LOG, true);
      ledger.add(context, 'did');
      return { shipped: true };
    },
  };
}

export function logLine({ step, attempt }: { readonly step: string; readonly attempt: number }): string {
  return `${step}, attempt ${attempt}\n`;
}
