import { stopOwnPostgres } from '@nerveline/testing';
import { describeRelayCrashes } from './cdc-crash';
import { embeddedPlace } from './log-place';

afterAll(stopOwnPostgres);

describeRelayCrashes(embeddedPlace);
