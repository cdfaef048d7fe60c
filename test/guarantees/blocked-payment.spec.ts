import { stopOwnPostgres } from '@nerveline/testing';
import { describeBlockedPayments } from './blocked-payment';
import { embeddedPlace } from './log-place';

afterAll(stopOwnPostgres);

describeBlockedPayments('', embeddedPlace);
