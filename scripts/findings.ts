import { updateFindings } from '../test/architecture/finding-table.ts';

// The catalogue of findings into docs/doctor.md.
updateFindings();
