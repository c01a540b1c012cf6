import { updateFindings } from '../test/architecture/finding-table.ts';

// Writes the catalogue of findings into docs/doctor.md.
updateFindings();
