import { stopOwnPostgres } from '@nerveline/testing';
import { describeCommandsOnce } from './commands-once';
import { embeddedPlace } from './log-place';

afterAll(stopOwnPostgres);

describeCommandsOnce('', embeddedPlace);
