import { MESSAGE_PAGES, updateMessages } from '../test/architecture/message-table.ts';

// Writes the sentences of the catalogues into the pages that quote them.
for (const page of MESSAGE_PAGES) updateMessages(page);
