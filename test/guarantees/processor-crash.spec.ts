import { embeddedPlace } from './log-place';
import { describeProcessorCrashes } from './processor-crash';

describeProcessorCrashes(embeddedPlace);
