import { MESSAGE_PAGES, updateMessages } from '../test/architecture/message-table.ts';

// Sentences into the documents that quote them.
for (const page of MESSAGE_PAGES) updateMessages(page);
