import { afterEach, beforeEach, describe } from '@jest/globals';
import type { Store } from '../../src/store/store.js';
import { describeDriving } from './conformance-driving.js';
import { describeStoreProperties } from './conformance-properties.js';
import { describeReading } from './conformance-reading.js';
import { describeTransitions } from './conformance-transitions.js';
import { describeWaiting } from './conformance-waiting.js';

/** One empty store, and as many connections to it as a test asks for. */
export interface StoreUnderTest {
  /** A new connection; closed by the test suite's `dispose`. */
  connect(): Promise<Store>;
  /** A file name that does not exist, for a backup. */
  readonly backupFile: string;
  /** Opens a backup for reading. */
  openBackup(): Promise<Store>;
  dispose(): Promise<void>;
}

/** The promises that every store keeps, whatever is behind it. */
export function describeStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let subject: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      subject = await create();
      store = await subject.connect();
    });
    afterEach(async () => {
      await subject.dispose();
    });

    const connected = () => store;
    const underTest = () => subject;
    describeTransitions(connected);
    describeDriving(connected, underTest);
    describeWaiting(connected, underTest);
    describeReading(connected, underTest);
    describeStoreProperties(connected);
  });
}
